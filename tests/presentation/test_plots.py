"""Plots show what was measured: every point within the box, ticks that are round, bands where values usually lie."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from fhirstore.presentation.changes import changes
from fhirstore.presentation.plots import Plot, plot
from fhirstore.presentation.series import by_unit, series_of, together


def weight(day: str, value: Any, unit: str = "kg", **more: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit}
    code = {"text": "Weight"}
    return {
        "resourceType": "Observation",
        "id": day,
        "effectiveDateTime": day,
        "code": code,
        "valueQuantity": quantity,
        **more,
    }


def inside(drawn: Plot) -> bool:
    box = drawn.box
    points = [tuple(map(float, pair.split(","))) for each in drawn.series for pair in each.path.split()]
    return all(
        box.left <= x <= box.width - box.right and box.top <= y <= box.height - box.bottom for x, y in points
    ) and all(box.top <= tick.at <= box.height - box.bottom for tick in drawn.up)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_measured_fits_its_box(seed: int) -> None:
    random = Random(seed)
    size = Decimal(10) ** random.randrange(-6, 9)
    days = [
        f"{random.randrange(1900, 2100)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}" for _ in range(30)
    ]
    days = [day[: random.choice([4, 7, 10])] for day in days]
    series = series_of(weight(day, size * random.randrange(-50, 1000)) for day in days)
    drawn = plot(series)
    assert inside(drawn)
    assert 2 <= len(drawn.up) <= 9
    assert len(drawn.across) <= 9
    steps = [Decimal(tick.text) for tick in drawn.up]
    assert len({later - sooner for sooner, later in pairwise(steps)}) == 1


def test_a_single_value_and_many_equal_ones_have_a_plot_too() -> None:
    assert inside(plot(series_of([weight("2020-01-01", 0)])))
    assert inside(plot(series_of([weight("2020-01-01", 70), weight("2020-01-01", 70)])))


def test_the_usual_range_is_a_band_that_can_be_seen() -> None:
    usual: dict[str, Any] = {"referenceRange": [{"high": {"value": 100, "unit": "mg/dL"}}]}
    drawn = plot(series_of([weight("2020", 158, "mg/dL", **usual), weight("2021", 102, "mg/dL", **usual)]))
    assert drawn.band is not None
    assert drawn.band.height > 10
    both = plot([*series_of([weight("2020", 1, "kg", **usual)]), *series_of([weight("2020", 2)])])
    assert both.band is None, "two series have no range in common"


def test_values_in_other_units_are_other_series() -> None:
    found = series_of([weight("2020", 70), weight("2021", 154, "lb"), weight("2022", 71)])
    assert [(each.unit, len(each.points)) for each in found] == [("kg", 2), ("lb", 1)]
    assert len(by_unit(found)) == 2


def test_what_has_no_number_or_no_sound_date_is_left_out() -> None:
    bad = [
        weight("2020", "heavy"),
        weight("0012-01-01", 70),
        weight("9999-12-31", 70),
        {"resourceType": "Observation", "code": {"text": "Weight"}, "valueQuantity": {"value": 70}},
        weight("2020", Decimal("1E+300")),
    ]
    assert series_of(bad) == ()


def test_components_are_series_of_their_own_and_said_together() -> None:
    parts = [
        {"code": {"text": name}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for name, value in (("D", 84), ("S", 125))
    ]
    found = series_of([{"resourceType": "Observation", "effectiveDateTime": "2020", "component": parts}])
    assert together(found) == "125/84"


def test_changes_name_the_elements_that_differ_and_no_others() -> None:
    before = {"resourceType": "Patient", "gender": "male", "birthDate": "1970", "meta": {"versionId": "1"}}
    after = {
        "resourceType": "Patient",
        "gender": "female",
        "birthDate": "1970",
        "telecom": [{"value": "555"}],
        "meta": {"versionId": "2", "tag": [{"code": "seen"}]},
    }
    told = [(each.label, tuple(each.before), tuple(each.after)) for each in changes(before, after)]
    assert told == [
        ("Phone and e-mail", (), ("555",)),
        ("Gender", ("Male",), ("Female",)),
        ("Labels", (), ("seen",)),
    ]
