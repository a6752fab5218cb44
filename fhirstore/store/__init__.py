"""Where everything rests: one contract, two engines, chosen by the database's address."""

from __future__ import annotations

from pathlib import Path

from fhirstore.store.contract import Store


def open_store(
    database: str, *, frugal: bool = False, gathered_reads: bool = True, gathered_creates: bool = True
) -> Store:
    """A store for `sqlite:///path` or `mongodb://…`, not yet connected. Raises ValueError for anything else.

    A `frugal` one keeps little in memory: for who passes through much data once, and comes back to none of it. With
    `gathered_reads`, MongoDB is asked for resources together that are asked for at the same time; with
    `gathered_creates`, it is given new ones together that come at the same time.
    """
    if database.startswith("sqlite:///"):
        from fhirstore.store.sqlite import SqliteStore
        from fhirstore.store.sqlite.connection import AMPLE, FRUGAL

        return SqliteStore(Path(database.removeprefix("sqlite:///")), FRUGAL if frugal else AMPLE)
    if database.startswith(("mongodb://", "mongodb+srv://")):
        # Importing the driver costs a tenth of a second, which the embedded store need not pay.
        from fhirstore.store.mongodb import MongoStore

        return MongoStore(database, gathered_reads=gathered_reads, gathered_creates=gathered_creates)
    raise ValueError("A database is sqlite:///path, mongodb://host… or mongodb+srv://host…")
