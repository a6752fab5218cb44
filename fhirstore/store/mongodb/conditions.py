"""Plan filters → MongoDB queries, and the same as a question of a contained resource that was read.

Chains are followed from the inside out, in steps, each of them a query of one owner. Texts are only ever compared,
never made into operators or patterns; what must hold of one element of an array stands in an `$elemMatch`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from fhirstore.dstu2.catalog import resource_types
from fhirstore.errors import BadRequest
from fhirstore.search.entries import Bound
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    HasWord,
    InRange,
    KeyScan,
    LinkedFrom,
    LinksTo,
    Not,
    OfType,
    Operator,
    RangeScan,
    Updated,
    WithIds,
    end,
)
from fhirstore.store import ranges
from fhirstore.store.mongodb.documents import INSIDE, THERE, Document, resource_key
from fhirstore.store.mongodb.indexes import CURRENT
from fhirstore.store.scope import Scope

Query = dict[str, Any]
Collection = AsyncCollection[dict[str, Any]]

LINKS_LIMIT = 100_000
"""A step of a chain may lead to so many resources: their addresses are sent with the next step."""

PARTS_LIMIT = 5000

NEVER: Query = {"_id": {"$in": []}}

_OPERATORS: Mapping[Operator, str] = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Inside:
    """A contained resource, read from the document of its container."""

    type: str
    id: str
    keys: frozenset[str]
    ranges: Sequence[Mapping[str, Any]]
    words: frozenset[str]
    container: Document

    @property
    def siblings(self) -> list[Inside]:
        return contained_in(self.container)


def contained_in(document: Document) -> list[Inside]:
    return [
        Inside(each["type"], each["id"], frozenset(each["keys"]), each["ranges"], frozenset(each["words"]), document)
        for each in document.get("contained", [])
    ]


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter as a query of resources, and as a question of one contained resource."""

    query: Query
    holds: Callable[[Inside], bool]


class Conditions:
    """The conditions of one search in one scope."""

    def __init__(self, scope: Scope, resources: Collection, session: AsyncClientSession | None) -> None:
        self._scope = scope
        self._resources = resources
        self._session = session
        self._parts = 0

    def of_owner(self, *queries: Query) -> Query:
        """All of these, of this owner's current versions."""
        asked = [query for query in queries if query]
        return {"owner": self._scope.owner, **CURRENT, **({"$and": asked} if asked else {})}

    async def compile(self, filter_: Filter, types: Sequence[str] = ()) -> Condition:
        """The condition of a filter; `types` are those that are looked at anyway, none: all."""
        self._parts += 1
        if self._parts > PARTS_LIMIT:
            raise BadRequest("The search has too many parts to be answered at once.")
        match filter_:
            case AllOf(parts):
                return _all([await self.compile(part, types) for part in parts])
            case AnyOf(parts):
                return _any([await self.compile(part, types) for part in parts])
            case Not(part):
                turned = await self.compile(part, types)
                return Condition({"$nor": [turned.query]}, lambda it: not turned.holds(it))
            case HasKey(texts):
                wanted = frozenset(texts)
                return Condition(among("keys", texts), lambda it: not wanted.isdisjoint(it.keys))
            case HasPrefix(prefix):
                return Condition(under("keys", prefix), lambda it: any(key.startswith(prefix) for key in it.keys))
            case KeyScan():
                return await self._key_scan(filter_)
            case InRange(name, limits):
                return _in_range(name, lambda other: other == name, ranges.asked(limits))
            case RangeScan():
                return await self._range_scan(filter_)
            case OfType(types):
                return Condition(among("keys", [THERE + type_ for type_ in types]), lambda it: it.type in types)
            case WithIds(ids):
                keys = [resource_key(self._scope, type_, id_) for type_ in types or resource_types() for id_ in ids]
                return Condition(among("_id", keys), lambda it: it.id in ids)
            case Updated(from_, before):
                return _updated(from_, before)
            case HasWord(words):
                asked = frozenset(words)
                return Condition(among("words", words), lambda it: not asked.isdisjoint(it.words))
            case LinksTo():
                return await self._linking(filter_)
            case LinkedFrom():
                return await self._linked(filter_)
            case Contains():
                return await self._containing(filter_)

    async def _key_scan(self, scan: KeyScan) -> Condition:
        listed = await self.distinct({}, scan.prefix)
        found = [key for key in listed if scan.accepts(key)]
        return Condition(
            among("keys", found),
            lambda it: any(key.startswith(scan.prefix) and scan.accepts(key) for key in it.keys),
        )

    async def distinct(self, query: Query, prefix: str) -> list[str]:
        """The different keys under a prefix of the resources for which a query holds."""
        steps: list[Query] = [
            {"$match": self.of_owner(query, under("keys", prefix))},
            {"$project": {"keys": 1}},
            {"$unwind": "$keys"},
            {"$match": {"keys": {"$gte": prefix, "$lt": end(prefix)}}},
            {"$group": {"_id": "$keys"}},
        ]
        cursor = await self._resources.aggregate(steps, session=self._session)
        return [str(group["_id"]) async for group in cursor]

    async def _range_scan(self, scan: RangeScan) -> Condition:
        limits = {"$gte": scan.prefix, "$lt": end(scan.prefix)}
        steps: list[Query] = [
            {"$match": self.of_owner({"ranges": {"$elemMatch": {"name": limits}}})},
            {"$project": {"ranges": 1}},
            {"$unwind": "$ranges"},
            {"$match": {"ranges.name": limits}},
            {"$group": {"_id": "$ranges.name"}},
        ]
        cursor = await self._resources.aggregate(steps, session=self._session)
        names = [str(group["_id"]) async for group in cursor]
        found = [name for name in names if scan.accepts(name)]
        return _in_range(
            {"$in": found},
            lambda other: other.startswith(scan.prefix) and scan.accepts(other),
            ranges.asked(scan.limits),
        )

    async def _linking(self, link: LinksTo) -> Condition:
        """Keys with the address of a resource for which the inner filter holds, or of a contained one beside them."""
        if not link.types:
            return Condition(NEVER, lambda it: False)
        inner = await self.compile(link.inner, link.types)
        of_type = among("keys", [THERE + type_ for type_ in link.types])
        beyond = await self.compile(link.beyond, link.types)
        there = await self._read(self.of_owner(of_type, inner.query, beyond.query), {"_id": 0, "type": 1, "id": 1})
        far = [f"{link.name}={each['type']}/{each['id']}" for each in there]
        wanted = frozenset(far)

        def near(keys: frozenset[str], siblings: Sequence[Inside]) -> bool:
            return any(f"{link.name}=#{it.id}" in keys and it.type in link.types and inner.holds(it) for it in siblings)

        inside = self.of_owner(
            among("keys", [f"{INSIDE}{THERE}{type_}" for type_ in link.types]), under("keys", f"{link.name}=#")
        )
        holding = [
            each["_id"]
            for each in await self._read(inside, {"keys": 1, "contained": 1, "updated": 1})
            if near(frozenset(each["keys"]), contained_in(each))
        ]
        return Condition(
            {"$or": [among("keys", far), {"_id": {"$in": holding}}]},
            lambda it: not wanted.isdisjoint(it.keys) or near(it.keys, it.siblings),
        )

    async def _linked(self, link: LinkedFrom) -> Condition:
        """Resources whose address stands in a key of one for which the inner filter holds. No contained one has any."""
        inner = await self.compile(link.inner, (link.type,))
        prefix = f"{link.name}="
        keys = await self.distinct({"$and": [{"keys": THERE + link.type}, inner.query or {}]}, prefix)
        addresses = [key.removeprefix(prefix).split("/") for key in keys]
        found = [resource_key(self._scope, *address) for address in addresses if len(address) == 2]
        _check(len(found))
        return Condition({"_id": {"$in": found}}, lambda it: False)

    async def _containing(self, asked: Contains) -> Condition:
        """What contains a resource for which the inner filter holds. No contained one contains any."""
        inner = await self.compile(asked.inner, asked.types)
        read = await self._read(self.of_owner(containing(asked.types, asked.inner)), {"contained": 1, "updated": 1})
        found = [
            each["_id"]
            for each in read
            if any((not asked.types or it.type in asked.types) and inner.holds(it) for it in contained_in(each))
        ]
        return Condition({"_id": {"$in": found}}, lambda it: False)

    async def _read(self, query: Query, fields: Query) -> list[dict[str, Any]]:
        cursor = self._resources.find(query, fields, session=self._session, limit=LINKS_LIMIT + 1)
        found = await cursor.to_list()
        _check(len(found))
        return found


