"""The first look at all that is to be imported: who is in it, and which of several tellings of one resource counts.

It notes a few dozen bytes for each resource, in files: what it keeps in memory does not grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby

import msgspec

from fhirstore.dstu2.catalog import is_resource_type, resource_types
from fhirstore.dstu2.rewriting import parse_literal
from fhirstore.transfer.identity import Head, Origin, Original, by_content, original_of, read_head
from fhirstore.transfer.records import Record
from fhirstore.transfer.rows import Rows

_NAME, _PLACE, _ORDINAL = 12, 15, 6
_UNDATED = -(2**62)
_UNDATED_DELETION = _UNDATED - 1
_LEAST = _UNDATED - 2
_TYPES = resource_types()
_NUMBERS = {type: number for number, type in enumerate(_TYPES)}


@dataclass(slots=True)
class Survey:
    """What was seen. `records` counts all; `unread` those of which not even the type is known."""

    records: int = 0
    unread: int = 0
    addresses: Rows = field(default_factory=lambda: Rows(_NAME))
    places: Rows = field(default_factory=lambda: Rows(_PLACE))
    losers: Rows = field(default_factory=lambda: Rows(_ORDINAL))

    def address(self, name: str) -> str | None:
        """The reference to what is called so anywhere in the input; None for a name that is nobody's."""
        found = self.addresses.get(_digest(name))
        return f"{_TYPES[found[0]]}/{found[1:].hex()}" if found else None

    def names(self, type: str, id: str) -> bool:
        """Whether a stored resource is among those that came, of a survey of the `whole`."""
        return type in _NUMBERS and self.places.get(_place(type, id)) is not None

    def loses(self, ordinal: int) -> bool:
        """Whether another record tells the same resource, and counts in this one's place."""
        return self.losers.get(_ordinal(ordinal)) is not None


def identify(record: Record, origin: Origin) -> tuple[Head, Original] | None:
    """Who a record is about; None where that cannot be told."""
    if record.method == "DELETE":
        literal = parse_literal(record.url, foreign=True)
        return (Head(literal.type, literal.id), Original(literal.type, literal.id)) if literal else None
    try:
        head = read_head(record.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(head.resourceType, str) or not is_resource_type(head.resourceType):
        return None
    return head, original_of(head, record.body, record.full_url, origin)


def survey(records: Iterator[Record], origin: Origin, *, whole: bool = False) -> Survey:
    """Look at all records once; `whole` has it keep who is among them.

    Of several that tell one resource the one that its source changed last counts, and of equal ones the first: what
    is imported again must come out the same, whatever is stored by then.
    """
    seen, tellings = Survey(), Rows(_PLACE)
    for ordinal, record in enumerate(records):
        seen.records += 1
        found = None if record.issues else identify(record, origin)
        if found is None:
            seen.unread += 1
            continue
        head, original = found
        place = _place(original.type, origin.stored_id(original.type, original.key))
        files = (f"Binary/{original.key}",) if original.type == "Binary" else ()
        for name in (*original.names, *files):
            seen.addresses.add(_digest(name), place)
        undated = _UNDATED_DELETION if record.method == "DELETE" else _UNDATED
        moment = undated if head.updated is None else head.updated
        tellings.add(place, _ordinal(ordinal) + moment.to_bytes(8, "big", signed=True))
        if whole:
            seen.places.add(place, b"")
    tellings.sort()
    for loser in _losers(tellings):
        seen.losers.add(loser, b"")
    tellings.close()
    for rows in (seen.losers, seen.addresses, seen.places):
        rows.sort()
    return seen


def _losers(tellings: Rows) -> Iterator[bytes]:
    for _, rows in groupby(tellings, key=lambda row: row[:_PLACE]):
        latest = _LEAST
        winner = b""
        for ordinal, moment in _dated(rows):
            if not winner:
                winner, latest = ordinal, moment
            elif moment > latest:
                yield winner
                winner, latest = ordinal, moment
            else:
                yield ordinal


def _dated(rows: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """The tellings of one resource, with their moments.

    A history is told from its end: a deletion without a time came after what is told next. Of several deletions, one
    after the other, only the first can count.
    """
    deletion, deletions = b"", 0
    for row in rows:
        ordinal, moment = row[_PLACE:-8], int.from_bytes(row[-8:], "big", signed=True)
        if moment == _UNDATED_DELETION:
            deletion = deletion if deletions else ordinal
            deletions += 1
            if ordinal != deletion:
                yield ordinal, _LEAST
            continue
        if deletions:
            yield deletion, moment + deletions
        yield ordinal, moment
        deletions = 0
    if deletions:
        yield deletion, _UNDATED_DELETION + deletions - 1


def instead(record: Record, original: Original) -> Original | None:
    """Who a record is that lost against another one of its name: itself, where the name was but a guess."""
    return by_content(original.type, record.body) if original.key.startswith("urn:fhirstore:identifier:") else None


def _ordinal(number: int) -> bytes:
    return number.to_bytes(_ORDINAL, "big")


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_NAME).digest()


def _place(type: str, id: str) -> bytes:
    return bytes([_NUMBERS[type]]) + bytes.fromhex(id)
