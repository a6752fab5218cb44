"""$unified (ours): a record as one, each fact once, every resource that states it beside it, conflicts as conflicts.

A page is a Bundle of type searchset. Its matches are Parameters, one for each fact; its includes are the resources
that state the facts, untouched. Nothing is stored, so that taking back a judgement or a source takes back its effect;
what was worked out for one page serves the next, until anything in the record changes. The first page counts all
facts; the others pass its total on, and read no further than they show.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import dump
from fhirstore.errors import BadRequest, Issue, NotFound
from fhirstore.interactions.bundles import bundle, search_entries, search_entry
from fhirstore.interactions.paging import Asked, page_size
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.simple_parameters import asked_of
from fhirstore.interactions.unified_facts import Contribution, UnifiedFact
from fhirstore.interactions.unified_record import RecordReading, Shown, kinds, open_record, shown
from fhirstore.search.kinds.date import interval
from fhirstore.search.query import PAGE
from fhirstore.store.cursors import Place
from fhirstore.unified.conflicts import Conflict
from fhirstore.unified.panels import PartOf

COUNT = 50
_PARAMETERS = ("kind", "_since", "_count", PAGE)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`kinds` None for all; `since` in microseconds; `count` facts after `after`: kind, place in it, total."""

    kinds: Collection[str] | None
    since: int | None
    count: int
    after: Place | None


async def unified(request: Request, context: Context) -> Reply:
    """A page of facts: of everybody in the record, or of the person that one Patient is.

    Raises NotFound where the Patient is not there, BadRequest for a parameter that it does not have.
    """
    asked, wanted = _asked(request, context)
    view = await context.view()
    async with view.lock:
        reading = await open_record(context.resources, view)
        person = None
        if request.id:
            person = reading.person(f"{request.type}/{request.id}")
            if person is None:
                raise NotFound(f"There is no {request.type} with this id.")
        facts, following, total = await _page(reading, wanted, person)
    found = await shown(context.resources, facts)
    matches = [_fact_entry(each) for each in found]
    versions = {name: version for each in found for name, version in each.versions.items()}
    includes = search_entries(context.base, ((name, each.body) for name, each in versions.items()), "include")
    links = asked.links(context, following, len(facts))
    return Reply(200, bundle("searchset", [*matches, *includes], links, total))


def _asked(request: Request, context: Context) -> tuple[Asked, _Wanted]:
    given = asked_of(request)
    for name, _ in given:
        if name not in _PARAMETERS:
            raise BadRequest(f"$unified has no parameter {name[:64]!r}; it has kind, _since and _count.")
    own = dict(given)
    count = page_size(own.get("_count"), COUNT, context.limits)
    path = "/".join(part for part in (context.base, request.type, request.id, "$unified") if part)
    asked = Asked(path, [pair for pair in given if pair[0] != PAGE], count, own.get(PAGE))
    return asked, _Wanted(_kinds(own.get("kind")), _since(own.get("_since")), count, asked.place(context))


def _kinds(text: str | None) -> Collection[str] | None:
    if text is None:
        return None
    asked = text.split(",")
    if not set(asked) <= set(kinds()):
        reason = "kind must be types of a patient's record with commas between them, such as Observation,Condition."
        raise BadRequest(reason, [Issue("error", "value", reason)])
    return asked


def _since(text: str | None) -> int | None:
    if text is None:
        return None
    covered = interval(text)
    if covered is None:
        raise BadRequest("_since must be a date.")
    return covered[0]


async def _page(
    reading: RecordReading, wanted: _Wanted, person: str | None
) -> tuple[Sequence[UnifiedFact], Place | None, int]:
    """The facts of a page, the place that the next one follows, and how many there are on all pages together."""
    if wanted.after is None:
        return await _first_page(reading, wanted, person)
    total = wanted.after[-1]
    assert isinstance(total, int)
    page, order = list[UnifiedFact](), {kind: number for number, kind in enumerate(kinds())}
    names = kinds() if wanted.kinds is None else wanted.kinds
    async for facts in reading.facts([kind for kind in names if order[kind] >= order[str(wanted.after[0])]]):
        behind = _behind(facts, wanted.after) if facts and facts[0].kind == wanted.after[0] else facts
        page += islice((fact for fact in behind if _is_wanted(fact, wanted, person)), wanted.count + 1 - len(page))
        if len(page) > wanted.count:
            break
    return page[: wanted.count], _following(page, wanted.count, total), total


