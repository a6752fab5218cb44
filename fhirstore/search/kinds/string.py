"""Strings: folded for case and accents, matched from their beginning; `:exact`, `:contains`; and phonetic ones.

http://hl7.org/fhir/DSTU2/search.html#string. A name or address is found by each of its parts.
"""

from __future__ import annotations

from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.entries import UNIT_SEPARATOR, Collector, text_key
from fhirstore.search.folding import FOLDED_LIMIT, fold, sound, words
from fhirstore.search.matching import Side, TextContains, TextIs
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import ByKey, Filter, HasKey, HasPrefix, KeyScan, all_of, any_of
from fhirstore.search.separators import unescape

MODIFIERS = frozenset({"exact", "contains"})

_PARTS = {
    "HumanName": ("text", "family", "given", "prefix", "suffix"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}


def texts(value: Any, type_: str) -> list[str]:
    """The searchable texts of a value."""
    if type_ in _PARTS:
        if not isinstance(value, dict):
            return []
        found = [value.get(name) for name in _PARTS[type_]]
        flat = [text for each in found for text in (each if isinstance(each, list) else (each,))]
    else:
        flat = [value] if type_ in {"string", "markdown", "code", "uri", "id"} else []
    return [text for text in flat if isinstance(text, str) and text]


def index(parameter: Parameter, value: Any, type_: str, into: Collector) -> bool:
    found = False
    for text in texts(value, type_):
        found = True
        into.keys[text_key(parameter.key, text)] = None
    return found


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    value = unescape(text)
    if modifier == "exact":
        return HasKey((text_key(parameter.key, value),)) if value else refuse(parameter, "needs a value")
    folded = _folded(parameter, value)
    prefix = f"{parameter.key}~"
    return KeyScan(prefix, TextContains(prefix, folded)) if modifier == "contains" else HasPrefix(prefix + folded)


def whole(parameter: Parameter, text: str) -> Filter:
    """The folded text is this, from beginning to end; for `_filter`."""
    return HasPrefix(f"{parameter.key}~{_folded(parameter, text)}{UNIT_SEPARATOR}")


def ending(parameter: Parameter, text: str) -> Filter:
    """The folded text ends so; for `_filter`."""
    prefix = f"{parameter.key}~"
    return KeyScan(prefix, TextIs(prefix, _folded(parameter, text), "end"))


def present(key: str) -> Filter:
    return any_of((HasPrefix(f"{key}~"), HasKey((f"{key}!",))))


def order(parameter: Parameter, descending: bool) -> ByKey:
    return ByKey(f"{parameter.key}~", descending)


def side(parameter: Parameter, text: str) -> Side:
    """What a string asks of its half of a composite's key."""
    return Side(begins=_folded(parameter, unescape(text)))


def halves(value: Any, type_: str) -> list[str]:
    return [fold(text)[:FOLDED_LIMIT] for text in texts(value, type_)]


def _folded(parameter: Parameter, text: str) -> str:
    folded = fold(text)
    if not folded or len(folded) > FOLDED_LIMIT:
        refuse(parameter, f"needs a text of 1 to {FOLDED_LIMIT} characters")
    return folded


def index_sounds(parameter: Parameter, value: Any, type_: str, into: Collector) -> bool:
    """The entries of a phonetic parameter: what each word sounds like."""
    sounds = {_sound(word) for text in texts(value, type_) for word in words(text)}
    for each in sounds:
        into.key(f"{parameter.key}:{each}")
    return bool(sounds)


def compile_sounds(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    heard = [_sound(word) for word in words(unescape(text))] or refuse(parameter, "needs a text")
    return all_of(tuple(HasKey((f"{parameter.key}:{each}",)) for each in heard))


def present_sounds(key: str) -> Filter:
    return any_of((HasPrefix(f"{key}:"), HasKey((f"{key}!",))))


def order_sounds(parameter: Parameter, descending: bool) -> ByKey:
    return ByKey(f"{parameter.key}:", descending)


def _sound(word: str) -> str:
    return sound(word) or word
