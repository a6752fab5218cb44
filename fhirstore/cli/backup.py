"""`fhirstore backup`: the embedded store's file copied, while the server goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fhirstore.cli.database import Database, existing_file, fail, read_settings
from fhirstore.errors import Failure
from fhirstore.store.sqlite.backup import back_up


def backup(
    copy: Annotated[Path, typer.Argument(help="The file to make, or to replace.", metavar="COPY")],
    database: Database = None,
) -> None:
    """Copy the database file while the server goes on. To restore, put the copy in its place."""
    file = existing_file(read_settings(database=database))
    if file is None:
        fail("MongoDB is backed up by its own tools, such as mongodump.")
    if copy.exists() and copy.samefile(file):
        fail("The copy must be another file than the database.")
    try:
        back_up(file, copy)
    except Failure as failure:
        fail(failure.reason)
