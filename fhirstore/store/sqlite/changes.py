"""Changes made: a resource's next version written, the one before it moved into the history, its entries renewed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fhirstore.caller import Author
from fhirstore.search.entries import RULES_VERSION
from fhirstore.store.contract import Change, Method, Version
from fhirstore.store.sqlite.index import NONE, Index, Numbered, unpack
from fhirstore.store.sqlite.names import Names
from fhirstore.store.sqlite.versions import COLUMNS, NOT_ENDED, deletion, read_version


def make_changes(
    connection: sqlite3.Connection, names: Names, owner: int, changes: Sequence[Change], author: Author | None
) -> list[Version | None]:
    """Write the next version of several different resources; answers the versions that are current then."""
    index = Index(connection, names)
    written = [make_change(connection, index, owner, change, author) for change in changes]
    index.finish()
    return written


def make_change(
    connection: sqlite3.Connection, index: Index, owner: int, change: Change, author: Author | None
) -> Version | None:
    """Write a resource's next version, all but what is gathered in `index`: index rows, and new resources' own.

    A fresh id that is in use is found when its row is written: Raises TakenError, maybe for another change.
    """
    row, current = None, None
    if index.wary or not change.fresh:
        index.write_resources()
        row = _stored(connection, owner, change.type, change.id)
        current = _current(connection, owner, change, row)
    decided = change.decide(current)
    if decided is None:
        return current
    following = decided.by(author)
    if row is None and current is not None:
        _end_deletion(connection, owner, current, following)
    if following.deleted:
        _delete(connection, index, owner, row, following)
    elif row is not None:
        _update(connection, index, owner, row, following)
    else:
        _insert(index, owner, following)
    return following


_Row = tuple[int, str, str, int, str, str, int, int, Method, bytes, str | None, int | None]


def _stored(connection: sqlite3.Connection, owner: int, type: str, id: str) -> _Row | None:
    row: _Row | None = connection.execute(
        f"SELECT rid, keys, ranges, contains, {COLUMNS} FROM resources WHERE owner = ? AND type = ? AND id = ?",
        (owner, type, id),
    ).fetchone()
    return row


def _current(connection: sqlite3.Connection, owner: int, change: Change, row: _Row | None) -> Version | None:
    return read_version(row[4:]) if row else deletion(connection, owner, change.type, change.id)


def _insert(index: Index, owner: int, new: Version) -> None:
    numbered = index.numbered(owner, new.entries)
    rid = index.add(
        (
            *(owner, new.type, new.id, new.number, new.updated, new.method, RULES_VERSION),
            *(*numbered.packed(), len(new.entries.contained), new.body, *_author_columns(new)),
        )
    )
    index.count(owner, new.type, 1)
    enter(index, owner, rid, NONE, numbered, new)


def _update(connection: sqlite3.Connection, index: Index, owner: int, row: _Row, new: Version) -> None:
    rid, keys, ranges, contains, *_ = row
    _keep(connection, owner, row, new)
    numbered = index.numbered(owner, new.entries)
    connection.execute(
        "UPDATE resources SET number = ?, updated = ?, method = ?, rules = ?, keys = ?, ranges = ?, contains = ?,"
        " body = ?, client_id = ?, acting = ? WHERE rid = ? AND owner = ?",
        (
            *(new.number, new.updated, new.method, RULES_VERSION, *numbered.packed()),
            *(len(new.entries.contained), new.body, *_author_columns(new), rid, owner),
        ),
    )
    if contains:
        index.release(owner, rid)
    enter(index, owner, rid, unpack(keys, ranges), numbered, new)


def enter(index: Index, owner: int, rid: int, old: Numbered, new: Numbered, version: Version) -> None:
    """Renew the index rows of a version, whose own row is written and which contains nothing yet."""
    index.replace(owner, rid, old, new)
    index.words(owner, rid, version.entries.words)
    if version.entries.contained:
        index.contain(owner, rid, version)


def _delete(connection: sqlite3.Connection, index: Index, owner: int, row: _Row | None, new: Version) -> None:
    """A deletion is a version too: it goes straight into the history."""
    if row is not None:
        rid, keys, ranges, contains, *_ = row
        _keep(connection, owner, row, new)
        connection.execute("DELETE FROM resources WHERE rid = ? AND owner = ?", (rid, owner))
        index.count(owner, new.type, -1)
        index.replace(owner, rid, unpack(keys, ranges), NONE)
        index.forget_words(owner, rid)
        if contains:
            index.release(owner, rid)
    _remember(connection, owner, NOT_ENDED, new)


def _keep(connection: sqlite3.Connection, owner: int, row: _Row, new: Version) -> None:
    _remember(connection, owner, new.updated, read_version(row[4:]))


def _remember(connection: sqlite3.Connection, owner: int, ended: int, old: Version) -> None:
    connection.execute(
        f"INSERT INTO history (owner, ended, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (owner, ended, old.type, old.id, old.number, old.updated, old.method, old.body, *_author_columns(old)),
    )


def _author_columns(version: Version) -> tuple[str | None, int | None]:
    author = version.author
    return (author.client_id, author.user) if author else (None, None)


def _end_deletion(connection: sqlite3.Connection, owner: int, current: Version, new: Version) -> None:
    connection.execute(
        "UPDATE history SET ended = ? WHERE owner = ? AND type = ? AND id = ? AND number = ?",
        (new.updated, owner, current.type, current.id, current.number),
    )
