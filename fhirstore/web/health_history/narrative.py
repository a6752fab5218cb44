"""The text that a source wrote for people, made safe: http://hl7.org/fhir/DSTU2/narrative.html.

The gate lets no active content in. Here it is taken out once more, with all that would load, lead elsewhere or look
like a part of our pages.
"""

from __future__ import annotations

from html import unescape

import nh3
from markupsafe import Markup

from fhirstore.web.health_history.reading import Document

_TAGS = {
    "abbr", "address", "b", "big", "blockquote", "br", "caption", "cite", "code", "dd", "dfn", "div", "dl", "dt", "em",
    "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {"*": {"lang", "dir", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
_TEXT_LIMIT = 200_000


def narrative_of(document: Document) -> Markup | None:
    """Safe HTML, or None where there is no text to be seen."""
    text = document.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    if not isinstance(div, str):
        return None
    if "<" not in div:  # some systems escape their own markup once more
        div = unescape(div[:_TEXT_LIMIT])
    clean = nh3.clean(div[:_TEXT_LIMIT], tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None)
    return Markup(clean) if nh3.clean(clean, tags=set()).strip() else None  # noqa: S704 - what nh3 leaves is safe
