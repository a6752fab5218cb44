"""References: to resources here, by id, type and id or full address, and to any other address as it is written.

http://hl7.org/fhir/DSTU2/search.html#reference. A reference to this server's own address counts as a relative one; a
versioned one is found with its version and without.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fhirstore.dstu2 import catalog
from fhirstore.search.context import Context
from fhirstore.search.entries import Collector, Index, escape
from fhirstore.search.matching import Side
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import ByKey, Filter, HasKey, HasPrefix, any_of
from fhirstore.search.separators import unescape

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_LOCAL = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII)
_LENGTH_LIMIT = 2048


def indexer(parameter: Parameter, type_: str, compartments: Collection[str] = ()) -> Index:
    """Also makes the entries of the compartments that a reference here puts its resource in."""
    prefix, targets = f"{parameter.key}=", frozenset(parameter.targets)

    def index(value: Any, into: Collector) -> bool:
        text = address(value, type_)
        if text is None:
            return False
        found = _read(text, into.base)
        for form, kind in found.forms:
            named = kind or (into.contained.get(text[1:]) if text[0] == "#" else None)
            if named is None or not targets or named in targets:
                into.keys.append(prefix + form)
        if found.type in compartments and (not targets or found.type in targets):
            into.keys.append(found.compartment)
        return True

    return index


class _Address(NamedTuple):
    """What an address says: the forms by which it is found, as they stand in keys, each with the type that it names;
    and of a resource here its type and the key of what is in its compartment."""

    forms: tuple[tuple[str, str | None], ...]
    type: str | None
    compartment: str


def _read(text: str, base: str) -> _Address:
    found = forms(text, base)
    target = local(found[0])
    named = tuple((escape(form), target[0] if target else _named_type(form)) for form in found)
    return _Address(named, target and target[0], f"compartment={'/'.join(target)}" if target else "")


def address(value: Any, type_: str) -> str | None:
    """The address that a value holds; a resource in place is its own."""
    if type_ == "Reference":
        value = value.get("reference") if type(value) is dict else None
    elif type_ == "Resource" and isinstance(value, dict):
        kind, id_ = value.get("resourceType"), value.get("id")
        value = f"{kind}/{id_}" if isinstance(kind, str) and isinstance(id_, str) else None
    return value if type(value) is str and 0 < len(value) <= _LENGTH_LIMIT else None


@lru_cache(maxsize=16384)
def forms(text: str, base: str) -> tuple[str, ...]:
    """The addresses by which a reference is found: without this server's own, and without a version."""
    if base and text.startswith(base) and text[len(base) : len(base) + 1] == "/":
        text = text[len(base) + 1 :]
    whole, cut, _ = text.partition("/_history/")
    return (whole, text) if cut else (text,)


def target_type(text: str, contained: Mapping[str, str]) -> str | None:
    """The resource type that an address names, None where it does not say."""
    if text.startswith("#"):
        return contained.get(text[1:])
    return _named_type(text)


@lru_cache(maxsize=16384)
def _named_type(text: str) -> str | None:
    parts = text.partition("/_history/")[0].rsplit("/", 2)
    return parts[-2] if len(parts) >= 2 and catalog.is_resource_type(parts[-2]) else None


def allowed(parameter: Parameter, text: str, contained: Mapping[str, str]) -> bool:
    """Whether an address may be the parameter's: Observation.patient is the subject if that is a Patient."""
    if not parameter.targets:
        return True
    kind = target_type(text, contained)
    return kind is None or kind in parameter.targets


@lru_cache(maxsize=16384)
def local(text: str) -> tuple[str, str] | None:
    """Type and id of a relative reference."""
    found = _LOCAL.fullmatch(text)
    return (found[1], found[2]) if found and catalog.is_resource_type(found[1]) else None


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    names = asked(parameter, modifier, text, context)
    return HasKey(tuple(f"{parameter.key}={escape(name)}" for name in names))


def asked(parameter: Parameter, modifier: str | None, text: str, context: Context) -> list[str]:
    """The addresses that a search value may mean."""
    value = unescape(text)
    if not value or len(value) > _LENGTH_LIMIT:
        refuse(parameter, "needs an id, a type and id, or a URL")
    value = forms(value, context.base)[-1]
    if _ID.fullmatch(value):
        # Some documents refer by an id alone; only its own text can find that.
        return [*(f"{kind}/{value}" for kind in _types(parameter, modifier)), *([] if modifier else [value])]
    if local(value) is None and ":" not in value and not value.startswith("#"):
        refuse(parameter, "needs an id, a type and id, or a URL")
    kind = target_type(value, {})
    return [] if modifier and kind not in {None, modifier} else [value]


def _types(parameter: Parameter, modifier: str | None) -> tuple[str, ...]:
    if modifier is not None:
        return (modifier,)
    return parameter.targets or catalog.resource_types()


def present(key: str) -> Filter:
    return any_of((HasPrefix(f"{key}="), HasKey((f"{key}!",))))


def order(parameter: Parameter, descending: bool) -> ByKey:
    return ByKey(f"{parameter.key}=", descending)


def side(parameter: Parameter, text: str, context: Context) -> Side:
    """What a reference asks of its half of a composite's key."""
    return Side(tuple(escape(name) for name in asked(parameter, None, text, context)))


def halves(parameter: Parameter, value: Any, type_: str, into: Collector) -> list[str]:
    text = address(value, type_)
    names = forms(text, into.base) if text is not None else ()
    return [escape(name) for name in names if allowed(parameter, name, into.contained)]
