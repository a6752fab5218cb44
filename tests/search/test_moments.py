"""Every type that can have a moment has one, read from elements that are there."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.search.extract import extract
from fhirstore.search.kinds.date import interval
from fhirstore.search.moments import MOMENTS, WHEN, moment
from fhirstore.search.paths import locate

# Of these a date says when they are planned to end, or when what they describe was made, not when they took place.
TIMELESS = {"Patient", "Person", "RelatedPerson", "NamingSystem", "Questionnaire", "Substance"}


@pytest.mark.parametrize("type", MOMENTS)
def test_each_path_leads_to_an_element(type: str) -> None:
    for path in MOMENTS[type]:
        name = path.rpartition(".")[2]
        assert any(leaf.name == name for place in locate(type, f"{type}.{path}") for leaf in place.leaves), path


def test_a_type_that_is_found_by_a_date_has_a_moment() -> None:
    definitions = {"url", "experimental", "publisher"}
    for type in catalog.resource_types():
        dated = any(each.type == "date" for name, each in catalog.search_parameters(type).items() if name[0] != "_")
        defines = definitions & {element.name for element in catalog.elements(type)}
        assert not dated or defines or type in MOMENTS or type in TIMELESS, type


@pytest.mark.parametrize(
    ("document", "written"),
    [
        ({"effectiveDateTime": "2015", "issued": "2016-01-01T00:00:00Z"}, "2015"),
        ({"effectivePeriod": {"end": "2015-03"}}, "2015-03"),
        ({"effectiveDateTime": "never", "issued": "2016-01-01T00:00:00Z"}, "2016-01-01T00:00:00Z"),
        ({"effectivePeriod": {"start": {"start": ["2015"]}}}, "2015"),
        ({"effectiveDateTime": ["x", None, 3]}, None),
        ({}, None),
    ],
)
def test_the_first_date_that_is_sound_counts(document: dict[str, Any], written: str | None) -> None:
    found = moment("Observation", document)
    assert (found and found[1]) == written
    ranges = [each for each in extract("Observation", document).ranges if each.name == WHEN]
    assert [(each.low, each.high) for each in ranges] == ([interval(written)] if written else [])


def test_a_schedule_begins_with_its_first_event() -> None:
    timing = {"event": ["2015-01-02", "2015-02-02"], "repeat": {"boundsPeriod": {"start": "2014"}}}
    found = moment("ProcedureRequest", {"scheduledTiming": timing})
    assert found is not None
    assert found[1] == "2015-01-02"
