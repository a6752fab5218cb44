"""A search as it is asked, text → what to find and how to answer.

http://hl7.org/fhir/DSTU2/search.html#summary. Every parameter is understood or refused with 400, naming it; only a
caller who asked for it (`Prefer: handling=lenient`) has the others left out, each with an issue that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, cast

import msgspec

from fhirstore.dstu2 import catalog
from fhirstore.errors import BadRequest, Issue
from fhirstore.search.compile import ORDER, Compiler, listed, near
from fhirstore.search.context import Context
from fhirstore.search.filter_expression import compile_expression
from fhirstore.search.includes import Include, read_include
from fhirstore.search.parameters import parameter, refuse
from fhirstore.search.plan import ById, ByUpdate, Contains, Filter, HasKey, OfType, Order, Plan, all_of, any_of
from fhirstore.search.separators import split, unescape

Summary = Literal["true", "text", "data", "count", "false"]
Pair = tuple[str, str]

DEFAULT_COUNT, GREATEST_COUNT = 10, 1000
PAGE = "_page"
"""The parameter that carries a page token; its meaning is the store's."""

TRANSPORT = frozenset({"_format", "_pretty", "access_token"})
"""Parameters about the answer's way to the client, which every interaction takes."""
_TOTALS = frozenset({"_total", "_totalMethod"})
"""How later clients ask for the exact total, which every answer here has."""
_UNHEEDED = TRANSPORT | _TOTALS
_SUMMARIES = frozenset({"true", "text", "data", "count", "false"})
_PAIRS_LIMIT = 200
_ORDERS_LIMIT = 8


class Search(msgspec.Struct, frozen=True):
    """A search that was understood.

    `applied` are the parameters that were heeded, in their order, for the self link; `ignored` says which were not.
    `elements` are names of top-level elements.
    """

    plan: Plan
    includes: tuple[Include, ...] = ()
    count: int = DEFAULT_COUNT
    skip: int = 0
    page: str | None = None
    summary: Summary = "false"
    elements: tuple[str, ...] = ()
    applied: tuple[Pair, ...] = ()
    ignored: tuple[Issue, ...] = ()


def read_search(
    resource_type: str | None,
    pairs: Iterable[Pair],
    context: Context,
    *,
    compartment: tuple[str, str] | None = None,
    lenient: bool = False,
) -> Search:
    """Understand a search from its decoded query parameters.

    `resource_type` None searches all types; `compartment` ("Patient", "123") narrows to one. Raises BadRequest for a
    parameter that is unknown or malformed, unless `lenient`.
    """
    reader = _Reader(resource_type, context, lenient)
    given = [pair for pair in pairs if pair[0] not in _UNHEEDED]
    if len(given) > _PAIRS_LIMIT:
        raise BadRequest(f"A search has at most {_PAIRS_LIMIT} parameters.")
    for name, text in given:
        reader.read(name, text)
    return reader.search(compartment)


