"""Bars as geometry: one for each hour, of parts that stand on each other, for a template to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 4, 52, 10, 24
_GAP = 0.2
"""Of the room that a bar has, so much is left free."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle; `name` is what it counts."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across, or a word below: where it stands and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """`limit` is the height of the line that bars should stay below, None where there is none or it is far above."""

    parts: Sequence[Part]
    rules: Sequence[Mark]
    labels: Sequence[Mark]
    limit: float | None
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def draw(columns: Sequence[Mapping[str, int]], labels: Mapping[int, str], limit: int | None = None) -> Bars:
    """`columns` are counts by name, in the order in which they stand on each other; `labels` words by column."""
    most = max([1, *(sum(column.values()) for column in columns)])
    # A limit that is far above what happens would press all bars flat.
    shown = limit if limit is not None and limit <= most * 3 else None
    top = _round_up(max(most, shown or 0))
    room = (WIDTH - _LEFT - _RIGHT) / max(len(columns), 1)
    scale = (HEIGHT - _TOP - _BOTTOM) / top
    parts = []
    for number, column in enumerate(columns):
        x, y = _LEFT + number * room + room * _GAP / 2, float(HEIGHT - _BOTTOM)
        for name, count in column.items():
            if count:
                y -= count * scale
                parts.append(Part(name, round(x, 2), round(y, 2), round(room * (1 - _GAP), 2), round(count * scale, 2)))
    rules = [Mark(round(HEIGHT - _BOTTOM - value * scale, 2), f"{value:,}") for value in range(0, top + 1, top // 4)]
    below = [Mark(round(_LEFT + (number + 0.5) * room, 2), text) for number, text in labels.items()]
    line = round(HEIGHT - _BOTTOM - shown * scale, 2) if shown is not None else None
    return Bars(parts, rules, below, line)


def _round_up(most: int) -> int:
    """The next number whose quarters are round: 4, 8, 20, 40, 80, 200 …"""
    power = 1
    while True:
        for factor in (4, 8, 20):
            if most <= factor * power:
                return factor * power
        power *= 10
