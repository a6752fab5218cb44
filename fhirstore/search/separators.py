"""Split search values at `,` `|` `$` where these are not escaped by a backslash.

http://hl7.org/fhir/DSTU2/search.html#escaping
"""

from __future__ import annotations


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    """The parts between separators, still escaped. `limit` is the greatest number of cuts."""
    if separator not in text:
        return [text]
    if "\\" not in text:
        return text.split(separator, limit)
    parts: list[str] = []
    start = place = 0
    while place < len(text) and len(parts) != limit:
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == separator:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    parts.append(text[start:])
    return parts


def unescape(text: str) -> str:
    """A value without its escapes; a backslash before any other character stands for itself."""
    if "\\" not in text:
        return text
    plain: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == "\\" and text[place + 1 : place + 2] in {",", "|", "$", "\\"} and place + 1 < len(text):
            place += 1
        plain.append(text[place])
        place += 1
    return "".join(plain)
