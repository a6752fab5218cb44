"""Rows are found by how they begin, however many there are, and also in another process."""

from __future__ import annotations

import pickle
import random

import pytest

from fhirstore.transfer import rows as rows_
from fhirstore.transfer.rows import Rows


@pytest.mark.parametrize(
    ("count", "run", "ways"), [(0, 9, 9), (1, 9, 9), (300, 300, 2), (3_000, 7, 3), (9_000, 8192, 64)]
)
def test_every_row_is_found_and_nothing_else(count: int, run: int, ways: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they are sorted at once, or in many runs that are merged a few at a time."""
    monkeypatch.setattr(rows_, "_RUN", run)
    monkeypatch.setattr(rows_, "_WAYS", ways)
    monkeypatch.setattr(rows_, "_FENCES", 20)
    chance, rows, held = random.Random(count), Rows(12), {}
    for _ in range(count):
        key = chance.randbytes(12)
        held[key] = chance.randbytes(15)
        rows.add(key, held[key])
    rows.sort()
    for each in (rows, pickle.loads(pickle.dumps(rows))):
        assert sorted(each) == sorted(key + rest for key, rest in held.items())
        assert all(each.get(key) == rest for key, rest in held.items())
        assert all(each.get(chance.randbytes(12)) is None for _ in range(100))


def test_rows_of_one_key_stand_beside_each_other_in_order() -> None:
    rows = Rows(2)
    for rest in (b"c", b"a", b"b"):
        rows.add(b"xy", rest)
        rows.add(b"ay", rest)
    rows.sort()
    assert list(rows) == [b"aya", b"ayb", b"ayc", b"xya", b"xyb", b"xyc"]
    assert rows.get(b"xy") == b"a"
    rows.close()
    assert rows.get(b"xy") is None
