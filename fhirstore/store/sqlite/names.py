"""The dictionary: each text that an owner's resources are found by has a number, which is what the indexes hold.

A text begins with what sort it is: keys as they are, range names after "[", resource types after "="; "#" before all
that says that it is of contained resources.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fhirstore.store.sqlite.statements import array, insert_all

RANGE, TYPE, CONTAINED = "[", "=", "#"


class Names:
    """The numbers of texts, for the writing connection of a process.

    Rows are never deleted, so what was read once stays true; only what was made in a transaction that was then undone
    must be forgotten. Texts that are new are gathered, and written with the rows that need them.
    """

    def __init__(self, remembered: int = 200_000) -> None:
        self._remembered = remembered
        self._numbers: dict[tuple[int, str], int] = {}
        self._made: dict[int, tuple[int, str]] = {}

    def numbers(self, connection: sqlite3.Connection, owner: int, texts: Sequence[str]) -> list[int]:
        """The numbers of texts, made where they have none yet."""
        try:
            return [self._numbers[owner, text] for text in texts]
        except KeyError:
            self._learn(connection, owner, texts)
        return [self._numbers[owner, text] for text in texts]

    def write(self, connection: sqlite3.Connection, uses: Mapping[int, int], extra: Mapping[int, int]) -> None:
        """Write the new texts, and note that so many more (or fewer) resources use these numbers.

        `extra` counts ranges that stand beside another of their name in one resource.
        """
        made = self._made
        if made:
            rows = [(number, *made[number], uses.get(number, 0), extra.get(number, 0)) for number in made]
            insert_all(connection, "names", rows)
        for column, changes in (("uses", uses), ("extra", extra)):
            others = {number: change for number, change in changes.items() if change and number not in made}
            if others:
                connection.execute(
                    f"UPDATE names SET {column} = {column} + j.value FROM json_each(?) AS j"
                    " WHERE names.id = CAST(j.key AS INTEGER)",
                    (msgspec.json.encode(others).decode(),),
                )
        made.clear()

    def forget(self) -> None:
        self._numbers.clear()
        self._made.clear()

    def _learn(self, connection: sqlite3.Connection, owner: int, texts: Sequence[str]) -> None:
        if len(self._numbers) + len(texts) > self._remembered:
            # What was made and is not written yet is known from nowhere else.
            self._numbers = {key: number for number, key in self._made.items()}
        found = connection.execute(
            "SELECT text, id FROM names WHERE owner = ? AND text IN (SELECT value FROM json_each(?))",
            (owner, array({text for text in texts if (owner, text) not in self._numbers})),
        )
        for text, number in found.fetchall():
            self._numbers[owner, text] = number
        missing = dict.fromkeys(text for text in texts if (owner, text) not in self._numbers)
        if missing:
            for number, text in enumerate(missing, self._next(connection)):
                self._numbers[owner, text] = number
                self._made[number] = (owner, text)

    def _next(self, connection: sqlite3.Connection) -> int:
        """The first number that is free; the file's write lock keeps other processes from taking it."""
        if self._made:
            return next(reversed(self._made)) + 1
        greatest: int | None = connection.execute("SELECT max(id) FROM names").fetchone()[0]
        return (greatest or 0) + 1


def texts_of(connection: sqlite3.Connection, owner: int, numbers: Iterable[int]) -> dict[int, str]:
    """The texts behind numbers."""
    wanted = "[" + ",".join(map(str, set(numbers))) + "]"
    rows = connection.execute(
        "SELECT id, text FROM json_each(?) CROSS JOIN names ON names.id = value AND names.owner = ?", (wanted, owner)
    )
    return dict(rows.fetchall())
