"""A record may tell of several people: nothing of one is told of another, on any page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from fhirstore.web.health_history.people import Group, People
from fhirstore.web.health_history.summary import stated_once
from tests.builders import smallest
from tests.clients import ApplicationClient, UserClient
from tests.web.plain import PlainBrowser

LOINC = "http://loinc.org"
HEMOGLOBIN = {"coding": [{"system": LOINC, "code": "718-7"}], "text": "Hgb"}


def person(given: str, **members: Any) -> dict[str, Any]:
    return smallest("Patient", name=[{"given": [given], "family": ["Berg"]}], **members)


@pytest.fixture
def family(application: ApplicationClient) -> UserClient:
    """A mother, whom two sources know, and her son."""
    user = application.user()
    mother = user.create(person("Ada", birthDate="1980-05-01", gender="female"))
    user.post("Patient", person("Ada", birthDate="1980-05-01", gender="female"), **{"X-Source": "urn:other"})
    son = user.create(person("Maximilian Theodor", birthDate="2010-05-01", gender="male"))
    for who, value, drug in ((mother, 12, "ramipril"), (son, 14, "salbutamol")):
        about = {"reference": f"Patient/{who['id']}"}
        user.create({"resourceType": "AllergyIntolerance", "patient": about, "substance": {"text": "Peanuts"}})
        user.create(
            {
                "resourceType": "MedicationStatement",
                "patient": about,
                "status": "active",
                "medicationCodeableConcept": {"text": drug},
            }
        )
        for code, number in ((HEMOGLOBIN, value), ({"coding": [{"system": LOINC, "code": "8867-4"}]}, value * 5)):
            user.create(
                {
                    "resourceType": "Observation",
                    "status": "final",
                    "category": {"coding": [{"code": "laboratory"}]},
                    "code": code,
                    "subject": about,
                    "effectiveDateTime": f"20{value}-01-01",
                    "valueQuantity": {"value": number, "unit": "1"},
                }
            )
    return user


@pytest.fixture
def browser_of_family(anonymous: PlainBrowser, family: UserClient) -> PlainBrowser:
    anonymous.sign_in(user=family.id)
    return anonymous


def said(browser: PlainBrowser, path: str) -> str:
    """A page's own part, its tags made blanks."""
    html = browser.get(path).text
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(unescape(re.sub("<[^>]*>", " ", main)).split())


def test_nobody_is_told_by_the_name_of_one_and_the_birth_date_of_another(browser_of_family: PlainBrowser) -> None:
    overview = said(browser_of_family, "/health-history")
    assert re.match(r"Ada Berg \d+ years · Female · born 1 May 1980 This record also tells of Maximilian", overview)
    assert overview.count("Peanuts") == 4, "as allergies, and in the timeline: of each their own"
    assert "salbutamol About Maximilian Theodor Berg" in overview
    assert "ramipril About" not in overview
    assert "60 1" in overview.partition("Allergies")[0], "her pulse, though his is newer"
    assert "70 1" not in overview.partition("Allergies")[0]
    assert "About Maximilian Theodor Berg" in said(browser_of_family, "/health-history/print")


def test_measurements_of_two_people_are_two_courses(browser_of_family: PlainBrowser) -> None:
    listed = said(browser_of_family, "/health-history/measurements")
    assert "Hemoglobin 12 1 1 January 2012 once" in listed
    assert "Hemoglobin About Maximilian Theodor Berg 14 1 1 January 2014 once" in listed
    course = said(browser_of_family, "/health-history/measurements/of?code=http%3A//loinc.org%7C718-7")
    assert course.index("12 1") < course.index("About Maximilian Theodor Berg") < course.index("14 1")


def test_a_record_of_one_person_says_nothing_of_people(application: ApplicationClient, anonymous: PlainBrowser) -> None:
    user = application.user()
    user.create(person("Ada"))
    anonymous.sign_in(user=user.id)
    overview = said(anonymous, "/health-history")
    assert overview.startswith("Ada Berg")
    assert "also tells" not in overview


def problem(name: str, code: str, source: str, patient: str = "Patient/1") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "meta": {"tag": [{"system": "urn:fhirstore:source", "code": source}]},
        "patient": {"reference": patient},
        "code": {"text": name, "coding": [{"system": "http://snomed.info/sct", "code": code}]},
    }


def titles(*documents: dict[str, Any]) -> list[str]:
    people = People.of([Group([{"id": "1"}]), Group([{"id": "2", "name": [{"text": "Ben"}]}])])
    return sorted(f"{each.card.title} {each.person}".strip() for each in stated_once(documents, people))


def test_one_code_for_two_things_of_one_source_keeps_both() -> None:
    told = [problem("Dementia", "1", "urn:a"), problem("Cerebrovascular disease", "1", "urn:a")]
    assert titles(*told, problem("Pulmonary disease", "1", "urn:a")) == [
        "Cerebrovascular disease",
        "Dementia",
        "Pulmonary disease",
    ]
    assert titles(problem("Myocardial infarction", "2", "urn:a"), problem("Heart attack", "2", "urn:b")) == [
        "Myocardial infarction"
    ]
    assert titles(problem("Anemia, unspecified", "3", "urn:a"), problem("Anemia", "3", "urn:a")) == [
        "Anemia, unspecified"
    ]


def test_the_same_of_two_people_is_stated_twice() -> None:
    told = [problem("Asthma", "1", "urn:a"), problem("Asthma", "1", "urn:a", "Patient/2")]
    assert titles(*told) == ["Asthma", "Asthma Ben"]