async def _first_page(
    reading: RecordReading, wanted: _Wanted, person: str | None
) -> tuple[Sequence[UnifiedFact], Place | None, int]:
    page, total = list[UnifiedFact](), 0
    async for facts in reading.facts(wanted.kinds):
        is_all = person is None and wanted.since is None
        found = facts if is_all else [fact for fact in facts if _is_wanted(fact, wanted, person)]
        total += len(found)
        page += found[: wanted.count + 1 - len(page)]
    return page[: wanted.count], _following(page, wanted.count, total), total


def _following(page: Sequence[UnifiedFact], count: int, total: int) -> Place | None:
    """The place of the last fact that is shown, where there are more."""
    last = page[count - 1] if 0 < count < len(page) else None
    return (last.kind, *last.place, total) if last is not None else None


def _behind(facts: Sequence[UnifiedFact], after: Place) -> Sequence[UnifiedFact]:
    """The facts of the kind of a place that stand behind it."""
    return facts[bisect_right(facts, (after[1], after[2]), key=lambda fact: fact.place) :]


def _is_wanted(fact: UnifiedFact, wanted: _Wanted, person: str | None) -> bool:
    if person is not None and fact.person != person:
        return False
    return wanted.since is None or fact.updated * 1000 >= wanted.since


def _fact_entry(each: Shown) -> bytes:
    reference = each.fact.reference
    # Not the resource's own address: a fact has none, and is known by what states it.
    return search_entry(f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:fhirstore:fact:{reference}')}", _fact(each), "match")


def _fact(each: Shown) -> bytes:
    """A fact as Parameters: kind, person, statement, every contribution with its reason, every conflict; of what is
    told as a part of a panel the panel, of a panel the parts."""
    fact = each.fact
    statement = {"reference": fact.reference} | ({"display": fact.label} if fact.label.strip() else {})
    parameters = [
        {"name": "kind", "valueCode": fact.kind},
        *([{"name": "person", "valueReference": {"reference": fact.person}}] if fact.person else []),
        {"name": "statement", "valueReference": statement},
        *({"name": "contribution", "part": list(_contribution(member))} for member in fact.members),
        *({"name": "conflict", "part": list(_conflict(found))} for found in each.conflicts),
        *([{"name": "part-of", "part": list(_part_of(fact.part_of))}] if fact.part_of else []),
        *({"name": "part", "valueReference": {"reference": part}} for part in fact.parts),
    ]
    return dump({"resourceType": "Parameters", "parameter": parameters})


def _contribution(member: Contribution) -> Iterator[Mapping[str, Any]]:
    yield {"name": "resource", "valueReference": {"reference": member.reference}}
    if member.source:
        yield {"name": "source", "valueUri": member.source}
    if member.original:
        yield {"name": "original-id", "valueString": member.original}
    if member.reason:
        yield {"name": "reason", "valueString": member.reason}
        yield {"name": "same-as", "valueReference": {"reference": member.same_as}}


def _part_of(found: PartOf) -> Iterator[Mapping[str, Any]]:
    yield {"name": "statement", "valueReference": {"reference": found.panel}}
    yield {"name": "reason", "valueString": found.reason}


def _conflict(found: Conflict) -> Iterator[Mapping[str, Any]]:
    yield {"name": "element", "valueString": found.element}
    for said in found.values:
        source = {"name": "resource", "valueReference": {"reference": said.reference}}
        yield {"name": "value", "part": [source, {"name": "value", **_value(said.type, said.value)}]}


def _value(type_: str, value: Any) -> Mapping[str, Any]:
    """A value under the name that Parameters have for its type; of a type that they do not have, its JSON."""
    name = f"value{type_[:1].upper()}{type_[1:]}"
    known = next(each for each in catalog.elements("Parameters.parameter") if each.name == "value")
    if name in known.json_names:
        return {name: value}
    return {"valueString": msgspec.json.encode(str(value)).decode()[:1000]}
