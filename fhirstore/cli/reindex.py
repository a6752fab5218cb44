"""`fhirstore reindex`: make the search entries of stored resources anew, while the server goes on."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fhirstore.cli.database import Database, read_settings, with_store
from fhirstore.dstu2.json_format import reread
from fhirstore.search.entries import Entries
from fhirstore.search.extract import extract
from fhirstore.store.contract import MakeEntries, Store, Version

STEP = 200


def reindex(
    everything: Annotated[
        bool, typer.Option("--all", help="All resources, not only those with entries by older rules.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Rebuild search entries, online. Stopped at any moment, it goes on where it was: each step is one commit."""
    settings = read_settings(database=database)
    make = _maker(f"{settings.base_url}/dstu2" if settings.base_url else "")

    async def run(store: Store) -> tuple[int, int]:
        return await _all_steps(store, make, everything=everything)

    seen, changed = with_store(settings, run)
    if as_json:
        sys.stdout.write(json.dumps({"seen": seen, "changed": changed}) + "\n")
    else:
        sys.stdout.write(f"{seen:,} resources looked at, {changed:,} of them had other entries.\n")


async def _all_steps(store: Store, make: MakeEntries, *, everything: bool) -> tuple[int, int]:
    seen = changed = 0
    total = None if everything else await store.indexing.outdated()
    with _progress() as progress:
        task = progress.add_task("Reindexing", total=total)
        place = None
        while True:
            step = await store.indexing.reindex(make, place, count=STEP, all=everything)
            seen, changed, place = seen + step.seen, changed + len(step.changed), step.next
            progress.update(task, completed=seen)
            if place is None:
                return seen, changed


def _maker(base: str) -> MakeEntries:
    def make(version: Version) -> Entries:
        return extract(version.type, reread(version.body), base) if not version.deleted else Entries()

    return make


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
