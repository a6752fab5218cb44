"""Connections to the database file: one way to open it, so that each is durable and waits its turn."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from fhirstore.errors import Unavailable
from fhirstore.store.sqlite.schema import INDEXES, SCHEMA_VERSION, TABLES

PATIENCE_SECONDS = 30
LOG_PAGES = 4000


@dataclass(frozen=True, slots=True)
class Memory:
    """How much a process keeps: `pages` of each connection in KiB, so many `mapped` bytes of the file, and `names`."""

    pages: int
    mapped: int
    names: int


AMPLE, FRUGAL = Memory(16384, 2**30, 200_000), Memory(4096, 0, 8_000)


def connect(path: Path, memory: Memory = AMPLE, *, writing: bool = True) -> sqlite3.Connection:
    """Open the file; statements run outside of transactions until one is begun."""
    connection = sqlite3.connect(
        path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL makes each commit wait for the disk: an acknowledged write survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{memory.pages}")
    connection.execute("PRAGMA temp_store = MEMORY")
    # The pages of an index are written by commit after commit: the longer they wait in the log, the fewer are copied
    # from it into the file. A third of a create's writing is saved by four times SQLite's own number.
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    if not writing:
        connection.execute("PRAGMA query_only = ON")
        # Reading from the file's own pages saves copying each into this connection's memory.
        connection.execute(f"PRAGMA mmap_size = {memory.mapped}")
    return connection


def prepare(path: Path) -> None:
    """Make the file, readable by its owner alone, and what is missing in it. Raises Unavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = connect(path)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The database file cannot be opened: {error}.") from error
    try:
        _create(connection)
    except sqlite3.Error as error:
        raise Unavailable(f"The database file cannot be used: {error}.") from error
    finally:
        connection.close()


def _create(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == SCHEMA_VERSION:
        return
    if found > SCHEMA_VERSION:
        raise Unavailable("The database file was written by a newer fhirstore.")
    connection.execute("BEGIN IMMEDIATE")
    for statement in (*TABLES.split(";\n"), *INDEXES.values()):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
