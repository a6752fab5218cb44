"""read and vread, case by case: http://hl7.org/fhir/DSTU2/http.html#read."""

from __future__ import annotations

import pytest

from tests.builders import patient
from tests.clients import UserClient
from tests.conformance.cases import (
    ABSENT,
    MINE,
    Ask,
    Case,
    delete,
    get,
    holds,
    post,
    put,
)

MADE = post("Patient", patient(), save={"id": "id", "changed": "@last-modified"})

TWICE = put("Patient/{u}", patient("Second", id="{u}"), 200)

NARRATED = patient(
    id="{u}",
    text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Chalmers</div>'},
    active=True,
)

READ = (
    Case(
        "http.html#read",
        "a read answers the resource with its ETag and Last-Modified",
        MADE,
        get(
            "Patient/{id}",
            want={"resourceType": "Patient", "id": "{id}", "@etag": 'W/"1"', "@last-modified": "{changed}"},
        ),
    ),
    Case(
        "http.html#read",
        "the media type of an answer is FHIR's own, with its charset",
        MADE,
        get("Patient/{id}", want={"@content-type": "application/json+fhir; charset=utf-8"}),
    ),
    Case(
        "http.html#read", "the id in the resource is that of its address", MINE, get("Patient/{u}", want={"id": "{u}"})
    ),
    Case(
        "http.html#read",
        "a resource that never was is not found",
        get("Patient/{u}", 404, want={"resourceType": "OperationOutcome", "issue.0.code": "not-found"}),
    ),
    Case(
        "http.html#read",
        "an id that FHIR does not allow is not found",
        get("Patient/Invalid-ID-Because_Of_!@$Special_Characters_and_Length_Over_Sixty_Four_Characters", 404),
    ),
    Case(
        "http.html#read",
        "a type that FHIR does not have is not found",
        get("Patience/1", 404, want={"resourceType": "OperationOutcome"}),
    ),
    Case("http.html#read", "an id of another type is not found", MADE, get("Observation/{id}", 404)),
    Case(
        "http.html#read",
        "a deleted resource is gone",
        MADE,
        delete("Patient/{id}"),
        get("Patient/{id}", 410, want={"resourceType": "OperationOutcome"}),
    ),
    Case(
        "http.html#read",
        "HEAD answers what GET does, without the body",
        MADE,
        Ask("HEAD", "Patient/{id}", want={"@etag": 'W/"1"', "@last-modified": "{changed}", "~": ""}),
    ),
    Case(
        "http.html#read",
        "HEAD of a deleted resource is 410",
        MADE,
        delete("Patient/{id}"),
        Ask("HEAD", "Patient/{id}", None, 410),
    ),
    Case("http.html#read", "HEAD of nothing is 404", Ask("HEAD", "Patient/{u}", None, 404)),
    Case(
        "http.html#summary",
        "a read with _summary=text keeps the narrative and what is mandatory",
        put("Patient/{u}", NARRATED, 201),
        get("Patient/{u}?_summary=text", want={"text.status": "generated", "name": ABSENT, "id": "{u}"}),
    ),
    Case(
        "http.html#summary",
        "a read with _summary=data leaves the narrative out",
        put("Patient/{u}", NARRATED, 201),
        get("Patient/{u}?_summary=data", want={"text": ABSENT, "name.0.family.0": "Chalmers"}),
    ),
    Case(
        "http.html#summary",
        "a part of a resource is tagged as one",
        MINE,
        get("Patient/{u}?_summary=true", want={"meta.tag.1.code": "SUBSETTED"}),
    ),
    Case(
        "http.html#summary",
        "a read with _elements keeps those that were named",
        put("Patient/{u}", NARRATED, 201),
        get("Patient/{u}?_elements=active", want={"active": True, "name": ABSENT, "meta.tag.1.code": "SUBSETTED"}),
    ),
    Case("http.html#summary", "a _summary that is none is refused", MINE, get("Patient/{u}?_summary=maybe", 400)),
    Case(
        "http.html#read",
        "a read without a token is refused with a challenge",
        MADE,
        get(
            "Patient/{id}",
            401,
            headers={"authorization": "-"},
            want={"@www-authenticate": holds("Bearer"), "issue.0.code": "login"},
        ),
    ),
)

VREAD = (
    Case(
        "http.html#vread",
        "each version stays readable",
        MINE,
        TWICE,
        get("Patient/{u}/_history/1", want={"name.0.family.0": "Chalmers", "meta.versionId": "1", "@etag": 'W/"1"'}),
        get("Patient/{u}/_history/2", want={"name.0.family.0": "Second", "meta.versionId": "2", "@etag": 'W/"2"'}),
    ),
    Case("http.html#vread", "a version that never was is not found", MINE, get("Patient/{u}/_history/2", 404)),
    Case(
        "http.html#vread",
        "a version's id is opaque: one that is no number is not found",
        MINE,
        get("Patient/{u}/_history/first", 404),
    ),
    Case(
        "http.html#vread",
        "the version that is a deletion is gone",
        MADE,
        delete("Patient/{id}"),
        get("Patient/{id}/_history/2", 410),
    ),
    Case(
        "http.html#vread",
        "older versions of a deleted resource stay readable",
        MADE,
        delete("Patient/{id}"),
        get("Patient/{id}/_history/1", want={"id": "{id}"}),
    ),
    Case("http.html#vread", "versions of a resource that never was are not found", get("Patient/{u}/_history/1", 404)),
    Case(
        "http.html#vread",
        "HEAD of a version",
        MINE,
        Ask("HEAD", "Patient/{u}/_history/1", want={"@etag": 'W/"1"', "~": ""}),
    ),
    Case(
        "http.html#vread",
        "a version has its own Last-Modified",
        MADE,
        get("Patient/{id}/_history/1", want={"@last-modified": "{changed}"}),
    ),
)


@pytest.mark.parametrize("case", READ + VREAD, ids=str)
def test_read(case: Case, user: UserClient) -> None:
    case.run(user)
