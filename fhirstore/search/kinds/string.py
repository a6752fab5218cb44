"""Strings: folded for case and accents, matched from their beginning; `:exact`, `:contains`; and phonetic ones.

http://hl7.org/fhir/DSTU2/search.html#string. A name or address is found by each of its parts.
"""

from __future__ import annotations

from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.entries import UNIT_SEPARATOR, Collector, Index, text_key
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
_PLAIN = frozenset({"string", "markdown", "code", "uri", "id"})


def texts(value: Any, type_: str) -> list[str]:
    """The searchable texts of a value."""
    if type_ not in _PARTS:
        return [value] if type(value) is str and value and type_ in _PLAIN else []
    found: list[str] = []
    if type(value) is dict:
        for name in _PARTS[type_]:
            held = value.get(name)
            if type(held) is list:
                found += [text for text in held if type(text) is str and text]
            elif type(held) is str and held:
                found.append(held)
    return found


def indexer(parameter: Parameter, type_: str) -> Index:
    name = parameter.key

    def index(value: Any, into: Collector) -> bool:
        found = texts(value, type_)
        into.keys += [text_key(name, text) for text in found]
        return bool(found)

    return index


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


def indexer_of_sounds(parameter: Parameter, type_: str) -> Index:
    """For phonetic parameters: what each word sounds like."""

    def index(value: Any, into: Collector) -> bool:
        sounds = dict.fromkeys([_sound(word) for text in texts(value, type_) for word in words(text)])
        into.keys += [f"{parameter.key}:{each}" for each in sounds]
        return bool(sounds)

    return index


def compile_sounds(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    heard = [_sound(word) for word in words(unescape(text))] or refuse(parameter, "needs a text")
    return all_of(tuple(HasKey((f"{parameter.key}:{each}",)) for each in heard))


def present_sounds(key: str) -> Filter:
    return any_of((HasPrefix(f"{key}:"), HasKey((f"{key}!",))))


def order_sounds(parameter: Parameter, descending: bool) -> ByKey:
    return ByKey(f"{parameter.key}:", descending)


def _sound(word: str) -> str:
    return sound(word) or word
