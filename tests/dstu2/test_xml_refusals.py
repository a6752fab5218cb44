"""FHIR XML that is none, or that is hostile: every fault is refused with its place, and in bounded time."""

from __future__ import annotations

import pytest

from fhirstore.dstu2 import json_format
from fhirstore.dstu2.xml_format import parse, to_json
from fhirstore.errors import BadRequest
from tests.dstu2.test_xml_read import FHIR, XHTML, patient


def faults(body: bytes) -> list[tuple[str | None, str]]:
    with pytest.raises(BadRequest) as caught:
        parse(body)
    assert {issue.code for issue in caught.value.issues} == {"structure"}
    return [(issue.path, issue.message) for issue in caught.value.issues]


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="UTF-7"?><Patient xmlns="http://hl7.org/fhir"/>',
        b'<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="http://hl7.org/fhir"/>',
        b'<?xml version="1.0" encoding="US-ASCII"?><Patient xmlns="http://hl7.org/fhir">\xe9</Patient>',
        b'<Patient xmlns="http://hl7.org/fhir"><id value="\xff"/></Patient>',
        b"\xff\xfe<\0P",
        b"\xff\xfe<",
        b"",
        b"\0",
        b"{}",
    ],
)
def test_bytes_that_are_not_text_of_xml_are_refused(body: bytes) -> None:
    assert len(faults(body)) == 1


@pytest.mark.parametrize(
    ("content", "path", "reason"),
    [
        ('<colour value="red"/>', "Patient.colour", "unknown element"),
        ("<name><x><y/></x><text value='a'/></name>", "Patient.name[0].x", "unknown element"),
        ('<active xmlns="urn:other" value="true"/>', "Patient.active", "in the wrong namespace"),
        ('<active value="true"/><active value="true"/>', "Patient.active", "may be given only once"),
        (
            "<maritalStatus><text value='a'/></maritalStatus><maritalStatus/>",
            "Patient.maritalStatus",
            "may be given only once",
        ),
        ('<name><text value="a"/></name><active value="true"/>', "Patient.active", "out of order"),
        ("<active/>", "Patient.active", "must have a value, an id or an extension"),
        (
            '<name><given value="a"/><given/></name>',
            "Patient.name[0].given[1]",
            "must have a value, an id or an extension",
        ),
        ("<name/>", "Patient.name[0]", "must not be empty"),
        ('<name value="a"><text value="a"/></name>', "Patient.name[0]", "the attribute value has no place here"),
        ('<active value="true" code="x"/>', "Patient.active", "the attribute code has no place here"),
        ("<name>Jansen</name>", "Patient.name[0]", "text has no place here: a value is an attribute"),
        (
            '<active value="true">yes</active>',
            "Patient.active",
            "text has no place here: a value is an attribute",
        ),
        ("<contained/>", "Patient.contained[0]", "must hold a resource"),
        ("<contained><Car/></contained>", "Patient.contained[0].Car", "must be a resource of DSTU2"),
        (
            "<contained><Basic><id value='a'/></Basic><Flag/></contained>",
            "Patient.contained[0].Flag",
            "a second resource in one place",
        ),
        (
            "<contained><Basic><colour/></Basic></contained>",
            "Patient.contained[0].colour",
            "unknown element",
        ),
        ('<text><div value="a"/></text>', "Patient.text.div", "in the wrong namespace"),
        (
            f'<text><div xmlns="{XHTML}" value="a"/></text>',
            "Patient.text.div",
            "narrative is content, not a value",
        ),
        (
            '<animal><species><text value="a"/></species><species/></animal>',
            "Patient.animal.species",
            "may be given only once",
        ),
    ],
)
def test_a_fault_is_refused_with_its_path_and_reason(content: str, path: str, reason: str) -> None:
    assert (path, reason) in faults(patient(content))


def test_every_fault_is_told_not_only_the_first() -> None:
    content = '<colour value="x"/><name x="1"><shade/></name><active value="true"/>text'
    assert [path for path, _ in faults(patient(content))] == [
        "Patient.colour",
        "Patient.name[0]",
        "Patient.name[0].shade",
        "Patient.active",
        "Patient",
    ]


