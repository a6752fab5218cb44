"""Tokens: codes, identifiers, booleans and other exact values, with or without a system.

http://hl7.org/fhir/DSTU2/search.html#token. Matches are literal but not case sensitive; systems are compared as they
are. Values without a system property (code, boolean, string, id, ContactPoint …) have only their bare key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from fhirstore.dstu2.codings import REMEMBERED, PlainCoding, plain_coding
from fhirstore.search.context import Code, Context
from fhirstore.search.entries import Collector, Index, escape, text_key
from fhirstore.search.folding import fold
from fhirstore.search.matching import Side, TextContains
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import (
    NOTHING,
    ByKey,
    Filter,
    HasKey,
    HasPrefix,
    KeyScan,
    any_of,
)
from fhirstore.search.separators import split, unescape

MODIFIERS = frozenset({"not", "text", "in", "not-in", "above", "below"})

Pair = tuple[str | None, str]


def indexer(parameter: Parameter, type_: str) -> Index:
    key = parameter.key
    match type_:
        case "CodeableConcept":
            return _of_concepts(key)
        case "Coding":
            return lambda value, into: _index_coding(key, value, into) is not None
        case "Identifier":
            return _of_identifiers(key)
    return _of_others(key, type_, bare=parameter.plain)


def _of_concepts(key: str) -> Index:
    def index(value: Any, into: Collector) -> bool:
        if type(value) is not dict:
            return False
        codings, text = value.get("coding"), value.get("text")
        found, shown = False, ""
        if type(codings) is list:
            for each in codings:
                display = _index_coding(key, each, into)
                if display is not None:
                    found, shown = True, display
        if not text or type(text) is not str:
            return found
        # Most often the text says what the coding shows, and that is a key already.
        if text != shown:
            into.keys.append(text_key(key, text))
        return True

    return index


def _index_coding(key: str, value: Any, into: Collector) -> str | None:
    """The display of what was indexed, "" where it has none; None where there is nothing to search."""
    if type(value) is not dict:
        return None
    known = plain_coding(value)
    if known is None:
        display = value.get("display")
        shown = display if type(display) is str else ""
        made = _keys_of_coding(key, _pair(value, "code"), shown)
    else:
        shown = known[2] or ""
        made = _keys_of_known(key, known)
    into.keys += made
    return shown if made else None


def _keys_of_coding(key: str, pairs: Sequence[Pair], display: str) -> tuple[str, ...]:
    found = [made for system, code in pairs for made in (f"{key}:{code}", f"{key}={system}|{code}")]
    return (*found, text_key(key, display)) if display else tuple(found)


@lru_cache(maxsize=REMEMBERED)
def _keys_of_known(key: str, coding: PlainCoding) -> tuple[str, ...]:
    system, code, display = coding
    return _keys_of_coding(key, _pair({"system": system, "code": code}, "code"), display or "")


def _of_identifiers(key: str) -> Index:
    """By their values, and by the text of their types."""

    def index(value: Any, into: Collector) -> bool:
        pairs = _pair(value, "value")
        for system, code in pairs:
            into.keys += (f"{key}:{code}", f"{key}={system}|{code}")
        kind = value.get("type") if type(value) is dict else None
        text = kind.get("text") if type(kind) is dict else None
        if not text or type(text) is not str:
            return bool(pairs)
        into.keys.append(text_key(key, text))
        return True

    return index


def _of_others(key: str, type_: str, *, bare: bool) -> Index:
    """Values without a system; they have the key of a token without one only beside values that may have one."""
    marks = (f"{key}:",) if bare else (f"{key}:", f"{key}=|")

    def index(value: Any, into: Collector) -> bool:
        for _, code in _pairs(value, type_):
            for mark in marks:
                into.keys.append(mark + code)
            return True
        return False

    return index


def _pairs(value: Any, type_: str) -> Sequence[Pair]:
    """System and code of a value, as they stand in keys; the system is "" where a Coding or Identifier has none, and
    None where a value of the type never has one."""
    match type_:
        case "Coding":
            return _pair(value, "code")
        case "Identifier":
            return _pair(value, "value")
        case "ContactPoint":
            return [(None, code) for _, code in _pair(value, "value")]
        case "dateTime":
            # An event's date says that it happened: Patient?deceased=true.
            return ((None, "true"),) if type(value) is str else ()
    return ((None, code),) if (code := plain(value)) else ()


def _pair(value: Any, name: str) -> Sequence[Pair]:
    if type(value) is not dict:
        return ()
    code, system = plain(value.get(name)), value.get("system")
    return ((escape(system) if type(system) is str else "", code),) if code else ()


def plain(value: Any) -> str:
    """A primitive as it stands in keys, "" for what is none."""
    if type(value) is str:
        return escape(value.casefold())
    if type(value) is bool:
        return "true" if value else "false"
    return str(value) if type(value) is int else ""


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    """One search value's filter. `:not` and `:not-in` are turned around by the caller, over all values at once."""
    match modifier:
        case "text":
            folded = fold(unescape(text)) or refuse(parameter, "needs a text")
            return HasPrefix(f"{parameter.key}~{folded}")
        case "in" | "not-in":
            return _among(parameter, _value_set(parameter, unescape(text), context))
        case "above" | "below":
            return _among(parameter, _hierarchy(parameter, modifier, text, context))
        case _:
            return _literal(parameter, text)


