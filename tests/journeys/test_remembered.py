"""What the server remembers of the texts that clients send is short: nobody fills its memory by sending long ones."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.bundles import batch, entry

MARK = "q7remembered"
LONG = MARK * 500
"""Longer than what any address or header of an honest client has."""


def remembered() -> Iterator[tuple[str, str]]:
    """Every function of ours with a memory, and each long text of clients that it knows an answer to."""
    for each in gc.get_objects():
        # By its type: what is only a proxy of something that is gone would raise, asked for its class.
        if issubclass(type(each), functools._lru_cache_wrapper) and (each.__module__ or "").startswith("fhirstore."):
            asked = [key for known in gc.get_referents(each) if isinstance(known, dict) for key in list(known)]
            for text in texts(asked):
                if len(text) > len(LONG) // 4 and MARK in text.lower():
                    yield f"{each.__module__}.{each.__qualname__}", text


def texts(asked: list[Any]) -> Iterator[str]:
    while asked:
        one = asked.pop()
        if isinstance(one, str | bytes):
            yield one if isinstance(one, str) else one.decode("latin-1")
        elif not isinstance(one, dict | type) and not callable(one):
            asked += list(one) if isinstance(one, Iterable) else gc.get_referents(one)


def resources() -> Iterator[dict[str, Any]]:
    concept = {"coding": [{"system": f"urn:{LONG}", "code": LONG, "display": LONG}], "text": LONG}
    subject = {"reference": "Patient/p"}
    yield patient(LONG, id="p", identifier=[{"system": f"urn:{LONG}", "value": LONG}])
    yield patient(LONG, id="q", address=[{"text": LONG, "city": LONG}], managingOrganization={"reference": LONG})
    quantity = {"value": 1, "unit": LONG, "system": "http://unitsofmeasure.org", "code": LONG}
    yield observation("Patient/p", id="o", code=concept, valueQuantity=quantity)
    yield smallest("Condition", id="c", code=concept, patient=subject)
    yield smallest("MedicationStatement", id="m", patient=subject, medicationCodeableConcept=concept)
    yield smallest("AllergyIntolerance", id="a", patient=subject, substance=concept)
    yield smallest("Immunization", id="i", patient=subject, vaccineCode=concept)
    yield smallest("Procedure", id="r", subject=subject, code=concept)
    yield smallest("Practitioner", id="d", name={"text": LONG, "family": [LONG]})
    yield smallest("ValueSet", id="v", url=f"http://a.org/{LONG}")
    yield smallest("Basic", id="b", meta={"tag": [{"system": f"urn:{LONG}", "code": LONG}], "profile": [f"urn:{LONG}"]})


@pytest.fixture
def told(user: UserClient) -> UserClient:
    """A user who has sent long texts in every place that takes some."""
    for resource in resources():
        address = f"{resource['resourceType']}/{resource['id']}"
        assert user.put(address, resource).status_code in {201, 422}, address
    for header in ("accept", "accept_encoding", "content_type", "x_source", "prefer", "if_none_match", "x_request_id"):
        user.get("Patient", **{header: f"application/json;{LONG}"})
    user.post("Patient", patient(), content_type=f"application/json;{LONG}")
    form = "application/x-www-form-urlencoded"
    for query in (f"name={LONG}", f"_filter:{LONG}=name eq x", f"birthdate={LONG}", f"_format={LONG}", f"{LONG}=x"):
        user.post("Patient/_search", query.encode(), content_type=form)
    for query in (f"code=urn:{LONG}|{LONG}", f"value-quantity=1|urn:u|{LONG}", f"subject={LONG}", f"_tag={LONG}"):
        user.post("Observation/_search", query.encode(), content_type=form)
    asked = batch(entry("GET", f"Patient/{LONG}"), entry("GET", f"Patient?name={LONG}"), entry("DELETE", LONG))
    assert user.post("", asked).status_code == 200
    assert user.get("Patient/$unified").status_code == 200
    return user


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_nothing_long_that_clients_send_is_remembered(told: UserClient) -> None:
    assert told.get("Patient/p").status_code == 200
    assert {name for name, _ in remembered()} == set()


def test_what_is_long_and_remembered_would_be_seen() -> None:
    @functools.lru_cache
    def keep(text: str) -> str:
        return text

    keep.__module__ = "fhirstore.anywhere"
    keep(LONG)
    assert LONG in [text for name, text in remembered() if name.startswith(keep.__module__)]
