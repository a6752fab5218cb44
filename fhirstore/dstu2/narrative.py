"""The rules of Narrative.div: a safe fragment of XHTML with something in it.

http://hl7.org/fhir/DSTU2/narrative.html, invariants txt-1, txt-2 and txt-3.
"""

from __future__ import annotations

import re
from html import unescape
from xml.parsers import expat

from fhirstore.dstu2.xhtml import XHTML, without_named_entities
from fhirstore.dstu2.xml_parser import MAX_DEPTH, NotAllowedError, explain, new_parser
from fhirstore.errors import Issue

# The list of txt-1, and five elements of HTML 4.0 chapters 7 to 9 that its prose allows, its XPath forgets.
_ELEMENTS = """
    a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6
    hr i img li ol p pre q samp small span strong table tbody td tfoot th thead tr tt ul var
    address bdo kbd sub sup
"""
_ATTRIBUTES = """
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff
    charset cite class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc
    name nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type valign
    value vspace width
"""
# Elements that load, run or submit something are never let through as a lesser fault.
_ACTIVE_ELEMENTS = """
    applet audio base body button embed form frame frameset head html iframe input link math meta noscript
    object script select style svg textarea video
"""
ELEMENTS = frozenset(_ELEMENTS.split())
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
ACTIVE_ELEMENTS = frozenset(_ACTIVE_ELEMENTS.split())
_XML = "http://www.w3.org/XML/1998/namespace"
_LANGUAGE_AND_SPACE = frozenset({f"{_XML} lang", f"{_XML} space"})
_LINKS = frozenset({"href", "src", "cite", "longdesc"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_ACTIVE_SCHEMES = frozenset({"javascript:", "vbscript:", "data:"})
_ACTIVE_STYLE = re.compile(r"expression\(|javascript:|vbscript:|@import|behavior:|-moz-binding|url\(['\"]?data:")
_STYLE_NOISE = re.compile(r"/\*.*?(?:\*/|\Z)|[\x00-\x20\\]", re.DOTALL)
_LINK_NOISE = re.compile(r"[\x00-\x20]")
_ATTRIBUTE = re.compile(r"""\s([A-Za-z:-]{1,40})=(?:"([^"<>]*)"|'([^'<>]*)')""")
_TAG = re.compile(r"""</?([A-Za-z0-9]{1,16})((?:\s+[A-Za-z:-]{1,40}=(?:"[^"<>]*"|'[^'<>]*'))*)\s*/?>""")
_DATED_ELEMENTS = frozenset({"center", "font", "s", "strike", "u"})
_MAX_ISSUES = 20
_WHITESPACE = " \t\r\n"


def check(div: str, path: str) -> list[Issue]:
    """What the text of a Narrative.div breaks, each fault once; empty when it is right.

    Code "structure": not a well-formed <div> of XHTML (its namespace may be left out, as in the published
    JSON examples), nested deeper than 64, or with active content. Code "invariant": an element or attribute
    outside the allowed lists (txt-1, txt-3), or no content (txt-2). `path` is the FHIR path of the div. What is no
    XHTML, yet only text and the allowed elements, as HTML writes them, is legible.
    """
    # A fragment starts with its element: a declaration or a comment before it is a document's.
    if not div.startswith("<div"):
        reason = "must be a fragment of XHTML that starts with <div"
        return [Issue("error", "structure", reason, path, legible=_is_harmless(div))]
    reader = _Reader(path)
    try:
        reader.parser().Parse(without_named_entities(div).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return [Issue("error", "structure", explain(error), path, legible=_is_harmless(div))]
    except NotAllowedError as refusal:
        reader.issues[""] = Issue("error", "structure", str(refusal), path)
    else:
        if not reader.has_content:
            reader.report("invariant", "txt-2: must have text or an image")
    return list(reader.issues.values())


def _is_harmless(text: str) -> bool:
    """Whether each "<" begins a tag that all readers of HTML take for the same, of an element that only shows text."""
    reader = _Reader("")
    for tag in _TAG.finditer(text):
        if tag[1].lower() not in ELEMENTS | _DATED_ELEMENTS:
            return False
        for name, *value in _ATTRIBUTE.findall(tag[2]):
            reader.check_attribute(name.lower(), unescape("".join(value)))
    return "<" not in _TAG.sub("", text) and all(issue.code != "structure" for issue in reader.issues.values())


class _Reader:
    """Gathers faults from the parser's events; one object per fragment."""

    __slots__ = ("depth", "has_content", "issues", "namespace", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.issues: dict[str, Issue] = {}
        self.depth = 0
        self.namespace = ""
        self.has_content = False

    def parser(self) -> expat.XMLParserType:
        parser = new_parser()
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.CommentHandler = self.comment
        parser.ProcessingInstructionHandler = parser.StartCdataSectionHandler = self.refuse_markup
        return parser

    def report(self, code: str, message: str) -> None:
        self.issues.setdefault(message, Issue("error", code, message, self.path))
        if len(self.issues) >= _MAX_ISSUES:
            raise NotAllowedError("further faults are not listed")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotAllowedError(f"nested deeper than {MAX_DEPTH} elements")
        namespace, _, local = name.rpartition(" ")
        if self.depth == 1:
            self.namespace = namespace
            if local != "div" or namespace not in {"", XHTML}:
                raise NotAllowedError(f'the root must be <div xmlns="{XHTML}">')
        if namespace != self.namespace or local not in ELEMENTS:
            self.refuse_element(local)
        for attribute, value in attributes.items():
            self.check_attribute(attribute, value)
        if local == "img" and "src" in attributes:
            self.has_content = True

    def end(self, _: str) -> None:
        self.depth -= 1

    def text(self, data: str) -> None:
        if not self.has_content and data.strip(_WHITESPACE):
            self.has_content = True

    def comment(self, data: str) -> None:
        # HTML ends such a comment where XML does not, and would run what follows.
        if data.startswith((">", "->")) or "--!>" in data:
            self.report("structure", "a comment that HTML reads otherwise than XML is not allowed")

    def refuse_markup(self, *_: object) -> None:
        self.report("structure", "a CDATA section or processing instruction is not allowed")

    def refuse_element(self, local: str) -> None:
        if local.lower() in ACTIVE_ELEMENTS:
            self.report("structure", f"the element {local} is active content and not allowed")
        else:
            self.report("invariant", f"txt-1: the element {local[:40]} is not allowed")

    def check_attribute(self, name: str, value: str) -> None:
        if name not in ATTRIBUTES:
            self.refuse_attribute(name)
        elif name in _LINKS:
            link = _LINK_NOISE.sub("", value).lower()
            scheme = _SCHEME.match(link)
            if scheme and scheme.group() in _ACTIVE_SCHEMES and not (name == "src" and link.startswith("data:image/")):
                self.report("structure", f"a link of the scheme {scheme.group()} is active content and not allowed")
        elif name == "style" and _ACTIVE_STYLE.search(_STYLE_NOISE.sub("", value).lower()):
            self.report("structure", "a style with active content is not allowed")

    def refuse_attribute(self, name: str) -> None:
        if name.lower().startswith("on"):
            self.report("structure", f"the event handler {name[:40]} is active content and not allowed")
        elif name not in _LANGUAGE_AND_SPACE:
            self.report("invariant", f"txt-3: the attribute {name.rpartition(' ')[2][:40]} is not allowed")
