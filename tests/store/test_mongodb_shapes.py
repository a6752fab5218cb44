"""What MongoDB is asked: every query of one owner and by an index, in few round trips, by rules that mongod keeps.

The wire server of the tests refuses less than mongod does, and is no reference for speed: so the shapes are checked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from pymongo import monitoring

from fhirstore.search.entries import Entries
from fhirstore.search.extract import extract
from fhirstore.search.plan import ById, ByKey, ByRange, ByUpdate, OfType, Plan
from fhirstore.store.contract import Change, Page, Resources, Version
from fhirstore.store.mongodb import MongoStore, walk
from fhirstore.store.mongodb.indexes import INDEXES
from fhirstore.store.scope import Scope
from tests.search import random_records
from tests.search.finding import asked
from tests.store.test_find import EVERY_FILTER, ORDERS, WHOLE_RECORD, observation, put

OWNER = 7
ARRAYS = {"keys", "ranges", "words", "contained"}
"""The top-level fields of a resource's document that are arrays."""

INDEXED = {"_id", "keys", "ranges", "words", "updated"}
FORBIDDEN = {"$regex", "$where", "$expr", "$function", "$all", "$text", "$not", "$type"}


class Commands(monitoring.CommandListener):
    """Remembers what a client sends."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent.append({"name": event.command_name, **event.command})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    @contextmanager
    def during(self) -> Iterator[list[Mapping[str, Any]]]:
        self.sent = []
        yield self.sent

    def of_resources(self) -> list[Mapping[str, Any]]:
        return [each for each in self.sent if each.get(each["name"]) == "resources"]


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
async def resources(mongodb_uri: str, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Resources]:
    address, _, options = mongodb_uri.partition("/?")
    store = MongoStore(f"{address.rstrip('/')}/test_{uuid4().hex}?{options}")
    connect = store._connect
    monkeypatch.setattr(store, "_connect", lambda: connect(commands))
    await store.open()
    yield store.within(Scope(OWNER))
    await store._database.client.drop_database(store._database.name)
    await store.close()


def conditions(query: Mapping[str, Any], *, inside: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each comparison of a query: the field, what it stands in ("" or "$elemMatch"), and the operator."""
    for name, value in query.items():
        if name in {"$and", "$or", "$nor"}:
            for part in value:
                yield from conditions(part, inside=inside)
        elif isinstance(value, Mapping) and any(key.startswith("$") for key in value):
            for operator, operand in value.items():
                yield name, inside, operator
                if operator == "$elemMatch":
                    named = operand if any(not key.startswith("$") for key in operand) else {name: operand}
                    yield from conditions(named, inside="$elemMatch")
        else:
            yield name, inside, "="


def required(query: Mapping[str, Any]) -> set[str]:
    """The fields that every match fulfils a condition on: those outside of alternatives and negations."""
    found: set[str] = set()
    for name, value in query.items():
        if name == "$and":
            for part in value:
                found |= required(part)
        elif name == "$or":
            found |= set.intersection(*(required(part) for part in value)) if value else set()
        elif not name.startswith("$"):
            found.add(name)
    return found


def check(query: Mapping[str, Any]) -> None:
    assert query["owner"] == OWNER, "the scope is the first thing that is asked"
    assert required(query) & INDEXED, f"no index is named by {query}"
    for field, inside, operator in conditions(query):
        assert operator not in FORBIDDEN, (field, operator)
        if field in ARRAYS and operator in {"$gt", "$gte", "$lt", "$lte"}:
            assert inside == "$elemMatch", f"two elements of {field} might fulfil one half each"


def check_sort(query: Mapping[str, Any], sort: Mapping[str, int]) -> None:
    """An order is an index's own, forwards or backwards."""
    names, directions = list(sort), set(sort.values())
    assert len(directions) == 1, "no index runs both ways"
    if names[0] == "updated":
        assert names == ["updated", "type", "id"]
    else:
        assert names in (["type", "id"], ["id"])
        assert ("keys", "", "=") in list(conditions(query)), "by_key is in this order below one key"
        assert names == ["type", "id"] or ("type", "", "=") in list(conditions(query))


