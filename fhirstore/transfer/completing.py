"""A full re-sync completed: what came from a source before, and is no longer there, is deleted. Its history stays."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.clock import Clock
from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, SOURCE_SYSTEM
from fhirstore.search.kinds.token import key_of
from fhirstore.search.plan import AllOf, HasKey, HasPrefix, Plan
from fhirstore.store.contract import Page, Resources
from fhirstore.transfer.identity import Origin
from fhirstore.transfer.report import Report
from fhirstore.transfer.sources import delete_all, is_of
from fhirstore.transfer.survey import Survey

PAGE = 200


async def complete(survey: Survey, origin: Origin, resources: Resources, clock: Clock, report: Report) -> None:
    """Delete what an earlier import of the source brought and this one did not see.

    What could not be read may have been anything, so then nothing is deleted.
    """
    if survey.unread:
        return
    of_source = HasKey((key_of("_tag", SOURCE_SYSTEM, origin.source),))
    imported = HasPrefix(key_of("_tag", ORIGINAL_ID_SYSTEM, ""))
    plan, page = Plan((), AllOf((of_source, imported))), Page(PAGE, total=False)
    while True:
        found = await resources.find(plan, page)
        gone = [
            match.version
            for match in found.matches
            if is_of(origin.source, match.version) and not survey.names(match.version.type, match.version.id)
        ]
        for version in await delete_all(gone, origin.source, resources, clock):
            report.add(version.type, "deleted")
        if found.next is None:
            return
        page = replace(page, after=found.next)
