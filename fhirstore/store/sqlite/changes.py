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


def make_change(
    connection: sqlite3.Connection, names: Names, owner: int, change: Change, author: Author | None
) -> Version | None:
    return make_changes(connection, names, owner, [change], author)[0]


def make_changes(
    connection: sqlite3.Connection, names: Names, owner: int, changes: Sequence[Change], author: Author | None
) -> list[Version | None]:
    """Write the next version of several different resources; answers the versions that are current then."""
    index = Index(connection, names, owner)
    written = [_make(connection, index, owner, change, author) for change in changes]
    index.finish()
    return written


def _make(
    connection: sqlite3.Connection, index: Index, owner: int, change: Change, author: Author | None
) -> Version | None:
    row = _stored(connection, owner, change.type, change.id)
    current = read_version(row[4:]) if row else deletion(connection, owner, change.type, change.id)
    decided = change.decide(current)
    if decided is None:
        return current
    following = decided.by(author)
    if row is None:
        _end_deletion(connection, owner, current, following)
    if following.deleted:
        _delete(connection, index, owner, row, following)
    elif row is None:
        _insert(connection, index, owner, following)
    else:
        _update(connection, index, owner, row, following)
    return following


_Row = tuple[int, str, str, int, str, str, int, int, Method, bytes, str | None, int | None]


def _stored(connection: sqlite3.Connection, owner: int, type: str, id: str) -> _Row | None:
    row: _Row | None = connection.execute(
        f"SELECT rid, keys, ranges, contains, {COLUMNS} FROM resources WHERE owner = ? AND type = ? AND id = ?",
        (owner, type, id),
    ).fetchone()
    return row


def _insert(connection: sqlite3.Connection, index: Index, owner: int, new: Version) -> None:
    numbered = index.numbered(new.entries)
    rid = connection.execute(
        "INSERT INTO resources (owner, type, id, number, updated, method, rules, keys, ranges, contains, body,"
        " client_id, acting) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(owner, new.type, new.id, new.number, new.updated, new.method, RULES_VERSION),
            *(*numbered.packed(), len(new.entries.contained), new.body, *_author_columns(new)),
        ),
    ).lastrowid
    assert rid is not None
    index.count(new.type, 1)
    enter(index, rid, NONE, numbered, new)


def _update(connection: sqlite3.Connection, index: Index, owner: int, row: _Row, new: Version) -> None:
    rid, keys, ranges, contains, *_ = row
    _keep(connection, owner, row, new)
    numbered = index.numbered(new.entries)
    connection.execute(
        "UPDATE resources SET number = ?, updated = ?, method = ?, rules = ?, keys = ?, ranges = ?, contains = ?,"
        " body = ?, client_id = ?, acting = ? WHERE rid = ? AND owner = ?",
        (
            *(new.number, new.updated, new.method, RULES_VERSION, *numbered.packed()),
            *(len(new.entries.contained), new.body, *_author_columns(new), rid, owner),
        ),
    )
    if contains:
        index.release(rid)
    enter(index, rid, unpack(keys, ranges), numbered, new)


def enter(index: Index, rid: int, old: Numbered, new: Numbered, version: Version) -> None:
    """Renew the index rows of a version, whose own row is written and which contains nothing yet."""
    index.replace(rid, old, new)
    index.words(rid, version.entries.words)
    if version.entries.contained:
        index.contain(rid, version)


def _delete(connection: sqlite3.Connection, index: Index, owner: int, row: _Row | None, new: Version) -> None:
    """A deletion is a version too: it goes straight into the history."""
    if row is not None:
        rid, keys, ranges, contains, *_ = row
        _keep(connection, owner, row, new)
        connection.execute("DELETE FROM resources WHERE rid = ? AND owner = ?", (rid, owner))
        index.count(new.type, -1)
        index.replace(rid, unpack(keys, ranges), NONE)
        index.forget_words(rid)
        if contains:
            index.release(rid)
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


def _end_deletion(connection: sqlite3.Connection, owner: int, current: Version | None, new: Version) -> None:
    if current is not None:
        connection.execute(
            "UPDATE history SET ended = ? WHERE owner = ? AND type = ? AND id = ? AND number = ?",
            (new.updated, owner, current.type, current.id, current.number),
        )
