"""Pieces of SQL with the values bound in them, and how they are put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

Value = str | int

_JOINED = 100
"""So many pieces are joined side by side; more are joined in groups, for SQLite limits how deep a statement nests."""


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement, and what its question marks stand for."""

    text: str
    values: tuple[Value, ...] = ()


NEVER, ALWAYS = Sql("0"), Sql("1")
NO_ROWS = Sql("SELECT NULL WHERE 0")


def every(pieces: Sequence[Sql]) -> Sql:
    return _join(" AND ", [piece for piece in pieces if piece != ALWAYS], ALWAYS)


def either(pieces: Sequence[Sql]) -> Sql:
    return _join(" OR ", [piece for piece in pieces if piece != NEVER], NEVER)


def union(selects: Sequence[Sql]) -> Sql:
    """The rows of any of these, doubles included."""
    found = [select for select in selects if select != NO_ROWS]
    if len(found) > _JOINED:
        groups = (found[at : at + _JOINED] for at in range(0, len(found), _JOINED))
        return union([Sql(f"SELECT * FROM ({each.text})", each.values) for each in map(union, groups)])
    text = " UNION ALL ".join(select.text for select in found)
    return Sql(text, _values(found)) if found else NO_ROWS


def array(values: Iterable[Value]) -> str:
    """Values as one bound value, for `json_each`."""
    return msgspec.json.encode(list(values)).decode()


def among(column: str, values: Sequence[Value]) -> Sql:
    """The column has one of these values."""
    if len(values) == 1:
        return Sql(f"{column} = ?", (values[0],))
    return Sql(f"{column} IN (SELECT value FROM json_each(?))", (array(values),))


def _join(word: str, pieces: Sequence[Sql], none: Sql) -> Sql:
    if len(pieces) > _JOINED:
        groups = (pieces[at : at + _JOINED] for at in range(0, len(pieces), _JOINED))
        return _join(word, [_join(word, group, none) for group in groups], none)
    if len(pieces) == 1:
        return pieces[0]
    text = word.join(piece.text for piece in pieces)
    return Sql(f"({text})", _values(pieces)) if pieces else none


def _values(pieces: Iterable[Sql]) -> tuple[Value, ...]:
    return tuple(value for piece in pieces for value in piece.values)
