"""Transactions that are refused whole, case by case: http://hl7.org/fhir/DSTU2/http.html#transaction."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient
from tests.conformance.bundles import entry, transaction
from tests.conformance.cases import (
    CRITERIA,
    KEYED,
    MINE,
    ONE,
    UUID,
    Case,
    get,
    post,
)

REFUSED = (
    Case(
        "http.html#2.1.0.16.2",
        "a transaction with one entry that cannot be is refused whole, and says which",
        post(
            "",
            transaction(entry("POST", "Patient", patient()), entry("POST", "Patient", patient(gender="m"))),
            422,
            want={"resourceType": "OperationOutcome", "issue.0.location.0": "Bundle.entry[1].resource.Patient.gender"},
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "the faults of all entries are told together",
        post(
            "",
            transaction(entry("POST", "Patient", patient(gender="m")), entry("POST", "Patient", patient(active="x"))),
            422,
            want={"issue.#": 2},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a read of what is not there fails the transaction",
        post(
            "",
            transaction(entry("POST", "Patient", patient()), entry("GET", "Patient/{u}")),
            404,
            want={"issue.0.location.0": "Bundle.entry[1]"},
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a delete of what never was fails the transaction",
        post("", transaction(entry("POST", "Patient", patient()), entry("DELETE", "Patient/{u}")), 404),
        get("_history", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "two entries about one resource are refused, both named",
        MINE,
        post(
            "",
            transaction(entry("PUT", "Patient/{u}", patient("A", id="{u}")), entry("DELETE", "Patient/{u}")),
            400,
            want={"issue.*.location.0": ["Bundle.entry[0]", "Bundle.entry[1]"], "issue.0.code": "duplicate"},
        ),
        get("Patient/{u}", want={"meta.versionId": "1"}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "two entries that update one resource are refused",
        post("", transaction(*[entry("PUT", "Patient/{u}", patient(id="{u}"))] * 2), 400),
        get("Patient/{u}", 404),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "criteria that name what another entry writes are refused",
        ONE,
        post(
            "",
            transaction(entry("PUT", f"Patient?{CRITERIA}", KEYED), entry("PUT", "Patient/{id}", patient(id="{id}"))),
            400,
        ),
    ),
    Case(
        "bundle.html#bdl-7",
        "two resources of one fullUrl are refused",
        post(
            "",
            transaction(*[entry("POST", "Patient", patient(), UUID)] * 2),
            400,
            want={"issue.*.location.0": ["Bundle.entry[0]", "Bundle.entry[1]"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "two new resources of one id are refused",
        post("", transaction(*[entry("POST", "Patient", patient(id="same"))] * 2), 400),
    ),
    Case(
        "bundle.html#Bundle.entry.request",
        "an entry needs a request, its method and its address",
        post("", transaction({"resource": patient()}), 400, want={"issue.0.location.0": "Bundle.entry[0].request"}),
        post(
            "",
            transaction(entry("PATCH", "Patient/1")),
            400,
            want={"issue.0.location.0": "Bundle.entry[0].request.method"},
        ),
        post(
            "",
            transaction(entry("POST", "", patient())),
            400,
            want={"issue.0.location.0": "Bundle.entry[0].request.url"},
        ),
    ),
    Case(
        "bundle.html#Bundle.entry.resource",
        "an entry that creates or updates needs a resource",
        post("", transaction(entry("POST", "Patient")), 400),
        post("", transaction(entry("PUT", "Patient/{u}")), 400),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "an entry's resource must be of the type and id of its address",
        post("", transaction(entry("POST", "Patient", observation())), 400),
        post("", transaction(entry("PUT", "Patient/{u}", patient(id="x"))), 400),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "there is no transaction within a transaction",
        post("", transaction(entry("POST", "", transaction())), 400),
        post("", transaction(entry("POST", "/", transaction())), 405),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "an address that leads nowhere fails the transaction",
        post("", transaction(entry("GET", "Patience")), 404),
        post("", transaction(entry("DELETE", "_history")), 405),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "what a transaction deleted is gone and its history stays",
        MINE,
        post("", transaction(entry("DELETE", "Patient/{u}")), 200),
        get("Patient/{u}", 410),
        get("Patient/{u}/_history", want={"total": 2}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "an update in a transaction that changes nothing keeps the version",
        MINE,
        post(
            "",
            transaction(entry("PUT", "Patient/{u}", patient(id="{u}"))),
            200,
            want={"entry.0.response.etag": 'W/"1"'},
        ),
    ),
)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refused(case: Case, user: UserClient) -> None:
    case.run(user)