def containing(types: Sequence[str], filter_: Filter) -> Query:
    """What contains a resource of these types (none: of any), with the keys that a filter is never without."""
    of_type = among("keys", [f"{INSIDE}{THERE}{type_}" for type_ in types]) if types else {"keys": INSIDE + THERE}
    parts = filter_.parts if isinstance(filter_, AllOf) else (filter_,)
    keyed = [among("keys", [INSIDE + key for key in part.keys]) for part in parts if isinstance(part, HasKey)]
    return {"$and": [of_type, *keyed]} if keyed else of_type


def under(array: str, prefix: str) -> Query:
    """One element of an array of texts begins so."""
    return {array: {"$elemMatch": {"$gte": prefix, "$lt": end(prefix)}}}


def among(field: str, values: Sequence[str]) -> Query:
    if not values:
        return NEVER
    return {field: values[0] if len(values) == 1 else {"$in": list(values)}}


def _all(parts: Sequence[Condition]) -> Condition:
    queries = [part.query for part in parts if part.query]
    query = queries[0] if len(queries) == 1 else {"$and": queries} if queries else {}
    return Condition(query, lambda it: all(part.holds(it) for part in parts))


def _any(parts: Sequence[Condition]) -> Condition:
    query = {"$or": [part.query for part in parts]} if parts else NEVER
    return Condition(query, lambda it: any(part.holds(it) for part in parts))


def _updated(from_: int | None, before: int | None) -> Condition:
    limits = {sign: moment for sign, moment in (("$gte", from_), ("$lt", before)) if moment is not None}
    return Condition(
        {"updated": limits} if limits else {},
        lambda it: (
            (from_ is None or it.container["updated"] >= from_) and (before is None or it.container["updated"] < before)
        ),
    )


def _in_range(
    name: str | Query, named: Callable[[str], bool], asked: Sequence[tuple[ranges.End, Operator, Bound]]
) -> Condition:
    limits: dict[str, dict[str, Any]] = {}
    for ending, operator, value in asked:
        sign, narrower = _OPERATORS[operator], min if operator in {"<", "<="} else max
        limit = limits.setdefault(ending, {})
        limit[sign] = narrower(limit[sign], value) if sign in limit else value

    def holds(it: Inside) -> bool:
        return any(
            named(each["name"]) and all(_COMPARE[sign](each[ending], value) for ending, sign, value in asked)
            for each in it.ranges
        )

    return Condition({"ranges": {"$elemMatch": {"name": name, **limits}}}, holds)


def _check(count: int) -> None:
    if count > LINKS_LIMIT:
        raise BadRequest(f"A step of the chain leads to more than {LINKS_LIMIT:,} resources.")
