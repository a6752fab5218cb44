"""Conditional create, update and delete, case by case: http://hl7.org/fhir/DSTU2/http.html#ccreate."""

from __future__ import annotations

import pytest

from tests.builders import patient
from tests.clients import UserClient
from tests.conformance.cases import (
    CRITERIA,
    KEY,
    KEYED,
    MINE,
    ONE,
    Case,
    delete,
    get,
    holds,
    post,
    present,
    put,
)

OTHER = patient("Other", identifier=[KEY])

IF_NONE = {"if-none-exist": f"Patient?{CRITERIA}"}

CREATES = (
    Case(
        "http.html#ccreate",
        "a conditional create without a match creates",
        post("Patient", KEYED, headers=IF_NONE, want={"@location": holds("/_history/1"), "@etag": 'W/"1"'}),
    ),
    Case(
        "http.html#ccreate",
        "a conditional create with a match answers 200 and where that is",
        ONE,
        post("Patient", OTHER, 200, headers=IF_NONE, want={"@location": "{base}/{place}"}),
        get(f"Patient?{CRITERIA}", want={"total": 1, "entry.0.resource.name.0.family.0": "Keyed"}),
    ),
    Case(
        "http.html#ccreate",
        "a conditional create with several matches is 412 and creates nothing",
        ONE,
        ONE,
        post("Patient", OTHER, 412, headers=IF_NONE, want={"resourceType": "OperationOutcome"}),
        get(f"Patient?{CRITERIA}", want={"total": 2}),
    ),
    Case(
        "http.html#ccreate",
        "the criteria may come without the type",
        ONE,
        post("Patient", OTHER, 200, headers={"if-none-exist": CRITERIA}),
    ),
    Case(
        "http.html#ccreate",
        "the criteria may come with a question mark alone",
        ONE,
        post("Patient", OTHER, 200, headers={"if-none-exist": f"?{CRITERIA}"}),
    ),
    Case(
        "http.html#ccreate",
        "the criteria may come as the server's own address",
        ONE,
        post("Patient", OTHER, 200, headers={"if-none-exist": f"{{base}}/Patient?{CRITERIA}"}),
    ),
    Case(
        "http.html#ccreate",
        "a value of the criteria may hold a question mark",
        post("Patient", patient(identifier=[{"system": "http://a.org/x?y", "value": "{u}"}])),
        post("Patient", OTHER, 200, headers={"if-none-exist": "identifier=http://a.org/x?y|{u}"}),
    ),
    Case(
        "http.html#ccreate",
        "criteria about another type are refused",
        post("Patient", KEYED, 400, headers={"if-none-exist": f"Observation?{CRITERIA}"}),
    ),
    Case(
        "http.html#ccreate",
        "an unknown criterion is refused, and nothing is created",
        post(
            "Patient",
            KEYED,
            400,
            headers={"if-none-exist": "Patient?foo=bar"},
            want={"issue.0.diagnostics": holds("foo")},
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#ccreate",
        "a criterion without a value is refused",
        post("Patient", KEYED, 400, headers={"if-none-exist": "Patient?identifier="}),
    ),
    Case(
        "http.html#ccreate",
        "criteria that are none are refused",
        post("Patient", KEYED, 400, headers={"if-none-exist": "Patient?_count=1"}),
    ),
    Case(
        "http.html#ccreate",
        "a deleted resource matches nothing",
        ONE,
        delete("Patient/{id}"),
        post("Patient", OTHER, 201, headers=IF_NONE),
    ),
    Case(
        "http.html#ccreate",
        "return=minimal leaves the body out where the resource was there too",
        ONE,
        post(
            "Patient", OTHER, 200, headers={**IF_NONE, "prefer": "return=minimal"}, want={"~": "", "@location": present}
        ),
    ),
    Case(
        "http.html#ccreate",
        "If-None-Exist means nothing to an update",
        ONE,
        put("Patient/{u}", patient(id="{u}", identifier=[KEY]), 201, headers=IF_NONE),
    ),
    Case("http.html#ccreate", "If-None-Exist means nothing to a read", MINE, get("Patient/{u}", headers=IF_NONE)),
    Case(
        "http.html#ccreate",
        "If-None-Exist means nothing to an operation",
        MINE,
        post(
            "Patient/{u}/$meta-add",
            {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "t"}]}}]},
            200,
            headers=IF_NONE,
        ),
    ),
)

