"""$meta, $validate and $document, case by case: http://hl7.org/fhir/DSTU2/operations.html."""

from __future__ import annotations

import pytest

from fhirstore.dstu2.sources import SOURCE_SYSTEM
from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.cases import (
    Case,
    delete,
    get,
    holds,
    parameters,
    post,
    put,
)

TAG = {"system": "http://a.org", "code": "t"}

OTHER_TAG = {"system": "http://a.org", "code": "other"}

META = "resource-operations.html#meta"

VALIDATE = "resource-operations.html#validate"

DOCUMENT = "composition-operations.html#document"

TAGGED = put("Patient/{u}", patient(id="{u}", meta={"tag": [TAG], "profile": ["http://a.org/p"]}), 201)

ADD = parameters(meta={"valueMeta": {"tag": [OTHER_TAG], "security": [{"system": "http://a.org", "code": "s"}]}})

TAKE = parameters(meta={"valueMeta": {"tag": [{"system": "http://a.org", "code": "t"}]}})

FOUND = "parameter.0.valueMeta"

METAS = (
    Case(
        META,
        "$meta of a resource is its meta",
        TAGGED,
        get(
            "Patient/{u}/$meta",
            want={
                "resourceType": "Parameters",
                "parameter.0.name": "return",
                f"{FOUND}.tag.#": 2,
                f"{FOUND}.versionId": "1",
            },
        ),
    ),
    Case(
        META,
        "$meta of a resource by POST",
        TAGGED,
        post("Patient/{u}/$meta", b"", 200, want={f"{FOUND}.profile": ["http://a.org/p"]}),
    ),
    Case(
        META,
        "$meta of a version is what was true then",
        TAGGED,
        post("Patient/{u}/$meta-add", ADD, 200),
        get("Patient/{u}/_history/1/$meta", want={f"{FOUND}.tag.#": 2, f"{FOUND}.tag.0.code": "t"}),
    ),
    Case(
        META,
        "$meta of a type is what its resources use",
        TAGGED,
        post("Observation", observation(meta={"tag": [OTHER_TAG]})),
        get(
            "Patient/$meta",
            want={f"{FOUND}.tag.#": 2, f"{FOUND}.tag.0.code": "t", f"{FOUND}.profile": ["http://a.org/p"]},
        ),
    ),
    Case(
        META,
        "$meta of everything is what all resources use, each once",
        TAGGED,
        post("Patient", patient(meta={"tag": [TAG]})),
        post("Observation", observation(meta={"tag": [OTHER_TAG]})),
        get("$meta", want={f"{FOUND}.tag.#": 3}),
        post("$meta", b"", 200, want={f"{FOUND}.tag.#": 3}),
    ),
    Case(
        META,
        "$meta of what is not there is not found",
        get("Patient/{u}/$meta", 404),
        get("Patient/{u}/_history/1/$meta", 404),
    ),
    Case(META, "$meta of what was deleted is gone", TAGGED, delete("Patient/{u}"), get("Patient/{u}/$meta", 410)),
    Case(META, "$meta where nothing is tagged is empty", get("$meta", want={"parameter.0.name": "return"})),
    Case(
        "resource-operations.html#meta-add",
        "$meta-add puts labels to those that are there, as a new version",
        TAGGED,
        post("Patient/{u}/$meta-add", ADD, 200, want={f"{FOUND}.tag.#": 3, f"{FOUND}.security.0.code": "s"}),
        get("Patient/{u}", want={"meta.versionId": "2", "meta.tag.#": 3, "meta.profile": ["http://a.org/p"]}),
    ),
    Case(
        "resource-operations.html#meta-add",
        "adding what is there changes nothing",
        TAGGED,
        post("Patient/{u}/$meta-add", parameters(meta={"valueMeta": {"tag": [TAG]}}), 200),
        get("Patient/{u}", want={"meta.versionId": "1"}),
    ),
    Case(
        "resource-operations.html#meta-add",
        "what was added is found by",
        TAGGED,
        post("Patient/{u}/$meta-add", ADD, 200),
        get("Patient?_tag=http://a.org%7Cother", want={"total": 1}),
    ),
    Case(
        "resource-operations.html#meta-add",
        "a body without meta is refused",
        TAGGED,
        post("Patient/{u}/$meta-add", parameters(), 400, want={"issue.0.diagnostics": holds("meta")}),
        post("Patient/{u}/$meta-add", b"", 400),
    ),
    Case(
        "resource-operations.html#meta-add",
        "adding to what is not there is not found",
        post("Patient/{u}/$meta-add", ADD, 404),
    ),
    Case(
        "resource-operations.html#meta-delete",
        "$meta-delete takes labels away, as a new version",
        TAGGED,
        post("Patient/{u}/$meta-delete", TAKE, 200, want={f"{FOUND}.tag.*.system": [SOURCE_SYSTEM]}),
        get(
            "Patient/{u}",
            want={"meta.versionId": "2", "meta.tag.*.system": [SOURCE_SYSTEM], "meta.profile": ["http://a.org/p"]},
        ),
    ),
    Case(
        "resource-operations.html#meta-delete",
        "taking away what is not there changes nothing",
        TAGGED,
        post("Patient/{u}/$meta-delete", parameters(meta={"valueMeta": {"tag": [OTHER_TAG]}}), 200),
        get("Patient/{u}", want={"meta.versionId": "1"}),
    ),
    Case(
        "resource-operations.html#meta-delete",
        "a body without meta is refused",
        TAGGED,
        post("Patient/{u}/$meta-delete", parameters(), 400),
    ),
    Case("resource-operations.html#meta-add", "labels are not added by GET", TAGGED, get("Patient/{u}/$meta-add", 405)),
)

