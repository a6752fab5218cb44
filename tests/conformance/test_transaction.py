"""What a transaction answers, and in which order it works, case by case: http://hl7.org/fhir/DSTU2/http.html#transaction."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient
from tests.conformance.bundles import entry, transaction
from tests.conformance.cases import (
    ABSENT,
    MINE,
    Case,
    get,
    holds,
    post,
    present,
    put,
)

ANSWERS = (
    Case(
        "http.html#transaction-response",
        "a transaction is answered with an entry for each, in the order of the request",
        post(
            "",
            transaction(entry("POST", "Patient", patient()), entry("POST", "Observation", observation())),
            200,
            want={
                "resourceType": "Bundle",
                "type": "transaction-response",
                "entry.*.response.status": ["201 Created", "201 Created"],
                "entry.1.response.location": holds("/Observation/"),
            },
        ),
    ),
    Case(
        "http.html#transaction-response",
        "an entry that wrote tells location, etag and time of the version",
        post(
            "",
            transaction(entry("POST", "Patient", patient())),
            200,
            want={
                "entry.0.response.location": holds("{base}/Patient/", "/_history/1"),
                "entry.0.response.etag": 'W/"1"',
                "entry.0.response.lastModified": present,
            },
        ),
    ),
    Case(
        "http.html#transaction-response",
        "an entry that wrote answers with what it wrote",
        post(
            "",
            transaction(entry("POST", "Patient", patient())),
            200,
            want={"entry.0.resource.name.0.family.0": "Chalmers", "entry.0.resource.id": present},
        ),
    ),
    Case(
        "http.html#return",
        "return=minimal leaves the resources out of the entries",
        post(
            "",
            transaction(entry("POST", "Patient", patient())),
            200,
            headers={"prefer": "return=minimal"},
            want={"entry.0.resource": ABSENT, "entry.0.response.status": "201 Created"},
        ),
    ),
    Case(
        "http.html#transaction",
        "a transaction of nothing is answered with nothing",
        post("", transaction(), 200, want={"type": "transaction-response", "entry": []}),
    ),
    Case(
        "http.html#transaction",
        "the base may be called with a slash at its end",
        post("/dstu2/", transaction(entry("POST", "Patient", patient())), 200),
    ),
    Case(
        "http.html#transaction",
        "a Bundle of another type is refused",
        post("", transaction() | {"type": "searchset"}, 400, want={"issue.0.location.0": "Bundle.type"}),
        post("", {"resourceType": "Bundle", "entry": []}, 400),
    ),
    Case("http.html#transaction", "another resource than a Bundle is refused", post("", patient(), 400)),
    Case(
        "http.html#transaction",
        "a Bundle that is posted to its type is stored, not carried out",
        post("Bundle", transaction(entry("POST", "Patient", patient())), 201),
        get("Patient", want={"total": 0}),
    ),
)

ORDER = (
    Case(
        "http.html#2.1.0.16.2",
        "GET comes last and sees what the transaction wrote",
        post(
            "",
            transaction(entry("GET", "Patient"), entry("POST", "Patient", patient())),
            200,
            want={
                "entry.0.response.status": "200 OK",
                "entry.0.resource.total": 1,
                "entry.0.resource.type": "searchset",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "DELETE comes first, then POST, PUT and GET",
        MINE,
        put("Observation/o{u}", observation(id="o{u}"), 201),
        post(
            "",
            transaction(
                entry("GET", "Patient"),
                entry("PUT", "Observation/o{u}", observation("Patient/new", id="o{u}")),
                entry("POST", "Patient", patient("New")),
                entry("DELETE", "Patient/{u}"),
            ),
            200,
            want={
                "entry.*.response.status": ["200 OK", "200 OK", "201 Created", "204 No Content"],
                "entry.0.resource.total": 1,
                "entry.0.resource.entry.0.resource.name.0.family.0": "New",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a read in a transaction answers with the resource",
        MINE,
        post(
            "",
            transaction(entry("GET", "Patient/{u}")),
            200,
            want={
                "entry.0.resource.id": "{u}",
                "entry.0.response.etag": 'W/"1"',
                "entry.0.fullUrl": "{base}/Patient/{u}",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "vread, history and search are read in a transaction too",
        MINE,
        put("Patient/{u}", patient("Second", id="{u}")),
        post(
            "",
            transaction(
                entry("GET", "Patient/{u}/_history/1"),
                entry("GET", "Patient/{u}/_history"),
                entry("GET", "Patient?_id={u}"),
                entry("GET", "Patient/{u}/$everything"),
            ),
            200,
            want={
                "entry.0.resource.meta.versionId": "1",
                "entry.1.resource.total": 2,
                "entry.2.resource.total": 1,
                "entry.3.resource.total": 1,
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "the history that a transaction reads has what it wrote",
        MINE,
        post(
            "",
            transaction(entry("PUT", "Patient/{u}", patient("Second", id="{u}")), entry("GET", "Patient/{u}/_history")),
            200,
            want={"entry.1.resource.total": 2},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "If-None-Match in a transaction answers 304 without the resource",
        MINE,
        post(
            "",
            transaction(entry("GET", "Patient/{u}", ifNoneMatch='W/"1"')),
            200,
            want={"entry.0.response.status": "304 Not Modified", "entry.0.resource": ABSENT},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "an entry's address may be absolute, or begin with a slash",
        MINE,
        post(
            "",
            transaction(entry("GET", "{base}/Patient/{u}"), entry("GET", "/Patient/{u}")),
            200,
            want={"entry.*.response.status": ["200 OK", "200 OK"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "an update in a transaction makes the next version",
        MINE,
        post(
            "",
            transaction(entry("PUT", "Patient/{u}", patient("Second", id="{u}"))),
            200,
            want={
                "entry.0.response.status": "200 OK",
                "entry.0.response.etag": 'W/"2"',
                "entry.0.response.location": "{base}/Patient/{u}/_history/2",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "an update in a transaction creates under the client's id",
        post(
            "",
            transaction(entry("PUT", "Patient/{u}", patient(id="{u}"))),
            200,
            want={
                "entry.0.response.status": "201 Created",
                "entry.0.response.location": "{base}/Patient/{u}/_history/1",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "operations work in a transaction, with their parameters as the entry's resource",
        MINE,
        post(
            "",
            transaction(
                entry(
                    "POST",
                    "Patient/{u}/$meta-add",
                    {
                        "resourceType": "Parameters",
                        "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "t"}]}}],
                    },
                )
            ),
            200,
            want={"entry.0.response.status": "200 OK"},
        ),
        get("Patient/{u}", want={"meta.tag.0.code": "t", "meta.versionId": "2"}),
    ),
)


@pytest.mark.parametrize("case", ANSWERS + ORDER, ids=str)
def test_transaction(case: Case, user: UserClient) -> None:
    case.run(user)
