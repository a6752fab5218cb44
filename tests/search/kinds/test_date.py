"""Dates: text, resources, which are found."""

from __future__ import annotations

import pytest

from fhirstore.errors import BadRequest
from fhirstore.search.kinds.date import interval
from tests.search import memory
from tests.search.finding import asked, found, observations

OBSERVATIONS = observations(
    morning={"effectiveDateTime": "2013-01-14T10:00:00Z"},
    day={"effectiveDateTime": "2013-01-14"},
    month={"effectiveDateTime": "2013-01"},
    next={"effectiveDateTime": "2013-01-15T00:00:00Z"},
    west={"effectiveDateTime": "2013-01-14T20:00:00-05:00"},
    until={"effectivePeriod": {"end": "2013-01-13"}},
    since={"effectivePeriod": {"start": "2013-01-14T12:00:00Z"}},
    period={"effectivePeriod": {"start": "2013-01-13", "end": "2013-01-14"}},
    undated={"status": "final"},
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("2013-01-14", ["day", "morning"]),
        ("2013-01", ["day", "month", "morning", "next", "period", "west"]),
        ("2013-01-15", ["next", "west"]),
        ("2013-01-14T10:00", ["morning"]),
        ("2013-01-14T10:00:00Z", ["morning"]),
        ("2013-01-14T12:00:00%2B02:00", ["morning"]),
        ("2013-01-14T12:00:00+02:00", ["morning"]),
        ("ne2013-01-14", ["month", "next", "period", "since", "until", "west"]),
        ("gt2013-01-14", ["month", "next", "since", "west"]),
        ("lt2013-01-14", ["month", "period", "until"]),
        ("ge2013-01-14", ["day", "month", "morning", "next", "since", "west"]),
        ("le2013-01-14", ["day", "month", "morning", "period", "until"]),
        ("sa2013-01-14", ["next", "west"]),
        ("eb2013-01-14", ["until"]),
        ("gt2013-01-14T10:00:00Z", ["day", "month", "next", "period", "since", "west"]),
        ("ap2015-12-31", ["since"]),
        ("ap2013-01-14", ["day", "month", "morning", "next", "period", "since", "until", "west"]),
    ],
)
def test_prefixes_compare_the_interval_asked_for_with_the_interval_stored(query: str, ids: list[str]) -> None:
    assert found(f"Observation?date={query}", OBSERVATIONS) == ids


def test_a_schedule_is_searched_by_its_outer_limits() -> None:
    order = {
        "resourceType": "DiagnosticOrder",
        "id": "x",
        "event": [{"status": "requested", "dateTime": "2013-05-02T16:16:00-07:00"}],
    }
    plan = {
        "resourceType": "CarePlan",
        "id": "y",
        "activity": [{"detail": {"scheduledTiming": {"event": ["2014-01-01", "2014-03-01"]}}}],
    }
    assert found("DiagnosticOrder?event-date=2013-05-02", [order]) == ["x"]
    assert found("CarePlan?activitydate=2014", [plan]) == ["y"]
    assert found("CarePlan?activitydate=2014-01-01", [plan]) == []
    assert found("CarePlan?activitydate=gt2014-02", [plan]) == ["y"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13",
        "2013-1-1",
        "2013-13",
        "2013-02-30",
        "2013-01-14T25:00",
        "2013-01-14T10",
        "today",
        "2013-01-14T10:00:00+2",
        "0000",
        "２０１３",
        "2013-01-14T10:60:00Z",
        "20130114",
        "gt",
        "xx2013",
    ],
)
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadRequest, match="'date'"):
        found(f"Observation?date={text}", OBSERVATIONS)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("9999", 365 * 86_400_000_000),
        ("2016-02", 29 * 86_400_000_000),
        ("2015-12", 31 * 86_400_000_000),
        ("2015-06-30T23:59:60Z", 1_000_000),
        ("2015-06-30T24:00:00Z", 1_000_000),
        ("2015-06-30T10:00:00.25Z", 10_000),
        ("2015-06-30T10:00:00.123456789Z", 1),
    ],
)
def test_a_date_is_as_wide_as_its_precision_leaves_it(text: str, width: int) -> None:
    low, high = interval(text) or (0, 0)
    assert high - low == width


def test_the_last_update_is_compared_by_the_millisecond() -> None:

    items = [
        memory.item({"resourceType": "Patient", "id": f"p{at}"}, updated=at) for at in (999, 1000, 1001, 1999, 2000)
    ]

    def at(text: str) -> list[str]:
        return [each.id for each in memory.find(asked(f"Patient?_lastUpdated={text}").plan, items)]

    assert at("1970-01-01T00:00:01Z") == ["p1000", "p1001", "p1999"]
    assert at("1970-01-01T00:00:01.000Z") == ["p1000"]
    assert at("gt1970-01-01T00:00:01Z") == ["p2000"]
    assert at("ge1970-01-01T00:00:01.001Z") == ["p1001", "p1999", "p2000"]
    assert at("lt1970-01-01T00:00:01Z") == ["p999"]
    assert at("ne1970-01-01T00:00:01Z") == ["p2000", "p999"]
    assert at("sa1970-01-01T00:00:01.999Z") == ["p2000"]
    assert at("eb1970-01-01T00:00:01Z") == ["p999"]