VALIDATIONS = (
    Case(
        VALIDATE,
        "a resource that keeps the rules is told so, and not stored",
        post(
            "Patient/$validate",
            patient(),
            200,
            want={"resourceType": "OperationOutcome", "issue.0.severity": "information"},
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        VALIDATE,
        "a resource that breaks a rule is told which",
        post(
            "Patient/$validate",
            patient(gender="m"),
            200,
            want={"issue.0.severity": "error", "issue.0.location.0": "Patient.gender"},
        ),
    ),
    Case(
        VALIDATE,
        "the resource may be a parameter, with mode and profile",
        post(
            "Patient/$validate",
            parameters(
                resource={"resource": patient(gender="m")},
                mode={"valueCode": "create"},
                profile={"valueUri": "http://a.org/p"},
            ),
            200,
            want={"issue.*.severity": holds("error")},
        ),
    ),
    Case(
        VALIDATE,
        "a stored resource is validated at its address",
        put("Patient/{u}", patient(id="{u}"), 201),
        get("Patient/{u}/$validate", want={"issue.0.severity": "information"}),
        post("Patient/{u}/$validate", b"", 200),
    ),
    Case(
        VALIDATE,
        "an update is validated with its id",
        post("Patient/{u}/$validate?mode=update", patient(), 200, want={"issue.*.severity": holds("error")}),
    ),
    Case(
        VALIDATE,
        "a resource of another type is an error",
        post("Patient/$validate", observation(), 200, want={"issue.0.severity": "error"}),
    ),
    Case(
        VALIDATE,
        "what is no resource at all is an error",
        post("Patient/$validate", "{", 200, want={"issue.0.severity": "fatal"}),
    ),
    Case(VALIDATE, "validating what is not there is not found", get("Patient/{u}/$validate", 404)),
)

COMPOSED = (
    put("Patient/{u}", patient(id="{u}"), 201),
    put("Observation/{u}", observation("Patient/{u}", id="{u}"), 201),
    put("Practitioner/{u}", smallest("Practitioner", id="{u}"), 201),
    put(
        "Composition/{u}",
        smallest(
            "Composition",
            id="{u}",
            status="final",
            subject={"reference": "Patient/{u}"},
            author=[{"reference": "Practitioner/{u}"}],
            section=[{"title": "x", "entry": [{"reference": "Observation/{u}"}, {"reference": "Observation/none"}]}],
        ),
        201,
    ),
)

DOCUMENTS = (
    Case(
        DOCUMENT,
        "a document is the composition first, and all that it refers to",
        *COMPOSED,
        get(
            "Composition/{u}/$document",
            want={
                "resourceType": "Bundle",
                "type": "document",
                "entry.0.resource.resourceType": "Composition",
                "entry.#": 4,
                "entry.0.fullUrl": "{base}/Composition/{u}",
                "id": holds(""),
            },
        ),
    ),
    Case(
        DOCUMENT,
        "a document is not stored unless that is asked for",
        *COMPOSED,
        get("Composition/{u}/$document", 200),
        get("Bundle", want={"total": 0}),
    ),
    Case(
        DOCUMENT,
        "a document that is to persist is stored",
        *COMPOSED,
        post("Composition/{u}/$document", parameters(persist={"valueBoolean": True}), 200, save={"id": "id"}),
        get("Bundle/{id}", want={"type": "document"}),
    ),
    Case(
        DOCUMENT,
        "a document may be asked for by POST without storing it",
        *COMPOSED,
        post("Composition/{u}/$document", b"", 200),
        get("Bundle", want={"total": 0}),
    ),
    Case(DOCUMENT, "the document of what is not there is not found", get("Composition/{u}/$document", 404)),
    Case(DOCUMENT, "documents are at home on Composition alone", *COMPOSED, get("Patient/{u}/$document", 404)),
    Case(
        "operations.html",
        "an operation that is not known is not found",
        get("$nothing", 404),
        get("Patient/$nothing", 404),
        post("Patient/{u}/$nothing", b"", 404),
    ),
)


@pytest.mark.parametrize("case", METAS + VALIDATIONS + DOCUMENTS, ids=str)
def test_operation(case: Case, user: UserClient) -> None:
    case.run(user)