def key_of(key: str, system: str, code: str) -> str:
    """The key that a Coding has, of a system and a code."""
    return f"{key}={escape(system)}|{plain(code)}"


def contains(parameter: Parameter, text: str) -> Filter:
    """The bare code holds a text; for `_filter`."""
    prefix = f"{parameter.key}:"
    return KeyScan(prefix, TextContains(prefix, escape(text.casefold())))


def present(key: str) -> Filter:
    return any_of((HasPrefix(f"{key}:"), HasPrefix(f"{key}~"), HasKey((f"{key}!",))))


def order(parameter: Parameter, descending: bool) -> ByKey:
    return ByKey(f"{parameter.key}:", descending)


def asked(parameter: Parameter, text: str) -> tuple[str | None, str]:
    """System (None: any, "": none) and code of a search value, as they stand in keys."""
    parts = split(text, "|")
    if len(parts) > 2 or not any(parts):
        refuse(parameter, "needs a value of the form [code], [system]|[code], |[code] or [system]|")
    code = escape(unescape(parts[-1]).casefold())
    return (escape(unescape(parts[0])), code) if len(parts) == 2 else (None, code)


def _literal(parameter: Parameter, text: str) -> Filter:
    system, code = asked(parameter, text)
    if parameter.plain:
        return _bare(parameter, system, code)
    if not code:
        return HasPrefix(f"{parameter.key}={system}|")
    return HasKey((f"{parameter.key}:{code}" if system is None else f"{parameter.key}={system}|{code}",))


def _bare(parameter: Parameter, system: str | None, code: str) -> Filter:
    """Values without a system property: a system is only looked at where the element's binding implies one."""
    if system and parameter.coded and parameter.systems and system not in parameter.systems:
        return NOTHING
    return HasKey((f"{parameter.key}:{code}",)) if code else HasPrefix(f"{parameter.key}:")


def side(parameter: Parameter, text: str) -> Side | None:
    """What a token asks of its half of a composite's key, "system|code"; None where nothing can match."""
    system, code = asked(parameter, text)
    if parameter.plain:
        if _bare(parameter, system, code) == NOTHING:
            return None
        return Side((f"|{code}",)) if code else Side()
    if not code:
        return Side(begins=f"{system}|")
    return Side(ends=f"|{code}") if system is None else Side((f"{system}|{code}",))


def halves(value: Any, type_: str) -> list[str]:
    """A value as it stands in a composite's key."""
    if type_ != "CodeableConcept":
        return [f"{system or ''}|{code}" for system, code in _pairs(value, type_)]
    codings = value.get("coding") if type(value) is dict else None
    found: list[str] = []
    for each in codings if type(codings) is list else ():
        if type(each) is dict:
            known = plain_coding(each)
            found += _halves_of_known(known) if known else [f"{system}|{code}" for system, code in _pair(each, "code")]
    return found


@lru_cache(maxsize=REMEMBERED)
def _halves_of_known(coding: PlainCoding) -> tuple[str, ...]:
    return tuple(f"{system}|{code}" for system, code in _pair({"system": coding[0], "code": coding[1]}, "code"))


def _value_set(parameter: Parameter, url: str, context: Context) -> Iterable[Code]:
    url = url.removeprefix(f"{context.base}/") if context.base else url
    codes = context.value_sets.codes(url) if context.value_sets else None
    if codes is None:
        refuse(parameter, "asks for a value set that is not known here")
    return codes


def _hierarchy(parameter: Parameter, modifier: str, text: str, context: Context) -> Iterable[Code]:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 2 or not all(parts):
        refuse(parameter, f"needs a value of the form [system]|[code] with ':{modifier}'")
    known = context.value_sets
    codes = None if known is None else known.below(*parts) if modifier == "below" else known.above(*parts)
    if codes is None:
        refuse(parameter, "asks for the hierarchy of a code system that is not known here")
    return codes


def _among(parameter: Parameter, codes: Iterable[Code]) -> Filter:
    if parameter.plain:
        found = (
            code
            for system, code in codes
            if not parameter.coded or not parameter.systems or system in parameter.systems
        )
        return HasKey(tuple(f"{parameter.key}:{escape(code.casefold())}" for code in found))
    return HasKey(tuple(f"{parameter.key}={escape(system)}|{escape(code.casefold())}" for system, code in codes))