def test_the_list_of_faults_is_bounded_and_quotes_no_content() -> None:
    told = faults(patient('<colour value="secret"/>' * 5000 + "<name>secret</name>"))
    assert len(told) == 101
    assert "secret" not in str(told)


@pytest.mark.parametrize(
    "body",
    [
        b'<Patient xmlns="urn:other"/>',
        b"<Patient/>",
        b'<Car xmlns="http://hl7.org/fhir"/>',
        b'<HumanName xmlns="http://hl7.org/fhir"/>',
        b'<DomainResource xmlns="http://hl7.org/fhir"/>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"/>',
        b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_a_root_that_is_no_resource_is_named_as_the_reason(body: bytes) -> None:
    [(_, reason)] = faults(body)
    assert reason.startswith("the root must be a resource of DSTU2 in the namespace http://hl7.org/fhir")


def test_schema_location_and_processing_instructions_are_passed_over() -> None:
    body = (
        f'<?xml-stylesheet href="x"?><Patient xmlns="{FHIR}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{FHIR} ../patient.xsd"><?php x ?><active value="true"/></Patient>'
    )
    assert parse(body.encode()) == {"resourceType": "Patient", "active": True}


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE Patient>" + patient('<active value="true"/>'),
        f"<!DOCTYPE Patient [{BOMB}]>".encode() + patient('<id value="&l9;"/>'),
        b'<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + patient('<id value="&x;"/>'),
        b'<!DOCTYPE Patient SYSTEM "http://127.0.0.1:1/x.dtd">' + patient('<active value="true"/>'),
        b'<!DOCTYPE Patient [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]>' + patient(""),
        f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE Patient [{BOMB}]><Patient/>'.encode("utf-16"),
    ],
    ids=["plain", "billion laughs", "file", "network", "parameter", "utf-16"],
)
def test_a_document_type_is_refused_before_it_is_read(body: bytes) -> None:
    assert [reason for _, reason in faults(body)] == ["a document type declaration is not allowed"]


@pytest.mark.parametrize(
    "body",
    [
        patient('<id value="&nbsp;"/>'),
        patient("<name>"),
        patient("")[:-3],
        patient("") + b"x",
        patient("") * 2,
        patient('<id value="a" value="b"/>'),
        patient("<x:name/>"),
        patient('<id value="&#0;"/>'),
        patient('<id value="&#xFFFF;"/>'),
    ],
)
def test_what_is_not_well_formed_is_refused_with_line_and_column(body: bytes) -> None:
    assert "not well-formed XML" in faults(body)[-1][1]
    assert "line 1, column" in faults(body)[-1][1]


@pytest.mark.parametrize(
    "hostile",
    [
        patient("<extension url='x'>" * 100_000),
        patient("<a>" * 100_000),
        b"<a>" * 100_000,
        patient("<contained><Patient>" * 100_000),
        patient(f'<text><div xmlns="{XHTML}">' + "<p>" * 100_000),
        patient("<name/>" * 100_000),
        patient("".join(f"<a{n}/>" for n in range(100_000))),
        patient("", "".join(f' a{n}=""' for n in range(20_000))),
        patient("<!---->" * 100_000 + "<x/>"),
        patient("<x/>", "".join(f' xmlns:a{n}="urn:{n}"' for n in range(20_000))),
    ],
    ids=lambda body: f"{len(body)}",
)
def test_hostile_bodies_end_in_a_bounded_refusal(hostile: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(hostile)
    assert len(caught.value.issues) <= 101


def nested(levels: int) -> bytes:
    inside = '<valueCode value="x"/>'
    for _ in range(levels):
        inside = f'<extension url="u">{inside}</extension>'
    return patient(inside)


def test_nesting_is_bounded_as_in_json() -> None:
    assert json_format.parse(to_json(nested(31))) == parse(nested(31))
    assert faults(nested(32))[-1][1] == "nested deeper than 64 levels"
