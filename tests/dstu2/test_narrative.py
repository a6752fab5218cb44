"""Narrative.div: what is allowed, what is refused and under which code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fhirstore.dstu2.narrative import check
from tests.dstu2.examples import MISSING, example_names, read_example

XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'


def codes(div: str) -> set[str]:
    return {issue.code for issue in check(div, "Patient.text.div")}


@pytest.mark.parametrize(
    "content",
    [
        "text",
        '<p class="a" style="color: red">text</p>',
        '<a name="x">here</a><a href="https://example.org/?a=1&amp;b=2">there</a><a href="#x">back</a>',
        '<img src="a.png" alt=""/>',
        '<img src="data:image/png;base64,AAAA" alt=""/>',
        "<table border='1'><tbody><tr><td colspan='2'>x</td></tr></tbody></table>",
        "H<sub>2</sub>O, m<sup>2</sup>",
        "fine&nbsp;&copy;&#169;&lt;&quot;",
        "&nbsp;",
        '<p xml:lang="nl">tekst</p>',
        "<!-- a remark -->text",
    ],
)
def test_allowed_content_has_no_issue_with_or_without_the_namespace(content: str) -> None:
    assert check(f"<div {XMLNS}>{content}</div>", "x") == []
    assert check(f"<div>{content}</div>", "x") == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "invariant"),
        (" \t\r\n", "invariant"),
        ("<img alt='no source'/>", "invariant"),
        ("<font>x</font>", "invariant"),
        ("<P>upper case is another element</P>", "invariant"),
        ("<p size='2'>x</p>", "invariant"),
        ("<script>alert(1)</script>", "structure"),
        ("<SCRIPT>alert(1)</SCRIPT>", "structure"),
        ("<form>x</form>", "structure"),
        ("<iframe src='x'>x</iframe>", "structure"),
        ("<object>x</object>", "structure"),
        ("<svg xmlns='http://www.w3.org/2000/svg'>x</svg>", "structure"),
        ("<p onclick='x()'>x</p>", "structure"),
        ("<img src='a' onerror='x()'/>", "structure"),
        ("<p xmlns:x='urn:x' x:href='a'>x</p>", "invariant"),
        ("<a href='javascript:alert(1)'>x</a>", "structure"),
        ("<a href=' &#9;jAvA&#10;script:alert(1)'>x</a>", "structure"),
        (f"<a href='{' ' * 5000}javascript:x'>x</a>", "structure"),
        ("<a href='data:text/html,x'>x</a>", "structure"),
        ("<img src='data:text/html,x'/>", "structure"),
        ("<p style='width: expression(alert(1))'>x</p>", "structure"),
        ("<p style='background: url(java/**/script:x)'>x</p>", "structure"),
        ("<!--><script>alert(1)</script>-->x", "structure"),
        ("<![CDATA[><script>alert(1)</script>]]>", "structure"),
        ("<?x ><script>alert(1)</script>?>x", "structure"),
        ("&unknown;", "structure"),
        ("<p>not closed", "structure"),
        ("a & b", "structure"),
        ("\x01", "structure"),
    ],
)
def test_forbidden_content_is_refused_with_its_code(content: str, code: str) -> None:
    assert codes(f"<div {XMLNS}>{content}</div>") == {code}


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "plain text",
        "<p>another root</p>",
        "<div>one</div><div>two</div>",
        "<divider>x</divider>",
        '<div xmlns="http://hl7.org/fhir">x</div>',
        " <div>space before</div>",
        '<?xml version="1.0"?><div>declaration</div>',
        '<!DOCTYPE div [<!ENTITY a "x">]><div>&a;</div>',
        "<div>" * 65 + "x" + "</div>" * 65,
    ],
)
def test_what_is_not_one_well_formed_div_is_refused(fragment: str) -> None:
    assert codes(fragment) == {"structure"}


def test_each_fault_is_told_once_with_the_path_and_without_the_content() -> None:
    issues = check("<div><font>secret</font><font/><p onclick='secret'>x</p></div>", "Patient.text.div")
    assert [issue.path for issue in issues] == ["Patient.text.div"] * 2
    assert not any("secret" in issue.message for issue in issues)


def test_a_document_type_inside_the_fragment_cannot_declare_entities() -> None:
    bomb = '<div><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>&b;</div>'
    assert codes(bomb) == {"structure"}


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 100_000,
        "<div>" + "<b>" * 100_000,
        "<div>" + "".join(f"<x{n}/>" for n in range(50_000)) + "x</div>",
        '<div><p style="' + "/*" * 500_000 + '">x</p></div>',
        "<div>" + "<![CDATA[" * 100_000,
        "<div>" + "<!--" * 100_000 + "&nbsp;" * 100_000,
        "<div " + " ".join(f'a{n}=""' for n in range(50_000)) + ">x</div>",
    ],
    ids=["divs", "depth", "unknown", "style", "cdata", "comments", "attributes"],
)
def test_hostile_fragments_end_in_a_bounded_list_of_issues(hostile: str) -> None:
    assert len(check(hostile, "x")) <= 21


def narratives(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(text := node.get("text"), dict) and "div" in text:
            yield text["div"]
        for value in node.values():
            yield from narratives(value)
    elif isinstance(node, list):
        for value in node:
            yield from narratives(value)


@pytest.mark.skipif(not example_names(), reason=MISSING)
def test_every_narrative_of_the_official_examples_passes() -> None:
    checked = 0
    for name in example_names():
        for div in narratives(json.loads(read_example(name))):
            assert check(div, name) == []
            checked += 1
    assert checked > 1000


@pytest.mark.parametrize(
    ("fragment", "legible"),
    [
        ("&lt;div>&lt;p>text&lt;/p>&lt;/div>", True),
        ("a > b, c & d", True),
        ("<DIV><P>one<BR>two</DIV>", True),
        ("<div><p class=\"a\" style='color: red'>not closed", True),
        ("<div><font color='red'>x<br></font></div>", True),
        ("<div><br><u>x</u>", True),
        ("<div><br><script>x()</script>", False),
        ("<div><br><xmp><p></xmp>", False),
        ("<div><br><p onclick='x()'>", False),
        ("<div><br><p/onclick=x()>", False),
        ("<div><br><p title=x onclick=x()>", False),
        ("<div><br><a href='&#106;avascript:x()'>", False),
        ("<div><br><p style='behavior:url(x)'>", False),
        ("<div><<b>script>x()</script>", False),
        ("<div><br><!-- <script> -->", False),
        ("<div><br><![CDATA[x]]>", False),
        ("<div><br><p title='a>b'", False),
        ("<div><br" + " " * 100_000, False),
        ("<div>" + "<br " * 50_000, False),
    ],
)
def test_text_and_plain_tags_are_legible_though_they_are_no_xhtml(fragment: str, legible: bool) -> None:
    (issue,) = check(fragment, "Patient.text.div")
    assert (issue.code, issue.legible) == ("structure", legible)
