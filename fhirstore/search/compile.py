"""One search parameter with its value → a filter: modifiers, alternatives, chains and reverse chains.

http://hl7.org/fhir/DSTU2/search.html. A comma separates alternatives; a dot leads to the resource referred to
(`subject:Patient.name`); `_has` leads back from the resources that refer here (`_has:Observation:patient:code`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.sources import SOURCE_SYSTEM
from fhirstore.search.context import Context
from fhirstore.search.kinds import composite, date, number, position, quantity, reference, string, token, uri
from fhirstore.search.parameters import SOURCE, Parameter, parameter, parameters, refuse
from fhirstore.search.plan import Filter, HasKey, LinkedFrom, LinksTo, Not, Order, WithIds, any_of
from fhirstore.search.separators import split, unescape
from fhirstore.search.words import compile_words

DEPTH_LIMIT = 8
WIDTH_LIMIT = 400
VALUES_LIMIT = 1000

_Compile = Callable[[Parameter, str | None, str, Context], Filter]


class _Ordering(Protocol):
    def __call__(self, parameter: Parameter, descending: bool) -> Order: ...


_COMPILE: Mapping[str, _Compile] = {
    "token": token.compile,
    "string": string.compile,
    "phonetic": string.compile_sounds,
    "date": date.compile,
    "number": number.compile,
    "quantity": quantity.compile,
    "reference": reference.compile,
    "uri": uri.compile,
    "composite": composite.compile,
}
_PRESENT: Mapping[str, Callable[[str], Filter]] = {
    "token": token.present,
    "string": string.present,
    "phonetic": string.present_sounds,
    "date": date.present,
    "number": number.present,
    "quantity": quantity.present,
    "reference": reference.present,
    "uri": uri.present,
    "composite": composite.present,
    "position": position.present,
}
ORDER: Mapping[str, _Ordering] = {
    "token": token.order,
    "string": string.order,
    "phonetic": string.order_sounds,
    "date": date.order,
    "number": number.order,
    "quantity": quantity.order,
    "reference": reference.order,
    "uri": uri.order,
}
_MODIFIERS = {"token": token.MODIFIERS, "string": string.MODIFIERS, "uri": uri.MODIFIERS}
_TURNED = frozenset({"not", "not-in"})


class Compiler:
    """Compiles the parameters of one query; it counts their filters, so that no query grows without limit."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._width = 0

    def parameter(self, resource_type: str, name: str, text: str, depth: int = 0) -> Filter:
        """The filter of one parameter as it stands in a query ("subject:Patient.name:exact", "peter")."""
        self._width += 1
        if depth > DEPTH_LIMIT or self._width > WIDTH_LIMIT:
            refuse(name, "asks for too many steps")
        if name.startswith("_has:"):
            return self._has(resource_type, name, text, depth)
        head, dot, rest = name.partition(".")
        head, _, modifier = head.partition(":")
        found = parameter(resource_type, head)
        if dot:
            return self._chain(found, modifier or None, rest, text, depth)
        return self.values(found, modifier or None, text)

    def values(self, found: Parameter, modifier: str | None, text: str) -> Filter:
        """The filter of a parameter's alternatives. Raises BadRequest, naming the parameter."""
        if modifier == "missing":
            return self._missing(found, text)
        if not text:
            refuse(found, "needs a value")
        if found.kind == "special":
            return self._special(found, modifier, text)
        compile_one = _COMPILE.get(found.kind)
        if compile_one is None:
            refuse(found, "can only be asked for a Location itself")
        if modifier is not None and not _allows(found, modifier):
            refuse(found, f"has no modifier ':{modifier[:40]}'")
        texts = split(text, ",")
        if len(texts) > VALUES_LIMIT or not all(texts):
            refuse(found, f"needs 1 to {VALUES_LIMIT} values with commas between them")
        filters = tuple(compile_one(found, modifier, each, self._context) for each in texts)
        return Not(any_of(filters)) if modifier in _TURNED else any_of(filters)

    def _missing(self, found: Parameter, text: str) -> Filter:
        present = _PRESENT.get(found.kind)
        if present is None:
            refuse(found, "has no modifier ':missing'")
        if text not in {"true", "false"}:
            refuse(found, "needs true or false with ':missing'")
        return Not(present(found.key)) if text == "true" else present(found.key)

    def _special(self, found: Parameter, modifier: str | None, text: str) -> Filter:
        """The parameters that every resource has and no document holds."""
        if found.name == "_id" and modifier in {None, "not"}:
            ids = WithIds(tuple(unescape(each) for each in split(text, ",")))
            return Not(ids) if modifier else ids
        if found.name == SOURCE and modifier in {None, "not"}:
            came = HasKey(tuple(token.key_of(found.key, SOURCE_SYSTEM, unescape(each)) for each in split(text, ",")))
            return Not(came) if modifier else came
        if modifier is not None:
            refuse(found, f"has no modifier ':{modifier}'")
        if found.name == "_lastUpdated":
            return any_of(tuple(date.updated(found, None, each, self._context) for each in split(text, ",")))
        if found.name in {"_text", "_content"}:
            return any_of(tuple(compile_words(found.name, unescape(each)) for each in split(text, ",")))
        return refuse(found, "names a stored query, and there is none here")

    def _chain(self, found: Parameter, target: str | None, rest: str, text: str, depth: int) -> Filter:
        """The resources that refer to ones for which the rest of the chain holds.

        Without a type the chain goes to every type that the reference allows and that knows the next parameter.
        """
        if found.kind != "reference":
            refuse(found, "is not a reference, so no chain can go through it")
        types = (target,) if target else found.targets or catalog.resource_types()
        if target and (not catalog.is_resource_type(target) or (found.targets and target not in found.targets)):
            refuse(found, f"does not refer to '{target[:40]}'")
        head = rest.partition(".")[0].partition(":")[0]
        knowing = [each for each in types if head == "_has" or head in parameters(each)]
        if not knowing:
            refuse(rest, "is not known to any type that the chain leads to")
        inner: dict[Filter, list[str]] = {}
        for each in knowing:
            inner.setdefault(self.parameter(each, rest, text, depth + 1), []).append(each)
        return any_of(tuple(LinksTo(found.key, tuple(kinds), each) for each, kinds in inner.items()))

    def _has(self, resource_type: str, name: str, text: str, depth: int) -> Filter:
        """The resources that others refer to, for which the rest holds: `_has:[type]:[reference]:[rest]`."""
        parts = name.split(":", 3)
        if len(parts) != 4 or not catalog.is_resource_type(parts[1]):
            refuse(name, "needs the form _has:[type]:[reference parameter]:[parameter]")
        _, type_, link, rest = parts
        found = parameter(type_, link)
        if found.kind != "reference" or (found.targets and resource_type not in found.targets):
            refuse(name, f"needs a reference from {type_} to {resource_type}")
        return LinkedFrom(type_, found.key, self.parameter(type_, rest, text, depth + 1))


def listed(text: str) -> Filter:
    """`_list`: what a List holds, by the List's id."""
    ids = [unescape(each) for each in split(text, ",")]
    if any(each.startswith("$") for each in ids):
        refuse("_list", "names a functional list, and there is none here; give the id of a List")
    return LinkedFrom("List", "List.item", WithIds(tuple(each.removeprefix("List/") for each in ids)))


def near(found: Parameter, texts: Sequence[str], distances: Sequence[str]) -> Filter:
    """Location's near, with near-distance where it is given."""
    if len(distances) > 1 or not texts:
        refuse("near-distance", "may be given once, together with near")
    distance = position.metres(found, distances[0]) if distances else None
    alternatives = [each for text in texts for each in split(text, ",")]
    return any_of(tuple(position.compile(found, each, distance) for each in alternatives))


def _allows(found: Parameter, modifier: str) -> bool:
    if found.kind == "reference":
        return modifier in found.targets if found.targets else catalog.is_resource_type(modifier)
    return modifier in _MODIFIERS.get(found.kind, ())
