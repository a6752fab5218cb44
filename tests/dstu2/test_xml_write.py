"""FHIR JSON written as XML: order, attributes, escapes, and nothing that could break out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2.xml_format import from_json, parse
from fhirstore.errors import BadRequest

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
XHTML = "http://www.w3.org/1999/xhtml"


def write(members: str, resource_type: str = "Patient") -> str:
    return from_json(f'{{"resourceType":"{resource_type}"{members and ","}{members}}}'.encode()).decode()


def inside(members: str) -> str:
    start, end = f'{HEAD}<Patient xmlns="http://hl7.org/fhir">', "</Patient>"
    written = write(members)
    assert written.startswith(start)
    assert written.endswith(end)
    return written[len(start) : -len(end)]


@pytest.mark.parametrize(
    ("members", "xml"),
    [
        (
            '"gender":"male","active":true,"id":"a"',
            '<id value="a"/><active value="true"/><gender value="male"/>',
        ),
        ('"deceasedBoolean":false', '<deceasedBoolean value="false"/>'),
        ('"multipleBirthInteger":2', '<multipleBirthInteger value="2"/>'),
        (
            '"name":[{"given":["a","b"],"id":"n","family":["c"]}]',
            '<name id="n"><family value="c"/><given value="a"/><given value="b"/></name>',
        ),
        (
            '"name":[{"given":["a",null],"_given":[null,{"extension":[{"url":"u","valueCode":"x"}]}]}]',
            '<name><given value="a"/><given><extension url="u"><valueCode value="x"/></extension></given></name>',
        ),
        ('"name":[{"_given":[{"id":"g"}]}]', '<name><given id="g"/></name>'),
        (
            '"_birthDate":{"extension":[{"valueTime":"10:00:00","url":"u"}]},"birthDate":"1974"',
            '<birthDate value="1974"><extension url="u"><valueTime value="10:00:00"/></extension></birthDate>',
        ),
        (
            '"contained":[{"resourceType":"Basic","id":"b"}]',
            '<contained><Basic><id value="b"/></Basic></contained>',
        ),
        (
            '"active":true,"_active":{"fhir_comments":["a--b---","c-"]}',
            '<!--a- -b- - - --><!--c- --><active value="true"/>',
        ),
        (
            '"maritalStatus":{"text":"a\\nb\\r\\t<&>\\"\'\\u00e9"}',
            '<maritalStatus><text value="a&#10;b&#13;&#9;&lt;&amp;&gt;&quot;\'é"/></maritalStatus>',
        ),
        (
            '"maritalStatus":{"text":"a\\u0000\\u000b\\uffff"}',
            '<maritalStatus><text value="a\ufffd\ufffd\ufffd"/></maritalStatus>',
        ),
    ],
)
def test_properties_become_elements_in_the_order_of_the_standard(members: str, xml: str) -> None:
    assert inside(members) == xml


def test_comments_of_the_resource_stand_before_it() -> None:
    assert write('"fhir_comments":["one"]') == f'{HEAD}<!--one--><Patient xmlns="http://hl7.org/fhir"/>'


@pytest.mark.parametrize(
    "digits", ["1.00", "0.00000001", "1E+3", "1.50e-7", "123456789012345678901234567890.10", "-0.0"]
)
def test_numbers_keep_their_digits(digits: str) -> None:
    assert f'<valueDecimal value="{digits}"/>' in write(f'"extension":[{{"url":"u","valueDecimal":{digits}}}]')


@pytest.mark.parametrize(
    ("div", "xml"),
    [
        (f'<div xmlns="{XHTML}"><p>a</p>\r\n<br /></div>', None),
        ("<div>a</div>", f"<div xmlns='{XHTML}'>a</div>"),
        ('<div class="xmlns=">a</div>', f"<div xmlns='{XHTML}' class=\"xmlns=\">a</div>"),
        ("<div>a&nbsp;b<![CDATA[&nbsp;]]></div>", f"<div xmlns='{XHTML}'>a&#00160;b<![CDATA[&nbsp;]]></div>"),
        ("a < b", f'<div xmlns="{XHTML}">a &lt; b</div>'),
        (
            "<div>a</div></text><active/>",
            f'<div xmlns="{XHTML}">&lt;div&gt;a&lt;/div&gt;&lt;/text&gt;&lt;active/&gt;</div>',
        ),
        ("<div>&unknown;</div>", f'<div xmlns="{XHTML}">&lt;div&gt;&amp;unknown;&lt;/div&gt;</div>'),
        ("<x:div>a</x:div>", f'<div xmlns="{XHTML}">&lt;x:div&gt;a&lt;/x:div&gt;</div>'),
        ('<div xmlns="urn:x"/>', f'<div xmlns="{XHTML}">&lt;div xmlns=&quot;urn:x&quot;/&gt;</div>'),
        ("<divider/>", f'<div xmlns="{XHTML}">&lt;divider/&gt;</div>'),
        ("", f'<div xmlns="{XHTML}"></div>'),
        ("\x00", f'<div xmlns="{XHTML}">\ufffd</div>'),
    ],
)
def test_narrative_stands_as_it_is_or_as_text_where_it_is_not_well_formed(div: str, xml: str | None) -> None:
    assert inside(f'"text":{{"div":{json.dumps(div)}}}') == f"<text>{xml or div}</text>"


@pytest.mark.parametrize(
    "members",
    [
        '"maritalStatus":{"text":"x\\"/><active value=\\"true"}',
        '"active":"\\"/><gender value=\\"male"',
        '"fhir_comments":["--><active value=\\"true\\"/><!--"]',
        '"name":[{"id":"\\"><x/>"}]',
        '"text":{"div":"<div>a</div><!DOCTYPE x>"}',
        '"text":{"div":"<!DOCTYPE div [<!ENTITY a \\"b\\">]><div>&a;</div>"}',
        '"text":{"div":"<?xml version=\\"1.0\\"?><div>a</div>"}',
    ],
)
def test_no_value_breaks_out_of_its_place(members: str) -> None:
    document = parse(write(members).encode())
    assert document.keys() == json.loads(f'{{"resourceType":"Patient",{members}}}').keys()


def test_pretty_is_indented_and_leaves_narrative_alone() -> None:
    body = b'{"resourceType":"Patient","text":{"div":"<div>\\n a</div>"},"name":[{"text":"x"}]}'
    assert from_json(body, pretty=True).decode() == (
        f'{HEAD}\n<Patient xmlns="http://hl7.org/fhir">\n  <text>\n    '
        f"<div xmlns='{XHTML}'>\n a</div>\n  </text>\n"
        '  <name>\n    <text value="x"/>\n  </name>\n</Patient>\n'
    )


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("[]", ""),
        ("{}", ""),
        ('{"resourceType":"Car"}', ""),
        ('{"resourceType":"Patient","colour":1}', "Patient.colour"),
        ('{"resourceType":"Patient","_colour":{}}', "Patient._colour"),
        ('{"resourceType":"Patient","name":{"text":"x"}}', "Patient.name"),
        ('{"resourceType":"Patient","name":["x"]}', "Patient.name[0]"),
        ('{"resourceType":"Patient","active":[true]}', "Patient.active"),
        ('{"resourceType":"Patient","_active":"x"}', "Patient.active"),
        ('{"resourceType":"Patient","name":[{"given":"x"}]}', "Patient.name[0].given"),
        ('{"resourceType":"Patient","name":[{"given":["x",{}]}]}', "Patient.name[0].given[1]"),
        ('{"resourceType":"Patient","text":{"div":1}}', "Patient.text.div"),
        ('{"resourceType":"Patient","contained":[{"resourceType":"Basic","x":1}]}', "Patient.contained[0].x"),
        ('{"resourceType":"Patient","contained":[null]}', "Patient.contained[0]"),
        ('{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Car"}}]}', "Bundle.entry[0].resource"),
    ],
)
def test_what_has_no_place_in_xml_is_refused_with_its_path(document: str, path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        from_json(document.encode())
    assert [(issue.code, issue.path) for issue in caught.value.issues] == [("structure", path)]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"resourceType":"Patient"} x'])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        from_json(body)


def test_any_document_that_can_be_written_can_be_read_back() -> None:
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "entry": [{"resource": {"resourceType": "Parameters", "parameter": [{"name": "a", "valueInteger": 1}]}}],
    }
    assert parse(from_json(json.dumps(bundle).encode())) == bundle


@pytest.mark.parametrize("type", ["Goal", "Encounter"])
def test_a_code_may_have_an_id_and_extensions_like_every_element(type: str) -> None:
    extension = {"url": "urn:original", "valueCode": "progressing"}
    document = {"resourceType": type, "status": "in-progress", "_status": {"id": "s1", "extension": [extension]}}
    written = from_json(json.dumps(document).encode())
    assert b'<status value="in-progress" id="s1"><extension url="urn:original">' in written
    assert parse(written) == document


def test_extensions_beside_what_is_no_primitive_stand_within_it() -> None:
    extension = {"extension": [{"url": "urn:why", "valueCode": "unknown"}]}
    document = {"resourceType": "Observation", "_encounter": extension, "_performer": extension}
    assert parse(from_json(json.dumps(document).encode())) == {
        "resourceType": "Observation",
        "encounter": extension,
        "performer": [extension],
    }