def check_all(sent: Sequence[Mapping[str, Any]]) -> None:
    assert sent
    for each in sent:
        if each["name"] == "find":
            check(each["filter"])
            if each.get("sort"):
                check_sort(each["filter"], each["sort"])
        elif each["name"] == "aggregate":
            check(each["pipeline"][0]["$match"])
            assert not any("$sort" in step or "$lookup" in step for step in each["pipeline"])
        else:
            assert each["name"] in {"getMore", "killCursors"}, each["name"]


@pytest.mark.parametrize("name", EVERY_FILTER)
async def test_every_filter_asks_by_owner_and_index(resources: Resources, commands: Commands, name: str) -> None:
    await resources.change_all(WHOLE_RECORD)
    with commands.during():
        for types in ((), ("Patient",), ("Patient", "Observation")):
            for population in ("resources", "contained", "both"):
                await resources.find(Plan(types, EVERY_FILTER[name], (), population), Page(10))
    check_all(commands.of_resources())


@pytest.mark.parametrize("name", ORDERS)
async def test_every_order_asks_by_owner_and_index_and_sorts_only_along_one(
    resources: Resources, commands: Commands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "WINDOW", 4)
    await resources.change_all([observation(number) for number in range(20)])
    with commands.during():
        for types in (("Observation",), ("Observation", "Patient"), ()):
            for filter_ in (EVERY_FILTER["everything"], OfType(("Observation",))):
                found = await resources.find(Plan(types, filter_, ORDERS[name]), Page(3))
                await resources.find(Plan(types, filter_, ORDERS[name]), Page(3, found.next))
    check_all(commands.of_resources())


ASKED = [
    "Observation?code=http://loinc.org|8480-6&date=ge2014&date=lt2015",
    "Observation?code=8480-6,abc&status:not=final&subject=Patient/p1",
    "Observation?value-quantity=gt5|http://unitsofmeasure.org|mg&_sort=-date",
    "Observation?code-value-quantity=8480-6$lt100",
    "Observation?subject:Patient.name:contains=et&_sort=code,-_lastUpdated",
    "Observation?patient.organization.partof.name=a",
    "Observation?date:missing=true&_lastUpdated=gt2014",
    "Patient?name=pet&birthdate=le2014&_sort=family",
    "Patient?_has:Observation:patient:code=abc&gender=male",
    "Patient?identifier=http://loinc.org|abc&_id=p1,p2",
    'Patient?_filter=name co "et" and not (birthdate lt 2014 or gender eq female)',
    "Patient?name:exact=Peter&_contained=both",
    "Patient?name=p&_contained=true&_containedType=contained",
    "Patient?_content=peter and (abc or final)&_text=bone",
    "Patient?careprovider:Practitioner.name=peter&_list=p1",
    "ValueSet?url:below=http://acme.org&url:above=http://acme.org/fhir",
    "?_type=Patient,Observation&_tag=abc&_profile:below=http://acme.org",
    "?_sort=-_lastUpdated",
]


@pytest.mark.parametrize("query", ASKED)
async def test_searches_as_clients_write_them_ask_so_too(
    resources: Resources, commands: Commands, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "WINDOW", 4)
    random = Random(query)
    kinds = ["Observation"] * 8 + ["Patient"] * 4 + ["Practitioner", "Organization", "List", "ValueSet"]
    documents = [random_records.resource(random, kind, f"p{number}") for number, kind in enumerate(kinds)]
    await resources.change_all(
        [put(each["resourceType"], each["id"], extract(each["resourceType"], each)) for each in documents]
    )
    plan = asked(query).plan
    with commands.during():
        found = await resources.find(plan, Page(2))
        await resources.find(plan, Page(2, found.next))
        await resources.find(plan, Page(0))
    check_all(commands.of_resources())


