"""Imports in tests: documents or files into the record of a number, and what came of it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fhirstore.clock import now
from fhirstore.dstu2.levels import Level
from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, tagged
from fhirstore.search.plan import Plan
from fhirstore.store.contract import HistoryQuery, Page, Resources, Store, Version
from fhirstore.store.scope import Scope
from fhirstore.transfer.completing import complete
from fhirstore.transfer.identity import Origin
from fhirstore.transfer.importing import Import, Progress
from fhirstore.transfer.inputs import Input
from fhirstore.transfer.preparing import Rules
from fhirstore.transfer.report import Report

Counts = dict[str, dict[str, int]]


def file(*documents: Mapping[str, Any], name: str = "file") -> Input:
    content = b"\n".join(json.dumps(document).encode() for document in documents)
    return Input(name, len(content), lambda: io.BytesIO(content))


async def run(
    store: Store, inputs: Sequence[Input], source: str = "urn:a", owner: int = 1, level: Level = "official", *,
    whole: bool = False, workers: int = 1,
) -> Report:  # fmt: skip
    async def note(step: Progress) -> bool:
        assert step.done <= step.total
        return True

    resources, report = store.within(Scope(owner)), Report()
    rules = Rules(Origin(owner, source), level)
    survey = await Import(inputs, rules, resources, now, workers=workers, whole=whole).run(note, report=report)
    if whole:
        await complete(survey, rules.origin, resources, now, report)
    return report


async def imported(store: Store, *documents: Mapping[str, Any], **options: Any) -> Counts:
    return (await run(store, [file(*documents)], **options)).counts


async def everything(resources: Resources) -> list[Version]:
    """All versions that there are and were, oldest first."""
    return list((await resources.history(HistoryQuery(count=100_000, oldest_first=True))).versions)


async def there(store: Store, owner: int = 1) -> dict[str, dict[str, Any]]:
    """What is there now, by type and by what its source calls it."""
    found = await store.within(Scope(owner)).find(Plan(()), Page(1000))
    documents = [json.loads(match.version.body) for match in found.matches]
    return {f"{each['resourceType']}/{tagged(each['meta'], ORIGINAL_ID_SYSTEM)[0]}": each for each in documents}
