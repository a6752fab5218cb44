"""Measure the pure steps of a request, one by one: microseconds of processor time, and how they compare.

Usage: python scripts/bench/micro.py [--rounds N] [--only WORD] [--json]

Each figure is the median over the rounds, in which all steps take turns. On a busy machine trust the last column: how
many times as long as `json.loads` of the same Observation, which is measured in the same rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from seed import observation

from fhirstore.dstu2.json_format import content, parse
from fhirstore.dstu2.levels import judge
from fhirstore.interactions.table import INTERACTIONS, Table
from fhirstore.search.context import Context
from fhirstore.search.extract import extract
from fhirstore.search.query import read_search
from fhirstore.search.words import words_of

BASE = "http://localhost:8000/dstu2"
REFERENCE = "json.loads"
ROUND_SECONDS = 0.01
VARIANTS = 64

SEARCHES = {
    "token": [("code", "http://loinc.org|8480-6")],
    "date range": [("date", "ge2015-01-01"), ("date", "lt2016-01-01")],
    "string": [("subject:Patient.name", "peter")],
    "quantity": [("value-quantity", "gt5.4|http://unitsofmeasure.org|mg/dL")],
}

Step = Callable[[int], Any]


def steps() -> dict[str, Step]:
    """What is measured, by name; each takes a number, by which it chooses among documents that differ."""
    bodies = [json.dumps(observation(n, f"Patient/{n}"), separators=(",", ":")).encode() for n in range(VARIANTS)]
    documents = [{**parse(body), "id": f"{n:028x}"} for n, body in enumerate(bodies)]
    contents = [content(body, parse(body)) for body in bodies]
    context, table = Context(BASE, 1_423_310_897_000_000), Table(INTERACTIONS)
    found: dict[str, Step] = {
        REFERENCE: lambda n: json.loads(bodies[n]),
        "parse": lambda n: parse(bodies[n]),
        "validate": lambda n: judge(documents[n], "official"),
        "extract": lambda n: extract("Observation", documents[n], BASE),
        "words": lambda n: words_of(documents[n]),
        "validate and extract": lambda n: (
            judge(documents[n], "official"),
            extract("Observation", documents[n], BASE),
        ),
        "splice": lambda n: content(bodies[n], documents[n]),
        "stamp": lambda n: contents[n].stamp("a" * 28, 1, "2015-02-07T13:28:17.239Z"),
        "match a path": lambda n: table.match("GET", f"/Observation/{n}"),
    }
    for name, pairs in SEARCHES.items():
        found[f"compile {name}"] = lambda n, pairs=pairs: read_search("Observation", pairs, context)  # type: ignore[misc]
    return found


def microseconds(step: Step, repeats: int) -> float:
    began = time.process_time_ns()
    for repeat in range(repeats):
        step(repeat % VARIANTS)
    return (time.process_time_ns() - began) / repeats / 1000


def measure(rounds: int, word: str) -> list[dict[str, Any]]:
    chosen = {name: step for name, step in steps().items() if name == REFERENCE or word in name}
    # The first calls fill tables; afterwards each step is repeated as often as fits into its share of a round.
    repeats = {}
    for name, step in chosen.items():
        microseconds(step, VARIANTS)
        repeats[name] = max(int(ROUND_SECONDS * 1e6 / microseconds(step, VARIANTS)), VARIANTS)
    taken = [{name: microseconds(step, repeats[name]) for name, step in chosen.items()} for _ in range(rounds)]
    return [
        {
            "step": name,
            "us": round(statistics.median(each[name] for each in taken), 1),
            "times_reference": round(statistics.median(each[name] / each[REFERENCE] for each in taken), 2),
        }
        for name in chosen
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31, help="measurements per figure (default 31)")
    parser.add_argument("--only", default="", metavar="WORD", help="only steps with this word in their name")
    parser.add_argument("--json", action="store_true", help="print one JSON line instead of a table")
    arguments = parser.parse_args()
    rows = measure(arguments.rounds, arguments.only)
    if arguments.json:
        print(json.dumps(rows))
        return
    print(f"{'step':22} {'µs':>8} {'× ' + REFERENCE:>13}")
    for row in rows:
        print(f"{row['step']:22} {row['us']:>8,} {row['times_reference']:>12}x")


if __name__ == "__main__":
    main()
