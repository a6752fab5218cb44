"""`fhirstore export`: a user's record as NDJSON, or as a Bundle in JSON or XML."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from fhirstore.cli.database import Database, fail, read_settings, with_store
from fhirstore.cli.noting import note_command
from fhirstore.clock import now
from fhirstore.search.kinds.date import interval
from fhirstore.store.contract import Store
from fhirstore.store.scope import Scope
from fhirstore.transfer.exporting import Export, Format, written


def export_record(
    user: Annotated[int, typer.Option("--user", help="Whose record (the user's number, oneup_user_id).")],
    format: Annotated[Format, typer.Option(help="NDJSON, or a Bundle in JSON or XML.")] = "ndjson",
    source: Annotated[str | None, typer.Option("--source", help="Only what came from there (a URI).")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only what changed at this time or later.")] = None,
    history: Annotated[bool, typer.Option("--history", help="All versions and deletions, oldest first.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of standard output.")] = None,
    database: Database = None,
) -> None:
    """Export a user's record. `fhirstore import --restore` brings it back."""
    covered = interval(since) if since is not None else None
    if since is not None and covered is None:
        fail("--since must be a date or a time, such as 2015-02-07T13:28:17Z.")
    settings = read_settings(database=database)
    address = f"{settings.base_url or 'http://localhost'}/dstu2"
    wanted = Export(now(), None, source, covered[0] // 1000 if covered else None, history, address)

    async def run(store: Store) -> None:
        owner = await store.accounts.user(user)
        if owner is None:
            fail("There is no user of this number.")
        await note_command(store, settings, owner, "$export", "read")
        pieces = written(wanted, store.within(Scope(user)), format)
        if output is None:
            await _write(pieces, sys.stdout.buffer)
            return
        # Readable by its owner alone, and there under its name only when it is whole.
        unfinished = output.with_name(output.name + ".part")
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:  # noqa: ASYNC230, PTH123
            await _write(pieces, file)
        unfinished.replace(output)

    try:
        with_store(settings, run)
    except OSError as error:
        fail(f"The export cannot be written: {error.strerror}.")


async def _write(pieces: AsyncIterator[bytes], file: BinaryIO) -> None:
    async for piece in pieces:
        file.write(piece)
    file.flush()
