"""The text of a narrative between JSON, where it is a string, and XML, where it is content: to the letter.

http://hl7.org/fhir/DSTU2/json.html#xhtml. Two things that XML demands and published JSON leaves out (the
namespace, numbers for named characters) are put in with a spelling that nobody else uses, so that the way
back finds them and takes them out again.
"""

from __future__ import annotations

import re
from html import escape
from html.entities import codepoint2name, name2codepoint
from xml.parsers import expat

from fhirstore.dstu2.xml_parser import NotAllowedError, new_parser

XHTML = "http://www.w3.org/1999/xhtml"
_START = f'<div xmlns="{XHTML}">'
# The mark is in the quotes: a div whose JSON names no namespace.
_IMPLIED = f"<div xmlns='{XHTML}'"
_START_TAG = re.compile(r"""<(?:([^\s:/>]+):)?[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_NAMES_A_NAMESPACE = re.compile(r"\sxmlns\s*=")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
# CDATA sections and comments come first: a name inside them is text, not a reference.
_NAMED_ENTITY = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&([A-Za-z][A-Za-z0-9]{1,9});", re.DOTALL)

_NUMBERED = re.compile("&#00([1-9][0-9]{1,4});", re.ASCII)


def to_xml(div: str) -> str:
    """A div as it stands in a document of XML; what is no well-formed div becomes its text, escaped."""
    xhtml = without_named_entities(div)
    start = _START_TAG.match(xhtml)
    if start is not None and xhtml.startswith("<div") and not _NAMES_A_NAMESPACE.search(start.group()):
        xhtml = _IMPLIED + xhtml[4:]
    if _is_div(xhtml):
        return xhtml
    return _START + escape(_NOT_XML.sub("\ufffd", div)) + "</div>"


def _is_div(xhtml: str) -> bool:
    """Whether a text is one well-formed div of XHTML and nothing before it."""
    roots: list[str] = []

    def take_root(name: str, _: object) -> None:
        roots.append(name)
        parser.StartElementHandler = None

    parser = new_parser()
    parser.StartElementHandler = take_root
    try:
        parser.Parse(xhtml.encode(), True)
    except (expat.ExpatError, NotAllowedError):
        return False
    return xhtml.startswith("<div") and roots == [f"{XHTML} div"]


def from_xml(text: str) -> str:
    """A div cut out of a well-formed document, made to stand alone: no prefix, its namespace named.

    What follows a div of just one tag is ignored.
    """
    tag = _START_TAG.match(text)
    assert tag is not None, "a parser has accepted the start tag"
    text = tag.group() if tag.group().endswith("/>") else text
    if prefix := tag.group(1):
        # "<" stands in well-formed text only where a tag, comment or CDATA section begins.
        text = re.sub(f"(</?){re.escape(prefix)}:", r"\1", text)
    if text.startswith(_IMPLIED):
        text = "<div" + text.removeprefix(_IMPLIED)
    elif not _NAMES_A_NAMESPACE.search(tag.group()):
        text = _START.removesuffix(">") + text.removeprefix("<div")
    return _NUMBERED.sub(_named, text) if "&#00" in text else text


def without_named_entities(xhtml: str) -> str:
    """XHTML with HTML's names for characters (`&nbsp;`) as numbers (`&#00160;`).

    The names are declared in XHTML's document type, which a fragment does not have. Two leading zeros let
    `from_xml` give back the very names. A name HTML 4 does not know is left, and is not well-formed.
    """
    return _NAMED_ENTITY.sub(_numbered, xhtml) if "&" in xhtml else xhtml


def _numbered(match: re.Match[str]) -> str:
    name = match.group(1)
    if name is None or name in _XML_NAMES or name not in name2codepoint:
        return match.group()
    return f"&#00{name2codepoint[name]};"


def _named(match: re.Match[str]) -> str:
    name = codepoint2name.get(int(match.group(1)))
    return match.group() if name is None else f"&{name};"
