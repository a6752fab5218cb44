"""FHIR XML read as documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhirstore.dstu2 import json_format
from fhirstore.dstu2.xml_format import parse, to_json

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"


def patient(content: str, attributes: str = "") -> bytes:
    return f'<Patient xmlns="{FHIR}"{attributes}>{content}</Patient>'.encode()


@pytest.mark.parametrize(
    ("content", "members"),
    [
        ('<id value="a"/><active value="true"/>', {"id": "a", "active": True}),
        ('<active value=" false&#10;"/>', {"active": False}),
        ('<active value="yes"/>', {"active": "yes"}),
        ('<multipleBirthInteger value="3"/>', {"multipleBirthInteger": 3}),
        ('<multipleBirthInteger value="03"/>', {"multipleBirthInteger": "03"}),
        (
            '<name id="n"><family value="a"/><family value="b"/></name>',
            {"name": [{"id": "n", "family": ["a", "b"]}]},
        ),
        (
            '<name><given value="a"/><given id="g" value="b"/><given value="c"/></name>',
            {"name": [{"given": ["a", "b", "c"], "_given": [None, {"id": "g"}, None]}]},
        ),
        (
            '<name><given><extension url="u"><valueCode value="x"/></extension></given></name>',
            {"name": [{"_given": [{"extension": [{"url": "u", "valueCode": "x"}]}]}]},
        ),
        (
            '<birthDate value="1974"><extension url="u"><valueTime value="10:00:00"/></extension></birthDate>',
            {
                "birthDate": "1974",
                "_birthDate": {"extension": [{"url": "u", "valueTime": "10:00:00"}]},
            },
        ),
        (
            '<contained><Flag><id value="f"/></Flag></contained><contained><Basic><id value="b"/></Basic></contained>',
            {
                "contained": [
                    {"resourceType": "Flag", "id": "f"},
                    {"resourceType": "Basic", "id": "b"},
                ]
            },
        ),
        (
            "<!-- one --><!-- two --><name><!-- three --><text value='x'/></name>",
            {
                "name": [
                    {
                        "fhir_comments": [" one ", " two "],
                        "text": "x",
                        "_text": {"fhir_comments": [" three "]},
                    }
                ]
            },
        ),
        (
            '<maritalStatus><text value="a&#10;b &lt;&amp;&quot;&#9;"/></maritalStatus>',
            {"maritalStatus": {"text": 'a\nb <&"\t'}},
        ),
    ],
)
def test_elements_become_the_properties_of_json(content: str, members: dict[str, Any]) -> None:
    document = {"resourceType": "Patient", **members}
    assert parse(patient(content)) == document
    assert json_format.parse(to_json(patient(content))) == document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.00", Decimal("1.00")),
        ("0.00000001", Decimal("0.00000001")),
        ("-12345678901234567890.1234567890", Decimal("-12345678901234567890.1234567890")),
        ("1e3", Decimal("1e3")),
        ("1.50E-7", Decimal("1.50E-7")),
        ("100", 100),
        (" 7 ", 7),
        ("1,5", "1,5"),
        (".5", ".5"),
        ("NaN", "NaN"),
        ("1e9999", "1e9999"),
        ("9" * 900 + "e900", "9" * 900 + "e900"),
        ("9" * 1001, "9" * 1001),
    ],
)
def test_numbers_keep_their_digits_and_what_is_none_stays_text(text: str, value: Any) -> None:
    body = (f'<Basic xmlns="{FHIR}"><extension url="u"><valueDecimal value="{text}"/></extension></Basic>').encode()
    read = parse(body)["extension"][0]["valueDecimal"]
    assert (type(read), str(read)) == (type(value), str(value))
    written = f'"{text}"' if isinstance(value, str) else text.strip()
    assert f'"valueDecimal":{written}}}' in to_json(body).decode()


@pytest.mark.parametrize(
    ("div", "text"),
    [
        (f'<div xmlns="{XHTML}"><p>a</p>\r\n<br />&#160;</div>', None),
        (f'<div  xmlns = "{XHTML}" class="x"><p title="&gt; >">a</p></div >', None),
        (f"<div xmlns='{XHTML}'>as JSON without a namespace</div>", "<div>as JSON without a namespace</div>"),
        (f'<div xmlns="{XHTML}">a&#00160;b</div>', f'<div xmlns="{XHTML}">a&nbsp;b</div>'),
        (f'<x:div xmlns:x="{XHTML}"><x:p>a</x:p></x:div>', None),
        (f'<div xmlns="{XHTML}" title=">"/>', None),
        (f'<div xmlns="{XHTML}"><div><div/></div>b</div>', None),
    ],
)
def test_narrative_is_kept_to_the_letter(div: str, text: str | None) -> None:
    body = patient(f'<text><status value="generated"/>{div}</text><active value="true"/>')
    document = parse(body)
    expected = text or div
    if div.startswith("<x:div"):
        expected = f'<div xmlns="{XHTML}" xmlns:x="{XHTML}"><p>a</p></div>'
    assert document == {
        "resourceType": "Patient",
        "text": {"status": "generated", "div": expected},
        "active": True,
    }


def test_a_prefix_for_fhir_and_the_default_for_xhtml_are_as_good() -> None:
    body = (
        f'<f:Patient xmlns:f="{FHIR}" xmlns="{XHTML}"><f:text><f:status value="generated"/>'
        "<div><p>a</p></div></f:text></f:Patient>"
    )
    assert parse(body.encode()) == {
        "resourceType": "Patient",
        "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><p>a</p></div>'},
    }


@pytest.mark.parametrize(
    ("encode", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("latin-1", "ISO-8859-1"),
    ],
)
def test_the_usual_encodings_are_read(encode: str, declared: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = declaration + patient('<name><text value="é"/></name>').decode()
    assert parse(text.encode(encode))["name"][0]["text"] == "é"
