"""Measure the server as its clients meet it: one command that starts it, loads records, and tells what they cost.

    python scripts/bench/server.py                       everything, on the embedded store
    python scripts/bench/server.py --only read create    two workloads
    python scripts/bench/server.py --workers 2 --database mongodb://localhost/bench
    python scripts/bench/server.py --against http://localhost:8080/baseDstu2

With --against the same records and requests go to another DSTU2 server as well, workload by workload in turn, and the
table ends in ratios of this one run. Rates depend on the machine and on who else uses it: trust ratios, and the
microseconds of processor time that the server spends on a request. `client` is the share of a core that the load
generator used; a figure with more than 0.8 there measures the generator.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import load
import report
from targets import Target, ceiling, fhirstore, other
from workloads import WORKLOADS, Seeded, Workload, seed


@dataclass(frozen=True)
class Plan:
    """How to measure: which workloads, at how many connections, for how many seconds each."""

    workloads: tuple[Workload, ...]
    connections: tuple[int, ...]
    seconds: float


def measure(target: Target, name: str, requests: list[bytes], plan: Plan, weight: int, once: bool) -> list[report.Row]:
    rows = []
    share = len(requests) // len(plan.connections)
    for position, connections in enumerate(plan.connections):
        sent = requests[position * share : (position + 1) * share] if once else requests
        before = target.processor_seconds()
        outcome = load.run(load.Load(*target.host, sent, connections, plan.seconds, once))
        used = target.processor_seconds() - before
        wrong = {status: count for status, count in outcome.statuses.items() if status >= 400}
        if wrong or not outcome.taken:
            raise RuntimeError(f"{target.name} refused {name}: {wrong}")
        rows.append(
            report.Row(
                target=target.name,
                workload=name,
                connections=connections,
                rate=round(outcome.rate, 1),
                p50_ms=round(outcome.percentile(50) * 1000, 2),
                p99_ms=round(outcome.percentile(99) * 1000, 2),
                processor_us=round(used / len(outcome.taken) * 1e6) if target.group else None,
                bytes=outcome.received // len(outcome.taken),
                resources=round(outcome.rate * weight) if weight > 1 else None,
                client=round(outcome.busy, 2),
            )
        )
    return rows


def measure_all(seeded: list[Seeded], top: Target, plan: Plan) -> list[report.Row]:
    """Workload by workload, each target in turn: what else the machine does burdens them alike."""
    rows = measure(top, report.CEILING, [top.raw("GET", "/Observation/1")], plan, 1, False)
    report.show(rows)
    for workload in plan.workloads:
        for each in seeded:
            if workload.once and not each.target.credentials:
                continue
            requests = workload.requests(each)
            found = measure(each.target, workload.name, requests, plan, workload.weight, workload.once)
            report.show(found)
            rows += found
    return rows


def main() -> None:
    arguments = _arguments()
    chosen = [each for each in WORKLOADS if not arguments.only or any(word in each.name for word in arguments.only)]
    plan = Plan(tuple(chosen), tuple(arguments.connections), arguments.seconds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhirstore-bench-")))
        database = arguments.database or f"sqlite:///{folder / 'bench.db'}"
        own = stack.enter_context(fhirstore(database, arguments.workers, folder, arguments.log_level))
        top = stack.enter_context(ceiling(arguments.workers, folder))
        targets = [own, *([other(arguments.against, arguments.against_token)] if arguments.against else [])]
        seeded = [seed(target, arguments.resources) for target in targets]
        report.head()
        rows = measure_all(seeded, top, plan)
        size = own.database_megabytes()
        summary: dict[str, Any] = {
            "workers": arguments.workers,
            "store": database.partition(":")[0],
            "resources": arguments.resources,
            "memory_mb": [round(each) for each in own.memory_megabytes()],
            "database_mb": round(size, 1),
        }
    report.summarise(rows, summary)
    if arguments.out:
        Path(arguments.out).mkdir(parents=True, exist_ok=True)
        text = json.dumps({**summary, "rows": [row.as_dict() for row in rows]}, indent=1)
        (Path(arguments.out) / "server.json").write_text(text, encoding="utf-8")
        (Path(arguments.out) / "server.svg").write_text(report.plot(rows), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="WORD", help="workloads with one of these words in their name")
    parser.add_argument("--connections", nargs="*", type=int, default=[1, 16, 64])
    parser.add_argument("--seconds", type=float, default=3, help="for each figure (default 3)")
    parser.add_argument("--resources", type=int, default=5500, help="loaded beforehand (default 5500)")
    parser.add_argument("--workers", type=int, default=1, help="server processes (default 1)")
    parser.add_argument("--database", help="an empty one; by default a SQLite file that is deleted afterwards")
    parser.add_argument("--log-level", default="info", help="of this server (default info: a line a request)")
    parser.add_argument("--against", metavar="URL", help="base of another DSTU2 server, measured in the same run")
    parser.add_argument("--against-token", metavar="TOKEN", help="bearer token for that server")
    parser.add_argument("--out", metavar="FOLDER", help="where to write server.json and server.svg")
    return parser.parse_args()


if __name__ == "__main__":
    main()
