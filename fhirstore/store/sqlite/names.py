"""The dictionary: each text that an owner's resources are found by has a number, which is what the indexes hold.

A text begins with what sort it is: keys as they are, range names after "[", resource types after "="; "#" before all
that says that it is of contained resources.

One number often has a range under several names: a quantity's own, that with its unit, those together with a code. Such
names, in a set, have one number more, and the range one row under it. The set's text is "{" and its members' numbers;
`sets` of each member names it. `spans` tells in which classes of width a name ever had ranges: a bit for each.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fhirstore.store.sqlite.statements import array, insert_all

RANGE, TYPE, CONTAINED, SET = "[", "=", "#", "{"

SETS_EACH = 32
"""In so many sets a name may be: a search for it looks into each. From then on its ranges have rows of their own."""


class Names:
    """The numbers of texts, for the writing connection of a process.

    Rows are never deleted, so what was read once stays true; only what was made in a transaction that was then undone
    must be forgotten. Texts that are new are gathered, and written with the rows that need them.
    """

    def __init__(self, remembered: int = 200_000) -> None:
        self._remembered = remembered
        self._numbers: dict[tuple[int, str], int] = {}
        self._made: dict[int, tuple[int, str]] = {}
        self._together: dict[tuple[int, str, tuple[str, ...]], tuple[int, ...]] = {}
        self._members: dict[int, tuple[int, ...]] = {}
        self._sets: dict[int, list[int]] = {}
        """The sets of names that are in new ones."""
        self._spread: set[tuple[int, int]] = set()
        self._spans: defaultdict[int, int] = defaultdict(int)

    def numbers(self, connection: sqlite3.Connection, owner: int, texts: Sequence[str]) -> list[int]:
        """The numbers of texts, made where they have none yet."""
        try:
            return [self._numbers[owner, text] for text in texts]
        except KeyError:
            self._learn(connection, owner, texts)
            missing = dict.fromkeys(text for text in texts if (owner, text) not in self._numbers)
            if missing:
                self._make(connection, owner, missing)
        return [self._numbers[owner, text] for text in texts]

    def together(
        self, connection: sqlite3.Connection, owner: int, mark: str, names: tuple[str, ...]
    ) -> tuple[int, ...]:
        """The numbers under which a range stands that has all these names behind a mark: few, and mostly one."""
        found = self._together.get((owner, mark, names))
        if found is None:
            if len(self._together) > self._remembered // 8:
                self._forget_sets()
            members = sorted(self.numbers(connection, owner, [mark + name for name in names]))
            found = self._together[owner, mark, names] = self._join(connection, owner, members)
        return found

    def spread(self, connection: sqlite3.Connection, number: int, span: int) -> None:
        """Note that a name, or those of a set, have a range of this class of width."""
        if (number, span) not in self._spread:
            self._spread.add((number, span))
            for name in self.members(connection, number):
                self._spans[name] |= 1 << span

    def members(self, connection: sqlite3.Connection, number: int) -> tuple[int, ...]:
        """The numbers of the names in a set; of any other name, its own."""
        found = self._members.get(number)
        if found is None:
            made = (
                self._made.get(number)
                or connection.execute("SELECT owner, text FROM names WHERE id = ?", (number,)).fetchone()
            )
            text = made[1]
            found = tuple(map(int, text[1:].split(","))) if text[0] == SET else (number,)
            self._members[number] = found
        return found

    def write(self, connection: sqlite3.Connection, uses: Mapping[int, int], extra: Mapping[int, int]) -> None:
        """Write the new texts, and note that so many more (or fewer) resources use these numbers.

        `extra` counts ranges that stand beside another of their name in one resource.
        """
        made, sets, spans = self._made, self._sets, self._spans
        if made:
            rows = [
                (number, *text, uses.get(number, 0), extra.get(number, 0), _list(sets.get(number, ())), spans[number])
                for number, text in made.items()
            ]
            insert_all(connection, "names", rows)
        for column, changes in (("uses", uses), ("extra", extra)):
            others = {number: change for number, change in changes.items() if change and number not in made}
            if others:
                connection.execute(
                    f"UPDATE names SET {column} = {column} + j.value FROM json_each(?) AS j"
                    " WHERE names.id = CAST(j.key AS INTEGER)",
                    (msgspec.json.encode(others).decode(),),
                )
        for number in sets.keys() - made.keys():
            connection.execute("UPDATE names SET sets = ? WHERE id = ?", (_list(sets[number]), number))
        for number in spans.keys() - made.keys():
            row = (spans[number], number)
            connection.execute("UPDATE names SET spans = spans | ?1 WHERE id = ?2 AND spans & ?1 <> ?1", row)
        made.clear()
        sets.clear()
        spans.clear()

    def forget(self) -> None:
        self._numbers.clear()
        self._made.clear()
        self._sets.clear()
        self._spans.clear()
        self._forget_sets()

    def _forget_sets(self) -> None:
        self._together.clear()
        self._members.clear()
        self._spread.clear()

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

    def _make(self, connection: sqlite3.Connection, owner: int, texts: Iterable[str]) -> None:
        for number, text in enumerate(texts, self._next(connection)):
            self._numbers[owner, text] = number
            self._made[number] = (owner, text)

    def _next(self, connection: sqlite3.Connection) -> int:
        """The first number that is free; the file's write lock keeps other processes from taking it."""
        if self._made:
            return next(reversed(self._made)) + 1
        greatest: int | None = connection.execute("SELECT max(id) FROM names").fetchone()[0]
        return (greatest or 0) + 1

    def _join(self, connection: sqlite3.Connection, owner: int, members: Sequence[int]) -> tuple[int, ...]:
        """The number of a set, made where there is room for it, and those of the names that are in too many already."""
        if len(members) == 1:
            return (members[0],)
        text = SET + ",".join(map(str, members))
        self._learn(connection, owner, (text,))
        if (owner, text) in self._numbers:
            return (self._numbers[owner, text],)
        sets = self._sets_of(connection, members)
        full = [member for member in members if len(sets[member]) >= SETS_EACH]
        if full:
            free = [member for member in members if member not in full]
            return (*(self._join(connection, owner, free) if free else ()), *full)
        self._make(connection, owner, (text,))
        number = self._numbers[owner, text]
        self._sets |= {member: [*sets[member], number] for member in members}
        return (number,)

    def _sets_of(self, connection: sqlite3.Connection, members: Sequence[int]) -> dict[int, list[int]]:
        found = connection.execute(
            "SELECT id, sets FROM names WHERE id IN (SELECT value FROM json_each(?))", (_list(members),)
        )
        known = {number: _decode(sets) for number, sets in found}
        return {member: self._sets.get(member, known.get(member, [])) for member in members}


def _list(numbers: Sequence[int]) -> str:
    return msgspec.json.encode(numbers).decode()


_decode = msgspec.json.Decoder(list[int]).decode
