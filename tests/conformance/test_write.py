"""create, update and delete, case by case: http://hl7.org/fhir/DSTU2/http.html#create."""

from __future__ import annotations

import pytest

from fhirstore.dstu2.sources import SOURCE_SYSTEM
from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.cases import (
    MINE,
    Case,
    delete,
    get,
    holds,
    post,
    present,
    put,
)

MADE = post("Patient", patient(), save={"id": "id", "changed": "@last-modified"})

TWICE = put("Patient/{u}", patient("Second", id="{u}"), 200)

CREATE = (
    Case(
        "http.html#create",
        "a create answers 201 with the version's address, ETag and Last-Modified",
        post(
            "Patient",
            patient(),
            want={"@location": holds("{base}/Patient/", "/_history/1"), "@etag": 'W/"1"', "@last-modified": present},
        ),
    ),
    Case(
        "http.html#create",
        "the Location leads to the version that was made",
        post("Patient", patient(), save={"place": "@location", "id": "id"}),
        get("{place}", want={"id": "{id}"}),
    ),
    Case(
        "http.html#create",
        "the server chooses the id, whatever the body holds",
        post("Patient", patient(id="mine-{u}"), want={"id": holds("", no=("mine",))}),
    ),
    Case(
        "http.html#create",
        "the server fills in versionId and lastUpdated",
        post(
            "Patient",
            patient(meta={"versionId": "99", "lastUpdated": "1999-01-01T00:00:00Z"}),
            want={"meta.versionId": "1", "meta.lastUpdated": holds("20", no=("1999",))},
        ),
    ),
    Case(
        "http.html#create",
        "tags, profiles and labels of the client are kept",
        post(
            "Patient",
            patient(
                meta={
                    "tag": [{"system": "http://a.org", "code": "t"}],
                    "profile": ["http://a.org/p"],
                    "security": [{"system": "http://a.org", "code": "s"}],
                }
            ),
            want={"meta.tag.0.code": "t", "meta.profile.0": "http://a.org/p", "meta.security.0.code": "s"},
        ),
    ),
    Case(
        "http.html#create",
        "the answer holds the resource as it was stored",
        post("Patient", patient(), want={"name.0.family.0": "Chalmers", "id": present}),
    ),
    Case(
        "http.html#create",
        "a body of another type is refused",
        post("Patient", observation(), 400, want={"resourceType": "OperationOutcome"}),
    ),
    Case("http.html#create", "a body that is no resource is refused", post("Patient", {"name": "x"}, 400)),
    Case(
        "http.html#create",
        "a body that is no JSON is refused",
        post("Patient", "{", 400, want={"issue.0.severity": "fatal"}),
    ),
    Case("http.html#create", "an empty body is refused", post("Patient", b"", 400)),
    Case(
        "http.html#create",
        "a resource that breaks a rule is 422, and each broken rule is told with its place",
        post(
            "Observation",
            {"resourceType": "Observation"},
            422,
            want={"issue.#": 2, "issue.*.severity": ["error", "error"], "issue.0.location.0": holds("Observation")},
        ),
    ),
    Case("http.html#create", "an unknown element is refused", post("Patient", patient(nonsense=True), 422)),
    Case(
        "http.html#create",
        "a code that its binding does not have is refused",
        post("Patient", patient(gender="m"), 422, want={"issue.0.location.0": "Patient.gender"}),
    ),
    Case(
        "http.html#create",
        "there is no create at an instance",
        MADE,
        post("Patient/{id}", patient(), 405, want={"@allow": holds("PUT")}),
    ),
    Case(
        "http.html#create",
        "there is no create of a type that FHIR does not have",
        post("Patience", {"resourceType": "Patience"}, 404),
    ),
    Case(
        "http.html#create",
        "parameters in the address of a create mean nothing",
        post("Patient?name={u}", patient(), 201),
        post("Patient?name={u}", patient(), 201),
    ),
    Case(
        "http.html#create",
        "letters of any script come back as they were sent",
        post("Organization", smallest("Organization", name="測試醫院 \U0001f3e5"), save={"id": "id"}),
        get("Organization/{id}", want={"name": "測試醫院 \U0001f3e5"}),
    ),
    Case(
        "json.html#decimal",
        "decimals keep their digits",
        post(
            "Observation",
            '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}',
            want={"~": holds('"value":1.00')},
        ),
    ),
    Case(
        "references.html#contained",
        "a contained resource comes back inside",
        post(
            "Patient",
            patient(contained=[smallest("Organization", id="o")], managingOrganization={"reference": "#o"}),
            save={"id": "id"},
        ),
        get("Patient/{id}", want={"contained.0.resourceType": "Organization", "managingOrganization.reference": "#o"}),
    ),
    Case(
        "references.html",
        "a reference may lead to what is not there",
        post("Observation", observation("Patient/{u}"), 201),
    ),
    Case(
        "http.html#return",
        "return=minimal answers without a body",
        post(
            "Patient",
            patient(),
            headers={"prefer": "return=minimal"},
            want={"~": "", "@location": present, "@etag": 'W/"1"'},
        ),
    ),
    Case(
        "http.html#return",
        "return=representation answers with the resource",
        post("Patient", patient(), headers={"prefer": "return=representation"}, want={"resourceType": "Patient"}),
    ),
)

