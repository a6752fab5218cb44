"""Figures as a table for people, JSON for programs, and a plot that any browser shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log10
from typing import Any
from xml.sax.saxutils import escape

CEILING = "ceiling"
_HEAD = (
    f"{'workload':26} {'target':16} {'conns':>5} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>7} {'bytes':>7}"
    f" {'client':>6}"
)


@dataclass(frozen=True)
class Row:
    """One figure; `processor_us` is the server's processor time for a request, where it is known."""

    target: str
    workload: str
    connections: int
    rate: float
    p50_ms: float
    p99_ms: float
    processor_us: int | None
    bytes: int
    resources: int | None
    client: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def head() -> None:
    print(_HEAD)


def show(rows: Iterable[Row]) -> None:
    for row in rows:
        used = "" if row.processor_us is None else f"{row.processor_us:,}"
        more = f"  {row.resources:,} resources/s" if row.resources else ""
        print(
            f"{row.workload:26} {row.target[:16]:16} {row.connections:>5} {row.rate:>8,.0f} {row.p50_ms:>8.2f}"
            f" {row.p99_ms:>8.2f} {used:>7} {row.bytes:>7,} {row.client:>6.2f}{more}",
            flush=True,
        )


def summarise(rows: Sequence[Row], summary: Mapping[str, Any]) -> None:
    """The shares of the ceiling, and the ratios between targets."""
    by_key = {(row.target, row.workload, row.connections): row for row in rows}
    tops = {row.connections: row for row in rows if row.workload == CEILING}
    own = [row for row in rows if row.target == "fhirstore"]
    print()
    for row in own:
        if row.workload in {"read", "create"}:
            share = row.rate / tops[row.connections].rate
            print(f"{row.workload} at {row.connections} connections: {share:.0%} of the ceiling")
    for target in dict.fromkeys(row.target for row in rows if row.target not in {"fhirstore", CEILING}):
        print(f"\nfhirstore beside {target}: how many times its requests a second")
        for row in own:
            beside = by_key.get((target, row.workload, row.connections))
            if beside:
                print(f"{row.workload:26} {row.connections:>5} {row.rate / beside.rate:>8.1f}x")
    print("\n" + ", ".join(f"{name} {value}" for name, value in summary.items()))


def plot(rows: Sequence[Row]) -> str:
    """Requests a second as bars, one for each workload and target, at the most connections, on a logarithmic scale."""
    most = max(row.connections for row in rows)
    bars = [row for row in rows if row.connections == most]
    targets = list(dict.fromkeys(row.target for row in bars))
    colours = dict(zip(targets, ("#9aa5b1", "#0b69a3", "#c99a2e", "#7b5ea7"), strict=False))
    digits = max(len(str(int(row.rate))) for row in bars)
    size = f'width="860" height="{40 + 22 * len(bars)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<text x="10" y="20">Requests a second at {most} connections, logarithmic</text>',
    ]
    for place, row in enumerate(bars):
        y, width = 34 + 22 * place, max(log10(max(row.rate, 1)) / digits, 0.01) * 480
        label = f"{row.workload} ({row.target})"
        lines += [
            f'<text x="250" y="{y + 12}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="258" y="{y}" width="{width:.0f}" height="16" fill="{colours[row.target]}"/>',
            f'<text x="{264 + width:.0f}" y="{y + 12}">{row.rate:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
