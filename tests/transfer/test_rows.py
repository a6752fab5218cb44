"""Rows are found by how they begin, however many there are, and also in another process."""

from __future__ import annotations

import pickle
import random

import pytest

from fhirstore.transfer.rows import Rows


@pytest.mark.parametrize("count", [0, 1, 300, 30_000])
def test_every_row_is_found_and_nothing_else(count: int) -> None:
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