UPDATE = (
    Case(
        "http.html#update",
        "an update answers 200 with the next version",
        MINE,
        put(
            "Patient/{u}",
            patient("Second", id="{u}"),
            want={"meta.versionId": "2", "@etag": 'W/"2"', "@last-modified": present, "name.0.family.0": "Second"},
        ),
        get("Patient/{u}", want={"meta.versionId": "2"}),
    ),
    Case(
        "http.html#update",
        "an update tells the address of the version that it made",
        MINE,
        put(
            "Patient/{u}",
            patient("Second", id="{u}"),
            want={"@location": "{base}/Patient/{u}/_history/2", "@content-location": "{base}/Patient/{u}/_history/2"},
        ),
    ),
    Case(
        "http.html#update",
        "an update of an id that is not there creates it with that id",
        put(
            "Patient/{u}",
            patient(id="{u}"),
            201,
            want={"id": "{u}", "@location": "{base}/Patient/{u}/_history/1", "@etag": 'W/"1"'},
        ),
    ),
    Case(
        "http.html#update",
        "one id names one resource of each type",
        MINE,
        put("Observation/{u}", observation(id="{u}"), 201),
        get("Patient/{u}", want={"resourceType": "Patient"}),
    ),
    Case(
        "http.html#update",
        "a body without an id is refused",
        MINE,
        put("Patient/{u}", patient(), 400, want={"issue.0.location.0": "Patient.id"}),
    ),
    Case("http.html#update", "a body with another id is refused", MINE, put("Patient/{u}", patient(id="other"), 400)),
    Case("http.html#update", "a body of another type is refused", MINE, put("Patient/{u}", observation(id="{u}"), 400)),
    Case(
        "http.html#update", "an id that FHIR does not allow is not created", put("Patient/a_b", patient(id="a_b"), 400)
    ),
    Case(
        "http.html#update",
        "versionId and lastUpdated in the body mean nothing",
        MINE,
        put(
            "Patient/{u}",
            patient("Second", id="{u}", meta={"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"}),
            want={"meta.versionId": "2", "meta.lastUpdated": holds("", no=("1999",))},
        ),
    ),
    Case(
        "http.html#update",
        "an update that changes nothing keeps the version",
        MINE,
        put("Patient/{u}", patient(id="{u}"), want={"meta.versionId": "1", "@etag": 'W/"1"'}),
        get("Patient/{u}/_history", want={"total": 1}),
    ),
    Case(
        "http.html#update",
        "a read resource that is sent back unchanged keeps the version",
        MINE,
        get("Patient/{u}", save={"body": "~"}),
        put("Patient/{u}", "{body}", want={"@etag": 'W/"1"'}),
    ),
    Case(
        "http.html#update",
        "an update without a tag takes the tag away",
        put("Patient/{u}", patient(id="{u}", meta={"tag": [{"code": "t"}]}), 201),
        put("Patient/{u}", patient("Second", id="{u}"), want={"meta.tag.*.system": [SOURCE_SYSTEM]}),
    ),
    Case(
        "http.html#update",
        "an update of a deleted resource brings it back as the next version",
        MINE,
        delete("Patient/{u}"),
        put("Patient/{u}", patient(id="{u}"), 201, want={"meta.versionId": "3"}),
        get("Patient/{u}", want={"meta.versionId": "3"}),
    ),
    Case(
        "http.html#update",
        "a refused update changes nothing",
        MINE,
        put("Patient/{u}", patient(id="{u}", gender="m"), 422),
        get("Patient/{u}", want={"meta.versionId": "1"}),
    ),
    Case("http.html#update", "an update without id and criteria is refused", put("Patient", patient(), 400)),
    Case(
        "http.html#update",
        "there is no update of a version",
        MINE,
        put("Patient/{u}/_history/1", patient(id="{u}"), 405),
    ),
    Case(
        "http.html#return",
        "an update with return=minimal answers without a body",
        MINE,
        put(
            "Patient/{u}",
            patient("Second", id="{u}"),
            headers={"prefer": "return=minimal"},
            want={"~": "", "@etag": 'W/"2"', "@location": present},
        ),
    ),
    Case(
        "http.html#return",
        "an update with return=representation answers with the resource",
        MINE,
        put(
            "Patient/{u}",
            patient("Second", id="{u}"),
            headers={"prefer": "return=representation"},
            want={"meta.versionId": "2"},
        ),
    ),
)

DELETE = (
    Case(
        "http.html#delete",
        "a delete answers 204 without a body",
        MINE,
        delete("Patient/{u}", want={"~": "", "@etag": 'W/"2"'}),
    ),
    Case(
        "http.html#delete",
        "deleting again changes nothing",
        MINE,
        delete("Patient/{u}"),
        delete("Patient/{u}"),
        get("Patient/{u}/_history", want={"total": 2}),
    ),
    Case("http.html#delete", "deleting what never was is not found", delete("Patient/{u}", 404)),
    Case(
        "http.html#delete",
        "a deleted resource is found by no search",
        MINE,
        delete("Patient/{u}"),
        get("Patient?_id={u}", want={"total": 0, "entry": []}),
    ),
    Case(
        "http.html#delete",
        "what is referred to may be deleted",
        MINE,
        post("Observation", observation("Patient/{u}")),
        delete("Patient/{u}"),
    ),
    Case("http.html#delete", "there is no delete of a version", MINE, delete("Patient/{u}/_history/1", 405)),
    Case("http.html#delete", "a delete of a whole type is refused", MINE, delete("Patient", 400), get("Patient/{u}")),
    Case("http.html#delete", "there is no delete of everything", delete("", 405)),
    Case(
        "http.html#delete",
        "If-Match guards a delete too",
        MINE,
        TWICE,
        delete("Patient/{u}", 409, headers={"if-match": 'W/"1"'}),
        delete("Patient/{u}", headers={"if-match": 'W/"2"'}),
    ),
)


@pytest.mark.parametrize("case", CREATE + UPDATE + DELETE, ids=str)
def test_write(case: Case, user: UserClient) -> None:
    case.run(user)
