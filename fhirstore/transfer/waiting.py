"""References to what has not come yet: resolved by what came earlier, and remembered until the rest comes.

A temporary name (`urn:uuid:…`) tells no type, so a reference by it cannot be led to its target's place beforehand.
The resource that holds it carries a tag that says so, by which it is found when the target comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from msgspec import structs

from fhirstore.clock import Clock, instant
from fhirstore.dstu2.json_format import content_of, parse
from fhirstore.dstu2.rewriting import Kind, parse_literal, rewrite
from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, source_of, tagged
from fhirstore.interactions.incoming import entries_of
from fhirstore.search.kinds.token import key_of
from fhirstore.search.plan import HasKey, HasPrefix, Plan
from fhirstore.store.contract import Change, Page, Resources, Version
from fhirstore.transfer.identity import TEMPORARY
from fhirstore.transfer.preparing import WAITING_SYSTEM, Addresses, Rules

_TOGETHER = 100
_PAGE = 200


async def known_names(names: Iterable[str], rules: Rules, resources: Resources) -> dict[str, str]:
    """Where those rest that came earlier under temporary names, and files by their addresses, as references."""
    known: dict[str, str] = {}
    for some in _some(names):
        asked: dict[str, set[str]] = defaultdict(set)
        for name in some:
            asked[name].add(name)
            asked[_bare(name)].add(name)
        plan = Plan((), HasKey(tuple(key_of("_tag", ORIGINAL_ID_SYSTEM, own) for own in asked)))
        async for version, meta in _found(plan, rules, resources):
            for name in {name for own in tagged(meta, ORIGINAL_ID_SYSTEM) for name in asked.get(own, ())}:
                if version.type == "Binary" or name.startswith(TEMPORARY):
                    known[name] = f"{version.type}/{version.id}"
    return known


async def something_waits(resources: Resources) -> bool:
    """Whether any resource waits for anything: mostly none does, and nobody need be looked for."""
    plan = Plan((), HasPrefix(key_of("_tag", WAITING_SYSTEM, "")))
    return bool((await resources.find(plan, Page(1, total=False))).matches)


async def resolve_waiting(came: Mapping[str, str], rules: Rules, resources: Resources, clock: Clock) -> int:
    """Lead the references of those that waited to what has come (temporary names → references); how many they were."""
    resolved = 0
    for some in _some(came):
        plan = Plan((), HasKey(tuple(key_of("_tag", WAITING_SYSTEM, name) for name in some)))
        waiting = [version async for version, _ in _found(plan, rules, resources)]
        resolved += len(waiting)
        await resources.change_all([_resolving(version, came, rules, clock) for version in waiting])
    return resolved


def _resolving(waiting: Version, came: Addresses, rules: Rules, clock: Clock) -> Change:
    def led(_: Kind, text: str) -> str:
        name, mark, fragment = text.partition("#")
        return came[name] + mark + fragment if name in came else text

    def decide(current: Version | None) -> Version | None:
        if current is None or current.deleted:
            return None
        document = rewrite(parse(current.body), led)
        content = content_of(document)
        tags = [tag for tag in content.meta.get("tag", ()) if not _is_done(tag, came)]
        content = structs.replace(content, meta={**content.meta, "tag": tags})
        number, now = current.number + 1, max(clock(), current.updated)
        body = content.stamp(current.id, number, instant(now))
        entries = entries_of(document, content.meta, current.id, rules.address)
        return Version(current.type, current.id, number, now, "PUT", body, entries)

    return Change(waiting.type, waiting.id, decide)


def _is_done(tag: Mapping[str, object], came: Addresses) -> bool:
    return tag.get("system") == WAITING_SYSTEM and tag.get("code") in came


async def _found(plan: Plan, rules: Rules, resources: Resources):  # type: ignore[no-untyped-def]
    """What is found of the same source, with its meta."""
    page = Page(_PAGE, total=False)
    while True:
        found = await resources.find(plan, page)
        for match in found.matches:
            meta = parse(match.version.body).get("meta") or {}
            if source_of(meta) == rules.origin.source:
                yield match.version, meta
        if found.next is None:
            return
        page = replace(page, after=found.next)


def _bare(name: str) -> str:
    literal = parse_literal(name, foreign=True)
    return literal.id if literal else next(name.removeprefix(each) for each in TEMPORARY if name.startswith(each))


def _some(names: Iterable[str]) -> Iterator[Sequence[str]]:
    rest = iter(names)
    while some := list(islice(rest, _TOGETHER)):
        yield some