class _Reader:
    """Gathers what the parameters of one search say."""

    def __init__(self, resource_type: str | None, context: Context, lenient: bool) -> None:
        self._type = resource_type or "Resource"
        self._types: tuple[str, ...] = (resource_type,) if resource_type else ()
        self._context = context
        self._lenient = lenient
        self._compiler = Compiler(context)
        self._filters: list[Filter] = []
        self._order: list[Order] = []
        self._includes: list[Include] = []
        self._near: list[str] = []
        self._distances: list[str] = []
        self._settings: dict[str, str] = {}
        self._applied: list[Pair] = []
        self._ignored: list[Issue] = []

    def read(self, name: str, text: str) -> None:
        try:
            self._read(name, text)
        except BadRequest as failure:
            if not self._lenient:
                raise
            self._ignored.append(Issue("warning", "not-supported", f"Ignored: {failure.reason}"))
        else:
            if name != PAGE:
                self._applied.append((name, text))

    def _read(self, name: str, text: str) -> None:
        head, _, modifier = name.partition(":")
        if head == "_sort":
            self._order.extend(self._orders(modifier, text))
        elif head in {"_include", "_revinclude"}:
            self._includes.append(read_include(head, modifier, text, self._type))
        elif name in _SETTINGS:
            self._set(name, text)
        elif head == "_type" and self._type == "Resource":
            self._types = self._only(text)
        elif head == "_filter":
            self._filters.append(compile_expression(self._type, text, self._context))
        elif head == "_list":
            self._filters.append(listed(text or refuse(name, "needs the id of a List")))
        elif self._type == "Location" and name in {"near", "near-distance"}:
            (self._near if name == "near" else self._distances).append(text)
        else:
            self._filters.append(self._compiler.parameter(self._type, name, text))

    def _set(self, name: str, text: str) -> None:
        if name in self._settings:
            refuse(name, "may be given once")
        allowed = _SETTINGS[name]
        if allowed and text not in allowed:
            refuse(name, f"needs one of {', '.join(sorted(allowed))}")
        if name in {"_count", "_skip"} and not (text.isascii() and text.isdigit() and len(text) < 10):
            refuse(name, "needs a number, 0 or above")
        if name == "_elements" and not all(part.isascii() and part.isalnum() for part in text.split(",")):
            refuse(name, "needs names of elements with commas between them")
        self._settings[name] = text

    def _only(self, text: str) -> tuple[str, ...]:
        types = tuple(dict.fromkeys(split(text, ",")))
        if not all(catalog.is_resource_type(each) for each in types):
            refuse("_type", "needs resource types")
        return types

    def _orders(self, modifier: str, text: str) -> list[Order]:
        """`_sort=a`, `_sort:desc=a` as DSTU2 has it, and `_sort=-a,b` as its successors do."""
        if modifier not in {"", "asc", "desc"}:
            refuse("_sort", f"has no modifier ':{modifier}'")
        names = split(text, ",")
        if len(self._order) + len(names) > _ORDERS_LIMIT:
            refuse("_sort", f"has more than {_ORDERS_LIMIT} keys")
        return [self._order_by(unescape(each), modifier == "desc") for each in names]

    def _order_by(self, name: str, descending: bool) -> Order:
        if name.startswith("-"):
            name, descending = name[1:], not descending
        found = parameter(self._type, name)
        if name == "_id":
            return ById(descending)
        if name == "_lastUpdated":
            return ByUpdate(descending)
        order = ORDER.get(found.kind)
        return order(found, descending) if order else refuse("_sort", f"cannot sort by '{name}'")

    def search(self, compartment: tuple[str, str] | None) -> Search:
        filters = list(self._filters)
        if compartment is not None:
            filters.append(HasKey((f"compartment={compartment[0]}/{compartment[1]}",)))
        if self._near or self._distances:
            filters.append(near(parameter("Location", "near"), self._near, self._distances))
        setting = self._settings.get
        if {PAGE, "_skip"} <= self._settings.keys():
            refuse("_skip", f"has no meaning together with {PAGE}")
        return Search(
            plan=self._plan(all_of(tuple(filters))),
            includes=tuple(self._includes),
            count=min(int(setting("_count", DEFAULT_COUNT)), GREATEST_COUNT),
            skip=int(setting("_skip", 0)),
            page=setting(PAGE),
            summary=cast("Summary", setting("_summary", "false")),
            elements=tuple([each for each in setting("_elements", "").split(",") if each]),
            applied=tuple(self._applied),
            ignored=tuple(self._ignored),
        )

    def _plan(self, found: Filter) -> Plan:
        """`_contained` and `_containedType`: whether to look at contained resources, and what to answer for them.

        Those alone are matches of their own. Their containers are what contains a match, each found once, whatever
        its type; so they are in the order of what they have themselves of the keys that are sorted by.
        """
        contained, order = self._settings.get("_contained", "false"), tuple(self._order)
        if contained == "false":
            return Plan(self._types, found, order)
        if self._settings.get("_containedType") == "contained":
            return Plan(self._types, found, order, "contained" if contained == "true" else "both")
        containers = Contains(self._types, found)
        if contained == "true":
            return Plan((), containers, order)
        return Plan((), any_of((all_of((OfType(self._types), found)) if self._types else found, containers)), order)


_SETTINGS: dict[str, frozenset[str]] = {
    "_count": frozenset(),
    "_skip": frozenset(),
    PAGE: frozenset(),
    "_elements": frozenset(),
    "_summary": _SUMMARIES,
    "_contained": frozenset({"true", "false", "both"}),
    "_containedType": frozenset({"container", "contained"}),
}


def matches_nothing_else(pairs: Sequence[Pair]) -> bool:
    """Whether a query has no criteria at all, as a conditional request must not be."""
    return all(
        name.partition(":")[0] in {*TRANSPORT, *_TOTALS, *_SETTINGS, "_sort", "_include", "_revinclude"}
        for name, _ in pairs
    )