@pytest.mark.parametrize(
    "orders", [(), (ById(True),), (ByUpdate(True),), (ByRange("Observation.date"),), (ByKey("Observation.note~"),)]
)
async def test_a_page_reads_a_window_of_the_record_and_not_the_record(
    resources: Resources, commands: Commands, orders: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "WINDOW", 10)
    await resources.change_all([observation(number) for number in range(99)])
    with commands.during() as sent:
        await resources.find(Plan(("Observation",), order=orders), Page(3, total=False))
    finds = [each for each in sent if each["name"] == "find" and "_id" not in each["filter"]["$and"][0]]
    assert all(0 < (each.get("limit") or each["batchSize"]) <= 11 for each in finds)
    assert len(finds) <= 8


async def test_what_is_not_a_find_names_its_resources_by_key(resources: Resources, commands: Commands) -> None:
    with commands.during():
        await resources.current_all([("Patient", "a"), ("Patient", "b")])
        await resources.current("Patient", "a")
    for each in commands.of_resources():
        assert set(each["filter"]) & {"_id"}
        assert each["readConcern"]["level"] == "majority", "an election could undo the rest"


async def test_a_write_takes_few_round_trips_and_many_take_no_more(resources: Resources, commands: Commands) -> None:
    first = Version("Patient", "new", 1, 1, "POST", b"{}")
    with commands.during() as sent:
        await resources.change(Change("Patient", "new", lambda current: first, fresh=True))
    assert [each["name"] for each in sent] == ["insert"]
    with commands.during() as sent:
        await resources.current("Patient", "new")
    assert [each["name"] for each in sent] == ["find"]
    with commands.during() as sent:
        await resources.change(put("Patient", "new"))
    assert [each["name"] for each in sent] == ["find", "update"]
    many = [Change("Patient", f"m{at}", _first(f"m{at}"), fresh=True) for at in range(50)]
    with commands.during() as sent:
        await resources.change_all(many)
    assert [each["name"] for each in sent] == ["insert", "commitTransaction"]
    with commands.during() as sent:
        await resources.change_all([put("Patient", f"m{at}") for at in range(60)])
    assert [each["name"] for each in sent] == ["find", "insert", "update", "commitTransaction"]


def _first(id_: str) -> Any:
    version = Version("Patient", id_, 1, 1, "POST", b"{}", Entries(("Patient.x:1",)))
    return lambda current: version


async def test_ids_that_were_not_fresh_after_all_are_written_as_the_next_versions(resources: Resources) -> None:
    await resources.change(put("Patient", "a"))
    wrongly_fresh = [
        Change(type_, id_, put(type_, id_).decide, fresh=True) for type_, id_ in (("Patient", "a"), ("Patient", "b"))
    ]
    written = await resources.change_all(wrongly_fresh)
    assert [version and version.number for version in written] == [2, 1]

    async def work(inside: Resources) -> int:
        written = await inside.change(Change("Patient", "a", put("Patient", "a").decide, fresh=True))
        assert written is not None
        return written.number

    assert await resources.transact(work) == 3


def test_the_index_table_keeps_the_rules_of_mongod() -> None:
    for collection, indexes in INDEXES.items():
        assert len(indexes) < 64, "mongod has no more for one collection"
        assert len({index.name for index in indexes}) == len(indexes)
        for index in indexes:
            fields = [name for name, _ in index.keys]
            assert len(fields) <= 32
            assert len(set(fields)) == len(fields)
            assert "_id" not in fields[:1], "it has an index of its own"
            if collection == "resources":
                assert fields[0] == "owner"
                arrays = {name.partition(".")[0] for name in fields} & ARRAYS
                assert len(arrays) <= 1, "mongod refuses documents with two arrays in one index"
            if index.expire_after_seconds is not None:
                assert len(fields) == 1, "only an index of one field forgets"
