"""Measure the pure steps of a request, one by one, by pytest-benchmark.

    python scripts/bench/micro.py                         all steps
    python scripts/bench/micro.py -k "compile or extract" some
    python scripts/bench/micro.py --benchmark-json out.json

Arguments go to pytest. On a busy machine trust the least times, and the factors behind them: how many times as long as
the fastest step. `json.loads` of the same Observation is among them, to compare machines by.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from seed import observation

from fhirstore.dstu2.json_format import Content, content, parse
from fhirstore.dstu2.levels import judge
from fhirstore.interactions.table import INTERACTIONS, Table
from fhirstore.search.context import Context
from fhirstore.search.entries import Entries
from fhirstore.search.extract import extract
from fhirstore.search.query import read_search
from fhirstore.search.words import words_of

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

BASE = "http://localhost:8000/dstu2"
VARIANTS = 64
CONTEXT, TABLE = Context(BASE, 1_423_310_897_000_000), Table(INTERACTIONS)
QUERIES = {
    "token": [("code", "http://loinc.org|8480-6")],
    "date range": [("date", "ge2015-01-01"), ("date", "lt2016-01-01")],
    "chain": [("subject:Patient.name", "peter")],
    "quantity": [("value-quantity", "gt5.4|http://unitsofmeasure.org|mg/dL")],
}

Step = Callable[[int], object]


@cache
def body(number: int) -> bytes:
    """An Observation of about a kilobyte; there are `VARIANTS` different ones."""
    return json.dumps(observation(number, f"Patient/{number}"), separators=(",", ":")).encode()


@cache
def document(number: int) -> dict[str, Any]:
    return {**parse(body(number)), "id": f"{number:028x}"}


@cache
def taken_apart(number: int) -> Content:
    return content(body(number), document(number))


def _validate_and_extract(number: int) -> Entries:
    assert not judge(document(number), "official")
    return extract("Observation", document(number), BASE)


STEPS: dict[str, Step] = {
    "json.loads, to compare by": lambda n: json.loads(body(n)),
    "parse": lambda n: parse(body(n)),
    "validate": lambda n: judge(document(n), "official"),
    "extract": lambda n: extract("Observation", document(n), BASE),
    "words": lambda n: words_of(document(n)),
    "validate and extract": _validate_and_extract,
    "splice": lambda n: content(body(n), document(n)),
    "stamp": lambda n: taken_apart(n).stamp("a" * 28, 1, "2015-02-07T13:28:17.239Z"),
    "match a path": lambda n: TABLE.match("GET", f"/Observation/{n}"),
}


def _measure(benchmark: BenchmarkFixture, step: Step) -> None:
    numbers = cycle(range(VARIANTS))
    for number in range(VARIANTS):
        step(number)  # the first calls fill tables
    assert benchmark(lambda: step(next(numbers))) is not None


@pytest.mark.parametrize("name", STEPS)
def test_step(benchmark: BenchmarkFixture, name: str) -> None:
    _measure(benchmark, STEPS[name])


@pytest.mark.parametrize("name", QUERIES)
def test_compile(benchmark: BenchmarkFixture, name: str) -> None:
    _measure(benchmark, lambda _: read_search("Observation", QUERIES[name], CONTEXT))


if __name__ == "__main__":
    shown = ["--benchmark-columns=min,median,iqr,ops", "--benchmark-sort=min", "--benchmark-timer=time.process_time"]
    sys.exit(pytest.main([__file__, "-q", *shown, *sys.argv[1:]]))
