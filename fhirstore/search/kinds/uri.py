"""URIs: compared exactly, case included; `:below` and `:above` go by path segments of URLs.

http://hl7.org/fhir/DSTU2/search.html#uri
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.entries import Collector, Index, escape
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import ByKey, Filter, HasKey, HasPrefix, any_of
from fhirstore.search.separators import unescape

MODIFIERS = frozenset({"below", "above"})

_LENGTH_LIMIT = 2048


def indexer(parameter: Parameter, type_: str) -> Index:
    prefix = f"{parameter.key}="

    def index(value: Any, into: Collector) -> bool:
        if type(value) is not str or not value:
            return False
        into.keys.append(prefix + escape(value))
        return True

    return index


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    value = unescape(text)
    if not value or len(value) > _LENGTH_LIMIT:
        refuse(parameter, "needs a URI")
    if modifier == "below":
        return below(parameter, value)
    return exactly(parameter, above(value) if modifier == "above" else [value])


def exactly(parameter: Parameter, values: Iterable[str]) -> HasKey:
    """One of these URIs."""
    return HasKey(tuple(f"{parameter.key}={escape(each)}" for each in values))


def below(parameter: Parameter, value: str) -> Filter:
    """The URI itself and, for a URL, all under its path."""
    itself = exactly(parameter, (value,))
    if "://" not in value:
        return itself
    return any_of((itself, HasPrefix(f"{parameter.key}={escape(value.rstrip('/'))}/")))


def above(value: str) -> list[str]:
    """The URI itself and, for a URL, its parents, each with and without a slash at the end."""
    scheme, found, rest = value.partition("://")
    if not found:
        return [value]
    segments = rest.rstrip("/").split("/")
    parents = ["/".join(segments[:count]) for count in range(len(segments), 0, -1)]
    return [value, *(f"{scheme}://{parent}{slash}" for parent in parents for slash in ("", "/"))]


def present(key: str) -> Filter:
    return any_of((HasPrefix(f"{key}="), HasKey((f"{key}!",))))


def order(parameter: Parameter, descending: bool) -> ByKey:
    return ByKey(f"{parameter.key}=", descending)
