"""If-Match, If-None-Match and If-Modified-Since, case by case: http://hl7.org/fhir/DSTU2/http.html#concurrency."""

from __future__ import annotations

import pytest

from tests.builders import patient
from tests.clients import UserClient
from tests.conformance.cases import (
    MINE,
    Ask,
    Case,
    get,
    put,
)

SECOND = patient("Second", id="{u}")

PRECONDITIONS = (
    Case(
        "http.html#concurrency",
        "an update whose If-Match names the current version is made",
        MINE,
        put("Patient/{u}", SECOND, headers={"if-match": 'W/"1"'}, want={"@etag": 'W/"2"'}),
    ),
    Case(
        "http.html#concurrency",
        "an update whose If-Match names another version is a conflict",
        MINE,
        put("Patient/{u}", SECOND, headers={"if-match": 'W/"1"'}),
        put(
            "Patient/{u}",
            patient("Third", id="{u}"),
            409,
            headers={"if-match": 'W/"1"'},
            want={"issue.0.code": "conflict"},
        ),
        get("Patient/{u}", want={"meta.versionId": "2"}),
    ),
    Case(
        "http.html#concurrency",
        "If-Match is also understood as a strong tag",
        MINE,
        put("Patient/{u}", SECOND, headers={"if-match": '"1"'}),
    ),
    Case(
        "http.html#concurrency",
        "If-Match of what is not there is a failed precondition",
        put("Patient/{u}", SECOND, 412, headers={"if-match": 'W/"1"'}),
        get("Patient/{u}", 404),
    ),
    Case(
        "http.html#concurrency",
        "If-Match: * wants the resource to be there",
        MINE,
        put("Patient/{u}", SECOND, headers={"if-match": "*"}),
    ),
    Case(
        "http.html#concurrency",
        "If-None-Match: * wants the resource not to be there yet",
        put("Patient/{u}", patient(id="{u}"), 201, headers={"if-none-match": "*"}),
        put("Patient/{u}", SECOND, 412, headers={"if-none-match": "*"}),
    ),
    Case(
        "http.html#concurrency",
        "a stale If-Match refuses even an update that changes nothing",
        MINE,
        put("Patient/{u}", SECOND),
        put("Patient/{u}", SECOND, 409, headers={"if-match": 'W/"1"'}),
    ),
    Case(
        "http.html#cread",
        "a read whose If-None-Match names the current version is 304 without a body",
        MINE,
        get("Patient/{u}", 304, headers={"if-none-match": 'W/"1"'}, want={"~": "", "@etag": 'W/"1"'}),
    ),
    Case(
        "http.html#cread",
        "a read whose If-None-Match names an older version answers it all",
        MINE,
        put("Patient/{u}", SECOND),
        get("Patient/{u}", headers={"if-none-match": 'W/"1"'}, want={"meta.versionId": "2"}),
    ),
    Case(
        "http.html#cread",
        "If-None-Match may list several versions",
        MINE,
        get("Patient/{u}", 304, headers={"if-none-match": 'W/"7", W/"1"'}),
    ),
    Case(
        "http.html#cread",
        "a read of what did not change since is 304",
        MINE,
        get("Patient/{u}", 304, headers={"if-modified-since": "{changed}"}, want={"~": ""}),
    ),
    Case(
        "http.html#cread",
        "a read of what changed since answers it all",
        MINE,
        get("Patient/{u}", headers={"if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}),
    ),
    Case(
        "http.html#cread",
        "a date that is none means nothing",
        MINE,
        get("Patient/{u}", headers={"if-modified-since": "yesterday"}),
    ),
    Case(
        "http.html#cread",
        "If-None-Match weighs more than If-Modified-Since",
        MINE,
        get("Patient/{u}", headers={"if-none-match": 'W/"9"', "if-modified-since": "{changed}"}),
    ),
    Case(
        "http.html#cread",
        "a version may be asked for conditionally",
        MINE,
        get("Patient/{u}/_history/1", 304, headers={"if-none-match": 'W/"1"'}),
    ),
    Case(
        "http.html#cread",
        "HEAD may be asked conditionally",
        MINE,
        Ask("HEAD", "Patient/{u}", None, 304, headers={"if-none-match": 'W/"1"'}),
    ),
)


@pytest.mark.parametrize("case", PRECONDITIONS, ids=str)
def test_precondition(case: Case, user: UserClient) -> None:
    case.run(user)
