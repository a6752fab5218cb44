"""Text as strings are compared: without case, accents and surplus spaces; and the words and sounds in it.

http://hl7.org/fhir/DSTU2/search.html#string
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FOLDED_LIMIT = 4000
"""Characters of one string that can be searched; what stands behind them is only seen by `_content`'s words."""

_ASCII = bytes(ord(chr(byte).lower()) if byte < 128 and chr(byte).isalnum() else ord(" ") for byte in range(256))
"""Letters in lower case, digits, and a space for everything else."""

_NAME = 40
_WORD = re.compile(r"[^\W_]+")
_SOUNDS = {
    letter: code
    for code, letters in enumerate(("aeiouyhw", "bfpv", "cgjkqsxz", "dt", "l", "mn", "r"))
    for letter in letters
}


def fold(text: str) -> str:
    """Lower case, no accents, single spaces; control characters count as spaces."""
    if text.isascii():
        folded = text.lower()
        if folded.isprintable() and "  " not in folded:
            return folded.strip()
    else:
        apart = unicodedata.normalize("NFKD", text).casefold()
        apart = unicodedata.normalize("NFKD", apart)
        folded = "".join([each for each in apart if each < "\x80" or not unicodedata.combining(each)])
    if not folded.isprintable():
        folded = "".join(character if character.isprintable() else " " for character in folded)
    return " ".join(folded.split())


def words(text: str) -> list[str]:
    """The folded runs of letters and digits in a text; those without accents first."""
    if text.isascii():
        return text.encode().translate(_ASCII).decode().split()
    pieces = text.split()
    folded = fold(" ".join([each for each in pieces if not each.isascii()]))
    return words(" ".join([each for each in pieces if each.isascii()])) + _WORD.findall(folded)


def sound(word: str) -> str:
    """The American Soundex code of a folded word, for phonetic parameters; letters outside a-z are silent."""
    return _sound(word) if len(word) <= _NAME else _sound.__wrapped__(word)


@lru_cache(maxsize=4096)
def _sound(word: str) -> str:
    letters = [letter for letter in word if letter in _SOUNDS]
    if not letters:
        return ""
    code, last = letters[0].upper(), _SOUNDS[letters[0]]
    for letter in letters[1:]:
        digit = _SOUNDS[letter]
        if digit and digit != last:
            code += str(digit)
        if letter not in "hw":
            last = digit
    return (code + "000")[:4]
