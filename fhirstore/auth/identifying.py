"""Names that would tell who a user is: an e-mail address, a telephone number, a person's full name.

Ids travel in addresses, logs and other people's databases; one that identifies a patient is a leak of its own.
"""

from __future__ import annotations

import re

_EMAIL = re.compile(r"\S@\S")
# With a plus, with the groups that North America writes, or as the bare ten or eleven digits of a national number.
# Other numbers are what databases and studies count by.
_TELEPHONE = (
    re.compile(r"\+[\s.\-()\d]{7,24}"),
    re.compile(r"(1[\s.\-]?)?(\(\d{3}\)\s?|\d{3}[\s.\-])\d{3}[\s.\-]?\d{4}"),
    re.compile(r"[2-9]\d{9}|1[2-9]\d{9}|0[1-9]\d{8,9}"),
)
_SEPARATORS = re.compile(r",\s*|[\s.]+")
_CAPITALIZED = re.compile(r"[_\-]")


def what_identifies(name: str) -> str | None:
    """What the name looks like, in words that follow "it looks like"; None where it tells nothing."""
    text = name.strip()
    if _EMAIL.search(text):
        return "an e-mail address"
    if any(pattern.fullmatch(text) for pattern in _TELEPHONE):
        return "a telephone number"
    if _is_full_name(text):
        return "a person's full name"
    return None


def _is_full_name(text: str) -> bool:
    """Two to five words of letters, apart by blanks, commas or dots; or by dashes, where each has a capital."""
    words = [word for word in _SEPARATORS.split(text) if word]
    if 2 <= len(words) <= 5 and all(map(_is_name, words)) and any(len(word) > 1 for word in words):
        return True
    parts = _CAPITALIZED.split(text)
    return 2 <= len(parts) <= 5 and all(part.isalpha() and part.istitle() and len(part) > 1 for part in parts)


def _is_name(word: str) -> bool:
    return word.replace("'", "").replace("\u2019", "").replace("-", "").isalpha()
