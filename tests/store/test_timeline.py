"""A record in the order in which things took place, on both stores: pages, kinds, sources, periods, references."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.caller import Caller
from fhirstore.clock import now
from fhirstore.dstu2.json_format import dump, parse
from fhirstore.errors import BadRequest
from fhirstore.ids import new_id
from fhirstore.interactions.perform import perform
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.served import TABLE
from fhirstore.interactions.timeline import SOURCES, TIMELINE
from fhirstore.interactions.versions import VERSIONS
from fhirstore.presentation.origin import origin_of
from fhirstore.store.contract import Store
from fhirstore.store.scope import scope_of
from tests.builders import smallest

LABORATORY = {"coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "laboratory"}]}
SUBJECT, VISIT = {"reference": "Patient/p"}, {"reference": "Encounter/visit"}


def context(store: Store, user: int = 1) -> Context:
    caller = Caller("app", user, "user/*.*")
    resources = store.within(scope_of(caller), caller.author)
    return Context(caller, resources, now, new_id, store.cursors, "http://localhost/dstu2")


async def put(here: Context, *resources: dict[str, Any]) -> None:
    for each in resources:
        match = TABLE.match("PUT", f"{each['resourceType']}/{each['id']}")
        await perform(match.interaction, match.fill(Request(body=dump(each))), here)


async def page(here: Context, **query: str) -> tuple[list[str], str]:
    """The ids on a page, and the token of the next."""
    pairs = [(name.rstrip("_") if name.endswith("_") else name, value) for name, value in query.items()]
    bundle = parse((await perform(TIMELINE, Request(query=pairs), here)).body)
    following = [each["url"].partition("_page=")[2] for each in bundle["link"] if each["relation"] == "next"]
    return [each["resource"]["id"] for each in bundle["entry"]], "".join(following)


def observation(id: str, when: str | None, **members: Any) -> dict[str, Any]:
    dated = {"effectiveDateTime": when} if when else {}
    return smallest("Observation", id=id, subject=SUBJECT, **dated, **members)


def tagged(uri: str) -> dict[str, Any]:
    return {"tag": [{"system": "urn:fhirstore:source", "code": uri}]}


@pytest.fixture
async def here(store: Store) -> Context:
    made = context(store)
    await put(
        made,
        observation("noon", "2020-05-01T12:00:00Z", meta=tagged("https://watch.example")),
        observation("lab", "2020-05-01T08:00:00Z", category=LABORATORY, meta=tagged("https://lab.example/a")),
        observation("undated", None),
        smallest("Condition", id="since", patient=SUBJECT, onsetPeriod={"start": "2019-03"}, encounter=VISIT),
        smallest("Encounter", id="visit", patient=SUBJECT, period={"start": "2020-04-30", "end": "2021-01-01"}),
        smallest("Patient", id="p", birthDate="1970-01-01"),
        smallest("Claim", id="claim", patient=SUBJECT, created="2018"),
    )  # fmt: skip
    return made


NEWEST_FIRST = ["noon", "lab", "visit", "since", "claim", "undated", "p"]


async def test_all_types_stand_in_one_order_and_what_has_no_date_comes_last(here: Context) -> None:
    assert (await page(here))[0] == NEWEST_FIRST


async def test_pages_leave_nothing_out_and_repeat_nothing(here: Context) -> None:
    for count in (1, 2, 3):
        ids, token = await page(here, _count=str(count))
        while token:
            more, token = await page(here, _count=str(count), _page=token)
            ids += more
        assert ids == NEWEST_FIRST


NARROWED: list[tuple[dict[str, str], list[str]]] = [
    ({"kind": "measurements"}, ["noon", "undated"]),
    ({"kind": "labs"}, ["lab"]),
    ({"kind": "labs", "type": "Observation"}, ["lab"]),
    ({"kind": "problems"}, ["since"]),
    ({"kind": "people"}, ["p"]),
    ({"kind": "other"}, ["claim"]),
    ({"type": "Encounter"}, ["visit"]),
    ({"source": "https://watch.example"}, ["noon"]),
    ({"source": "https://lab.example/a"}, ["lab"]),
    ({"source": "https://nobody.example"}, []),
    ({"from_": "2020-05-01"}, ["noon", "lab"]),
    ({"from_": "2019", "to": "2020-04"}, ["visit", "since"]),
    ({"to": "2018-06-01"}, ["claim"]),
    ({"about": "Encounter/visit"}, ["since"]),
    ({"about": "Patient/p"}, ["noon", "lab", "visit", "since", "claim", "undated"]),
]
REFUSED = [
    {"kind": "songs"},
    {"type": "Song"},
    {"from_": "soon"},
    {"about": "Song/1"},
    {"about": "Patient"},
    {"x": "1"},
]


async def test_it_is_narrowed_by_kind_source_period_and_reference(here: Context) -> None:
    for query, found in NARROWED:
        assert (await page(here, **query))[0] == found, query


async def test_what_it_does_not_understand_is_refused(here: Context) -> None:
    for query in REFUSED:
        with pytest.raises(BadRequest):
            await page(here, **query)


async def test_a_stranger_sees_nothing_of_it(store: Store, here: Context) -> None:
    assert await page(context(store, 2)) == ([], "")
    assert parse((await perform(SOURCES, Request(), context(store, 2))).body)["entry"] == []


async def test_sources_are_told_once_each(here: Context) -> None:
    entries = parse((await perform(SOURCES, Request(), here)).body)["entry"]
    assert sorted(origin_of(each["resource"]).uri for each in entries) == [
        "https://lab.example/a",
        "https://watch.example",
        "urn:fhirstore:application:app",
    ]


async def test_versions_tell_who_made_them(here: Context) -> None:
    await put(here, smallest("Patient", id="p", birthDate="1971-01-01"))
    told = (await perform(VERSIONS, Request("Patient", "p"), here)).body
    versions = parse(b'{"versions":%b}' % told)["versions"]
    assert [(each["number"], each["client_id"], each["user"]) for each in versions] == [(2, "app", 1), (1, "app", 1)]
    assert [each["resource"]["birthDate"] for each in versions] == ["1971-01-01", "1970-01-01"]
