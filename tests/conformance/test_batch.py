"""Batches, case by case: http://hl7.org/fhir/DSTU2/http.html#transaction."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient
from tests.conformance.bundles import batch, entry
from tests.conformance.cases import CRITERIA, KEYED, MINE, ONE, UUID, Case, get, holds, post

CASES = (
    Case(
        "http.html#2.1.0.16.1",
        "each entry of a batch is answered in its place",
        MINE,
        post(
            "",
            batch(
                entry("GET", "Patient/{u}"),
                entry("POST", "Patient", patient()),
                entry("PUT", "Patient/{u}", patient("Second", id="{u}")),
                entry("DELETE", "Patient/{u}"),
            ),
            200,
            want={
                "type": "batch-response",
                "entry.*.response.status": ["200 OK", "201 Created", "201 Created", "204 No Content"],
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "an entry that fails does no harm to the others",
        post(
            "",
            batch(
                entry("POST", "Patient", patient(gender="m")),
                entry("GET", "Patient/{u}"),
                entry("POST", "Patient", patient()),
            ),
            200,
            want={
                "entry.*.response.status": ["422 Unprocessable Entity", "404 Not Found", "201 Created"],
                "entry.0.resource.resourceType": "OperationOutcome",
                "entry.1.resource.issue.0.code": "not-found",
            },
        ),
        get("Patient", want={"total": 1}),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "entries that are no requests fail alone",
        post(
            "",
            batch(
                {},
                entry("PATCH", "Patient/1"),
                entry("GET", "Patience"),
                entry("POST", "Patient"),
                entry("DELETE", "_history"),
                entry("GET", "Patient"),
            ),
            200,
            want={
                "entry.*.response.status": [
                    "400 Bad Request",
                    "400 Bad Request",
                    "404 Not Found",
                    "400 Bad Request",
                    "405 Method Not Allowed",
                    "200 OK",
                ]
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a search in a batch answers its page",
        ONE,
        post(
            "",
            batch(entry("GET", f"Patient?{CRITERIA}")),
            200,
            want={
                "entry.0.resource.total": 1,
                "entry.0.resource.type": "searchset",
                "entry.0.response.status": "200 OK",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a conditional create in a batch",
        ONE,
        post(
            "",
            batch(entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA)),
            200,
            want={"entry.0.response.status": "200 OK", "entry.0.response.location": "{base}/Patient/{id}/_history/1"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a conditional update in a batch",
        ONE,
        post(
            "",
            batch(entry("PUT", f"Patient?{CRITERIA}", KEYED | {"active": True})),
            200,
            want={"entry.0.response.etag": 'W/"2"'},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a conditional delete in a batch",
        ONE,
        post(
            "",
            batch(entry("DELETE", f"Patient?{CRITERIA}"), entry("DELETE", "Patient?identifier=x")),
            200,
            want={"entry.*.response.status": ["204 No Content", "404 Not Found"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "several matches fail their entry alone",
        ONE,
        ONE,
        post(
            "",
            batch(entry("PUT", f"Patient?{CRITERIA}", KEYED), entry("POST", "Patient", patient())),
            200,
            want={"entry.*.response.status": ["412 Precondition Failed", "201 Created"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "If-Match in an entry of a batch",
        MINE,
        post(
            "",
            batch(
                entry("PUT", "Patient/{u}", patient("Second", id="{u}"), ifMatch='W/"7"'),
                entry("GET", "Patient/{u}", ifNoneMatch='W/"1"'),
            ),
            200,
            want={"entry.*.response.status": ["409 Conflict", "304 Not Modified"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "entries of a batch may be about one resource, one after the other",
        MINE,
        post(
            "",
            batch(
                entry("PUT", "Patient/{u}", patient("Second", id="{u}")),
                entry("PUT", "Patient/{u}", patient("Third", id="{u}")),
            ),
            200,
            want={"entry.*.response.etag": ['W/"2"', 'W/"3"']},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a reference to what another entry creates is refused",
        post(
            "",
            batch(entry("POST", "Patient", patient(), UUID), entry("POST", "Observation", observation(UUID))),
            200,
            want={"entry.*.response.status": ["201 Created", "400 Bad Request"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "so is one by the id that the server will not take",
        post(
            "",
            batch(
                entry("POST", "Patient", patient(id="batchfoo")),
                entry("POST", "Observation", observation("Patient/batchfoo")),
            ),
            200,
            want={"entry.*.response.status": ["201 Created", "400 Bad Request"]},
        ),
        get("Observation", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a reference to what is there already is not",
        MINE,
        post(
            "",
            batch(
                entry("POST", "Patient", patient(id="{u}")), entry("POST", "Observation", observation("Patient/{u}"))
            ),
            200,
            want={"entry.*.response.status": ["201 Created", "201 Created"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a batch of nothing is answered with nothing",
        post("", batch(), 200, want={"type": "batch-response", "entry": []}),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "a batch whose entries are no list is refused",
        post("", batch() | {"entry": {}}, 400, want={"issue.0.location.0": "Bundle.entry"}),
        post("", batch() | {"entry": [1]}, 400),
    ),
    Case(
        "http.html#2.1.0.16.1",
        "operations work in a batch",
        MINE,
        post(
            "",
            batch(
                entry("GET", "Patient/{u}/$everything"),
                entry("GET", "Patient/{u}/$meta"),
                entry("POST", "Patient/$validate", patient(gender="m")),
            ),
            200,
            want={
                "entry.0.resource.total": 1,
                "entry.1.resource.resourceType": "Parameters",
                "entry.2.resource.issue.0.severity": "error",
                "entry.*.response.status": ["200 OK"] * 3,
            },
        ),
    ),
    Case(
        "http.html#return",
        "return=minimal leaves what was written out of a batch's entries",
        MINE,
        post(
            "",
            batch(entry("POST", "Patient", patient()), entry("GET", "Patient/{u}")),
            200,
            headers={"prefer": "return=minimal"},
            want={"entry.0": holds("201", no=("Chalmers",)), "entry.1.resource.id": "{u}"},
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_batch(case: Case, user: UserClient) -> None:
    case.run(user)