UPDATES = (
    Case(
        "http.html#cond-update",
        "a conditional update without a match creates under an id of the server's",
        put(f"Patient?{CRITERIA}", KEYED, 201, want={"@location": holds("{base}/Patient/", "/_history/1")}),
        get(f"Patient?{CRITERIA}", want={"total": 1}),
    ),
    Case(
        "http.html#cond-update",
        "a conditional update with a match updates that",
        ONE,
        put(
            f"Patient?{CRITERIA}",
            OTHER,
            200,
            want={"id": "{id}", "@etag": 'W/"2"', "@location": "{base}/Patient/{id}/_history/2"},
        ),
    ),
    Case(
        "http.html#cond-update",
        "a conditional update with several matches is 412",
        ONE,
        ONE,
        put(f"Patient?{CRITERIA}", OTHER, 412),
        get("Patient/{id}", want={"meta.versionId": "1"}),
    ),
    Case(
        "http.html#cond-update",
        "the criteria decide whatever id the body holds",
        ONE,
        put(f"Patient?{CRITERIA}", OTHER | {"id": "foo"}, 200, want={"id": "{id}", "meta.versionId": "2"}),
    ),
    Case(
        "http.html#cond-update",
        "an id in the body is not taken where nothing matches",
        put(f"Patient?{CRITERIA}", OTHER | {"id": "foo"}, 201, want={"id": holds("", no=("foo",))}),
    ),
    Case(
        "http.html#cond-update",
        "a conditional update that changes nothing keeps the version",
        ONE,
        put(f"Patient?{CRITERIA}", KEYED, 200, want={"@etag": 'W/"1"'}),
    ),
    Case(
        "http.html#cond-update",
        "a conditional update with an unknown criterion is refused",
        put("Patient?foo=bar", KEYED, 400),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#cond-update",
        "lenient handling never makes a conditional update match more",
        ONE,
        put("Patient?foo=bar", OTHER, 400, headers={"prefer": "handling=lenient"}),
        get("Patient/{id}", want={"meta.versionId": "1"}),
    ),
    Case(
        "http.html#cond-update",
        "If-Match guards a conditional update",
        ONE,
        put(f"Patient?{CRITERIA}", OTHER, 409, headers={"if-match": 'W/"7"'}),
        put(f"Patient?{CRITERIA}", OTHER, 200, headers={"if-match": 'W/"1"'}),
    ),
    Case(
        "http.html#cond-update",
        "_format is no criterion",
        ONE,
        put(f"Patient?{CRITERIA}&_format=json", OTHER, 200, want={"id": "{id}"}),
        put("Patient?_format=json", OTHER, 400),
    ),
    Case(
        "http.html#cond-update",
        "several criteria must all hold",
        ONE,
        put(f"Patient?{CRITERIA}&family=Nobody", OTHER, 201),
    ),
    Case(
        "http.html#cond-update",
        "a match by _id creates nothing under that id",
        put("Patient?_id={u}", KEYED, 201, want={"id": holds("", no=("{u}",))}),
    ),
)

DELETES = (
    Case(
        "http.html#2.1.0.12.1",
        "a conditional delete with a match deletes it",
        ONE,
        delete(f"Patient?{CRITERIA}"),
        get("Patient/{id}", 410),
    ),
    Case(
        "http.html#2.1.0.12.1", "a conditional delete without a match is not found", delete(f"Patient?{CRITERIA}", 404)
    ),
    Case(
        "http.html#2.1.0.12.1",
        "a conditional delete with several matches is 412 and deletes nothing",
        ONE,
        ONE,
        delete(f"Patient?{CRITERIA}", 412),
        get(f"Patient?{CRITERIA}", want={"total": 2}),
    ),
    Case(
        "http.html#2.1.0.12.1",
        "a conditional delete with an unknown criterion is refused",
        ONE,
        delete("Patient?foo=bar", 400),
        get("Patient/{id}"),
    ),
    Case(
        "http.html#2.1.0.12.1",
        "a conditional delete without criteria is refused",
        ONE,
        delete("Patient?_count=1", 400),
        get("Patient/{id}"),
    ),
    Case(
        "http.html#2.1.0.12.1",
        "a conditional delete leaves other types alone",
        ONE,
        delete(f"Observation?{CRITERIA}", 404),
        get("Patient/{id}"),
    ),
)


@pytest.mark.parametrize("case", CREATES + UPDATES + DELETES, ids=str)
def test_conditional(case: Case, user: UserClient) -> None:
    case.run(user)
