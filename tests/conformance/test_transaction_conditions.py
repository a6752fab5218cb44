"""Conditional entries of a transaction, case by case: http://hl7.org/fhir/DSTU2/http.html#transaction."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient
from tests.conformance.bundles import entry, transaction
from tests.conformance.cases import (
    CRITERIA,
    KEYED,
    MINE,
    NEW,
    ONE,
    SUBJECT,
    UUID,
    Case,
    get,
    holds,
    post,
)

CONDITIONS = (
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create without a match creates",
        post(
            "",
            transaction(entry("POST", "Patient", KEYED, ifNoneExist=f"Patient?{CRITERIA}")),
            200,
            want={"entry.0.response.status": "201 Created"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create with a match answers that, and references lead there",
        ONE,
        post(
            "",
            transaction(
                entry("POST", "Patient", KEYED, UUID, ifNoneExist=CRITERIA),
                entry("POST", "Observation", observation(UUID)),
            ),
            200,
            want={
                "entry.0.response.status": "200 OK",
                "entry.0.response.location": "{base}/Patient/{id}/_history/1",
                SUBJECT: "Patient/{id}",
            },
        ),
        get("Patient", want={"total": 1}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "the id in a conditional create is led to its match",
        ONE,
        post(
            "",
            transaction(
                entry("POST", "Patient", KEYED | {"id": "foo"}, ifNoneExist=f"?{CRITERIA}"),
                entry("POST", "Observation", observation("Patient/foo")),
            ),
            200,
            want={SUBJECT: "Patient/{id}"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create with several matches fails the transaction",
        ONE,
        ONE,
        post(
            "",
            transaction(
                entry("POST", "Observation", observation()), entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA)
            ),
            412,
            want={"resourceType": "OperationOutcome", "issue.0.location.0": "Bundle.entry[1]"},
        ),
        get("Observation", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "two conditional creates for the same criteria are refused",
        post(
            "",
            transaction(*[entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA)] * 2),
            400,
            want={"issue.*.location.0": ["Bundle.entry[0]", "Bundle.entry[1]"]},
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create whose criteria another entry's resource matches is refused",
        post(
            "", transaction(entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA), entry("POST", "Patient", KEYED)), 400
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "criteria that are not understood fail the transaction",
        *(
            post("", transaction(entry("POST", "Patient", KEYED, ifNoneExist=criteria)), 400)
            for criteria in (
                "Patient?identifier   identifier{u}",
                "Patient?identifier=",
                "Patient?foo=bar",
                "Observation?code=x",
            )
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional update with a match updates that, whatever id the body holds",
        ONE,
        post(
            "",
            transaction(
                entry("PUT", f"Patient?{CRITERIA}", KEYED | {"id": "foo", "active": True}),
                entry("POST", "Observation", observation("Patient/foo")),
            ),
            200,
            want={
                "entry.0.response.status": "200 OK",
                "entry.0.response.location": "{base}/Patient/{id}/_history/2",
                SUBJECT: "Patient/{id}",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional update without a match creates",
        post(
            "",
            transaction(
                entry("PUT", f"Patient?{CRITERIA}", KEYED | {"id": "foo"}),
                entry("POST", "Observation", observation("Patient/foo")),
            ),
            200,
            want={
                "entry.0.response.status": "201 Created",
                "entry.0.response.location": holds("", no=("foo",)),
                SUBJECT: NEW,
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional update with several matches fails the transaction",
        ONE,
        ONE,
        post("", transaction(entry("PUT", f"Patient?{CRITERIA}", KEYED)), 412),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional delete with a match deletes it",
        ONE,
        post(
            "",
            transaction(entry("DELETE", f"Patient?{CRITERIA}")),
            200,
            want={"entry.0.response.status": "204 No Content"},
        ),
        get("Patient/{id}", 410),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional delete without a match says so, and the rest is carried out",
        post(
            "",
            transaction(entry("DELETE", f"Patient?{CRITERIA}"), entry("POST", "Patient", KEYED)),
            200,
            want={"entry.*.response.status": ["404 Not Found", "201 Created"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional delete with several matches fails the transaction",
        ONE,
        ONE,
        post("", transaction(entry("DELETE", f"Patient?{CRITERIA}")), 412),
        get("Patient/{id}"),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "If-Match in an entry guards its update",
        MINE,
        post(
            "",
            transaction(
                entry("POST", "Observation", observation()),
                entry("PUT", "Patient/{u}", patient("Second", id="{u}"), ifMatch='W/"7"'),
            ),
            409,
            want={"issue.0.location.0": "Bundle.entry[1]"},
        ),
        get("Observation", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "If-Match in an entry lets the current version pass",
        MINE,
        post("", transaction(entry("PUT", "Patient/{u}", patient("Second", id="{u}"), ifMatch='W/"1"')), 200),
    ),
)


@pytest.mark.parametrize("case", CONDITIONS, ids=str)
def test_condition(case: Case, user: UserClient) -> None:
    case.run(user)
