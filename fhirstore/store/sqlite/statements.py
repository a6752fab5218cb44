"""Pieces of SQL with the values bound in them, and how they are put together; rows written many at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import msgspec

Value = str | int

_JOINED = 100
"""So many pieces are joined side by side; more are joined in groups, for SQLite limits how deep a statement nests."""

BESIDE = 8
"""So many values are bound beside one another; more are bound as one, so that a statement's text tells little of how
many there are, and few statements have to be known."""

_ROWS, _STEP = 256, 16


class Sql(NamedTuple):
    """A piece of a statement, and what its question marks stand for. A tuple, for every search makes many."""

    text: str
    values: tuple[Value, ...] = ()


NEVER, ALWAYS = Sql("0"), Sql("1")
NO_ROWS = Sql("SELECT NULL AS rid WHERE 0")


def every(pieces: Sequence[Sql]) -> Sql:
    return _join(" AND ", [piece for piece in pieces if piece is not ALWAYS], ALWAYS)


def either(pieces: Sequence[Sql]) -> Sql:
    return _join(" OR ", [piece for piece in pieces if piece is not NEVER], NEVER)


def union(selects: Sequence[Sql]) -> Sql:
    """The rows of any of these, doubles included."""
    found = [select for select in selects if select is not NO_ROWS]
    if len(found) > _JOINED:
        groups = (found[at : at + _JOINED] for at in range(0, len(found), _JOINED))
        return union([Sql(f"SELECT * FROM ({each.text})", each.values) for each in map(union, groups)])
    if len(found) == 1:
        return found[0]
    text = " UNION ALL ".join([select.text for select in found])
    return Sql(text, _values(found)) if found else NO_ROWS


def array(values: Iterable[Value]) -> str:
    """Values as one bound value, for `json_each`."""
    return msgspec.json.encode(list(values)).decode()


def among(column: str, values: Sequence[Value]) -> Sql:
    """The column has one of these values."""
    if len(values) == 1:
        return Sql(f"{column} = ?", (values[0],))
    if len(values) <= BESIDE:
        return Sql(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))
    return Sql(f"{column} IN (SELECT value FROM json_each(?))", (array(values),))


def insert_all(
    connection: sqlite3.Connection, table: str, rows: Sequence[Sequence[object]], verb: str = "INSERT"
) -> None:
    """Write rows in few statements: after each one, this thread waits until the others of the process let it go on.

    A statement is prepared for each multiple of a step of rows, and for each number below the step, so that any number
    of rows is made of two that are known.
    """
    at = 0
    while at < len(rows):
        left = len(rows) - at
        size = min(left - left % _STEP or left, _ROWS)
        values = list(chain.from_iterable(rows[at : at + size]))
        connection.execute(_insert(verb, table, len(rows[at]), size), values)
        at += size


@cache
def _insert(verb: str, table: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{verb} INTO {table} VALUES {', '.join([row] * rows)}"


def _join(word: str, pieces: Sequence[Sql], none: Sql) -> Sql:
    if len(pieces) > _JOINED:
        groups = (pieces[at : at + _JOINED] for at in range(0, len(pieces), _JOINED))
        return _join(word, [_join(word, group, none) for group in groups], none)
    if len(pieces) == 1:
        return pieces[0]
    text = word.join([piece.text for piece in pieces])
    return Sql(f"({text})", _values(pieces)) if pieces else none


def _values(pieces: Iterable[Sql]) -> tuple[Value, ...]:
    return tuple([value for piece in pieces for value in piece.values])
