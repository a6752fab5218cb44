"""Versions read: the current one, any one, the newest of several resources, and pages of history."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from fhirstore.store.contract import NO_ENTRIES, HistoryPage, HistoryQuery, Version, author_of

COLUMNS = "type, id, number, updated, method, body, client_id, acting"
NOT_ENDED = 2**62
"""When a deletion ended that is still current: it rests in the history, where versions have an end."""


def read_version(row: Sequence[Any]) -> Version:
    """A version from its COLUMNS."""
    type, id, number, updated, method, body, client_id, acting = row
    return Version(type, id, number, updated, method, body, NO_ENTRIES, author_of(client_id, acting))


_CURRENT = (
    "SELECT number, updated, method, body, client_id, acting FROM resources WHERE owner = ? AND type = ? AND id = ?"
)


def current(connection: sqlite3.Connection, owner: int, type: str, id: str) -> Version | None:
    row = connection.execute(_CURRENT, (owner, type, id)).fetchone()
    if row is None:
        return deletion(connection, owner, type, id)
    number, updated, method, body, client_id, acting = row
    return Version(type, id, number, updated, method, body, NO_ENTRIES, author_of(client_id, acting))


def deletion(connection: sqlite3.Connection, owner: int, type: str, id: str) -> Version | None:
    """The current version of a resource that is not among `resources`."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM history WHERE owner = ? AND type = ? AND id = ? ORDER BY number DESC LIMIT 1",
        (owner, type, id),
    ).fetchone()
    return row and read_version(row)


def version(connection: sqlite3.Connection, owner: int, type: str, id: str, number: int) -> Version | None:
    where = "WHERE owner = ? AND type = ? AND id = ? AND number = ?"
    row = connection.execute(
        f"SELECT {COLUMNS} FROM resources {where} UNION ALL SELECT {COLUMNS} FROM history {where}",
        (owner, type, id, number) * 2,
    ).fetchone()
    return row and read_version(row)


def current_all(connection: sqlite3.Connection, owner: int, keys: Sequence[tuple[str, str]]) -> list[Version]:
    rows = connection.execute(
        "SELECT r.type, r.id, number, updated, method, body, client_id, acting FROM json_each(?) AS asked"
        " CROSS JOIN resources AS r ON r.owner = ?"
        " AND r.type = json_extract(asked.value, '$[0]') AND r.id = json_extract(asked.value, '$[1]')"
        " ORDER BY asked.key",
        (msgspec.json.encode(keys).decode(), owner),
    )
    return [read_version(row) for row in rows]


def history(connection: sqlite3.Connection, owner: int, query: HistoryQuery) -> HistoryPage:
    where, values = _versions_of(owner, query)
    ended = "" if query.until is None else " AND ended > :until"
    total = 0
    if query.total:
        counts = " + ".join(
            f"(SELECT count(*) FROM {each})" for each in (f"resources WHERE {where}", f"history WHERE {where}{ended}")
        )
        total = connection.execute(f"SELECT {counts}", values).fetchone()[0]
    beyond, order = (">", "ASC") if query.oldest_first else ("<", "DESC")
    if query.after is not None:
        where += f" AND (updated, type, id, number) {beyond} (:after_updated, :after_type, :after_id, :after_number)"
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM resources WHERE {where} UNION ALL SELECT {COLUMNS} FROM history WHERE {where}{ended}"
        f" ORDER BY updated {order}, type {order}, id {order}, number {order} LIMIT :count + 1",
        values,
    ).fetchall()
    return HistoryPage([read_version(row) for row in rows[: query.count]], total, len(rows) > query.count)


def _versions_of(owner: int, query: HistoryQuery) -> tuple[str, dict[str, Any]]:
    conditions = ["owner = :owner"]
    values: dict[str, Any] = {"owner": owner, "count": query.count, "until": query.until}
    for name, comparison in (("type", "type ="), ("id", "id ="), ("since", "updated >="), ("before", "updated <")):
        if (value := getattr(query, name)) is not None:
            conditions.append(f"{comparison} :{name}")
            values[name] = value
    if query.after is not None:
        values |= {f"after_{name}": value for name, value in asdict(query.after).items()}
    return " AND ".join(conditions), values
