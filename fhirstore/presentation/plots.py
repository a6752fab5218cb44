"""Plots as geometry: where lines, points, ticks and bands stand, for a template to draw. Units are those of its box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from fhirstore.presentation.moments import MONTHS
from fhirstore.presentation.series import Series

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_POINTS_DRAWN = 150
"""With more points than this on a line, dots would hide it."""


@dataclass(frozen=True, slots=True)
class Box:
    """The size of a plot, and of the margins in which the ticks are written."""

    width: int = 720
    height: int = 300
    left: int = 56
    right: int = 20
    top: int = 16
    bottom: int = 40


SPARK = Box(160, 40, 3, 3, 5, 5)


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One series: `path` are the points of its line, `dots` those to point at."""

    label: str
    path: str
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True)
class Band:
    """Where values usually lie."""

    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    box: Box
    unit: str
    series: Sequence[Drawn]
    across: Sequence[Tick]
    up: Sequence[Tick]
    band: Band | None = None


def plot(series: Sequence[Series], box: Box = Box()) -> Plot:
    """Series of one unit on one pair of axes. There is at least one, with at least one point."""
    times = [point.when.low for each in series for point in each.points]
    first, last = min(times), max(times)
    if last - first < _DAY:
        first, last = first - _DAY, last + _DAY
    steps = _steps(series)
    low, high = steps[0], steps[-1]
    wide, tall = box.width - box.left - box.right, box.height - box.top - box.bottom

    def x(time: int) -> float:
        return round(box.left + (time - first) / (last - first) * wide, 1)

    def y(value: Decimal) -> float:
        return round(box.top + float((high - value) / (high - low)) * tall, 1)

    drawn = [
        Drawn(
            each.label,
            " ".join(f"{x(point.when.low)},{y(point.value)}" for point in each.points),
            [Dot(x(point.when.low), y(point.value), f"{point.when.text}: {point.text}") for point in each.points]
            if len(each.points) <= _POINTS_DRAWN
            else [],
        )
        for each in series
    ]
    across = [Tick(x(time), text) for time, text in _dates(first, last)]
    up = [Tick(y(step), f"{step.normalize():f}") for step in steps]
    return Plot(box, series[0].unit, drawn, across, up, _band(series, y, low, high))


def _steps(series: Sequence[Series]) -> list[Decimal]:
    """Four to eight round numbers from below the least value to above the greatest, usual ranges included."""
    values = [point.value for each in series for point in each.points]
    if len(series) == 1:
        values += _room_for_usual(series[0])
    low, high = min(values), max(values)
    if low == high:
        low, high = low - max(abs(low) / 10, Decimal(1)), high + max(abs(high) / 10, Decimal(1))
    size = (high - low) / 5
    magnitude = Decimal(10) ** size.adjusted()
    step = next(magnitude * each for each in (1, 2, 5, 10) if magnitude * each >= size)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [step * number for number in range(int(first), int(last) + 1)]


def _room_for_usual(series: Series) -> list[Decimal]:
    """The ends of a usual range, and of one that is open below, enough to be seen."""
    low, high = series.low, series.high
    if high is not None and low is None:
        return [high, high - abs(high) / 5]
    return [limit for limit in (low, high) if limit is not None]


def _band(series: Sequence[Series], y: Callable[[Decimal], float], low: Decimal, high: Decimal) -> Band | None:
    """The usual range, where there is one series to have it."""
    only = series[0] if len(series) == 1 else None
    if only is None or (only.low is None and only.high is None):
        return None
    top = y(only.high if only.high is not None else high)
    return Band(top, round(y(only.low if only.low is not None else low) - top, 1))


def _dates(first: int, last: int) -> list[tuple[int, str]]:
    """Beginnings of days, months or years within two moments, at most eight, each as it is written under an axis."""
    begin, end = (_EPOCH + timedelta(microseconds=each) for each in (first, last))
    months = (end.year - begin.year) * 12 + end.month - begin.month
    if months < 3:
        return _days(first, last)
    apart = next(each for each in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 12_000) if months / each <= 8)
    found = []
    start = begin.year * 12 + begin.month - 1
    for count in range(start - start % apart, start + months + 1, apart):
        year, month = divmod(count, 12)
        moment = _micros(datetime(max(year, 1), month + 1, 1, tzinfo=UTC))
        if first <= moment <= last:
            found.append((moment, str(year) if apart >= 12 else f"{MONTHS[month][:3]} {year}"))
    return found


def _days(first: int, last: int) -> list[tuple[int, str]]:
    apart = max(1, -(-(last - first) // _DAY // 6))
    begin = -(-first // _DAY)
    days = range(begin, last // _DAY + 1, apart)
    dates = [(day * _DAY, _EPOCH + timedelta(days=day)) for day in days]
    return [(moment, f"{date.day} {MONTHS[date.month - 1][:3]}") for moment, date in dates]


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
