"""The dictionary: each text that an owner's resources are found by has a number, which is what the indexes hold.

A text begins with what sort it is: keys as they are, range names after "[", resource types after "="; "#" before all
that says that it is of contained resources.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

RANGE, TYPE, CONTAINED = "[", "=", "#"
REMEMBERED = 200_000


class Names:
    """The numbers of texts, for the writing connection of a process.

    Rows are never deleted, so what was read once stays true; only what was made in a transaction that was then undone
    must be forgotten.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}

    def number(self, connection: sqlite3.Connection, owner: int, text: str) -> int:
        """The number of a text, made where it has none yet."""
        number = self._numbers.get((owner, text))
        if number is None:
            number = self._find(connection, owner, text) or self._make(connection, owner, text)
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            self._numbers[owner, text] = number
        return number

    def count(self, connection: sqlite3.Connection, owner: int, uses: Mapping[int, int]) -> None:
        """Note that so many more (or fewer) resources use these numbers."""
        changes = [(change, owner, number) for number, change in uses.items() if change]
        connection.executemany("UPDATE names SET uses = uses + ? WHERE owner = ? AND id = ?", changes)

    def count_extra(self, connection: sqlite3.Connection, owner: int, extra: Mapping[int, int]) -> None:
        """Note that so many more (or fewer) ranges stand beside another of their name in one resource."""
        changes = [(change, owner, number) for number, change in extra.items() if change]
        connection.executemany("UPDATE names SET extra = extra + ? WHERE owner = ? AND id = ?", changes)

    def forget(self) -> None:
        self._numbers.clear()

    def _find(self, connection: sqlite3.Connection, owner: int, text: str) -> int | None:
        row = connection.execute("SELECT id FROM names WHERE owner = ? AND text = ?", (owner, text)).fetchone()
        return int(row[0]) if row else None

    def _make(self, connection: sqlite3.Connection, owner: int, text: str) -> int:
        made = connection.execute("INSERT INTO names (owner, text, uses) VALUES (?, ?, 0)", (owner, text)).lastrowid
        assert made is not None
        return made


def texts_of(connection: sqlite3.Connection, owner: int, numbers: Iterable[int]) -> dict[int, str]:
    """The texts behind numbers."""
    wanted = "[" + ",".join(map(str, set(numbers))) + "]"
    rows = connection.execute(
        "SELECT id, text FROM json_each(?) CROSS JOIN names ON names.id = value AND names.owner = ?", (wanted, owner)
    )
    return dict(rows.fetchall())
