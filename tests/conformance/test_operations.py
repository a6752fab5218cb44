"""Operations, case by case: http://hl7.org/fhir/DSTU2/operations.html."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.cases import ABSENT, Ask, Case, delete, get, holds, post, put

TAG = {"system": "http://a.org", "code": "t"}
OTHER_TAG = {"system": "http://a.org", "code": "other"}
EVERYTHING = "patient-operations.html#everything"
META = "resource-operations.html#meta"
VALIDATE = "resource-operations.html#validate"
DOCUMENT = "composition-operations.html#document"


def parameters(**given: object) -> dict[str, object]:
    """A Parameters resource: names of parameters with underscores for hyphens, values by their members."""
    members = [{"name": name, **value} for name, value in given.items() if isinstance(value, dict)]
    return {"resourceType": "Parameters", "parameter": members}


RECORD = (
    put(
        "Organization/o{u}",
        smallest("Organization", name="Hospital", id="o{u}", partOf={"reference": "Organization/top{u}"}),
        201,
    ),
    put("Organization/top{u}", smallest("Organization", name="Trust", id="top{u}"), 201),
    put(
        "Patient/{u}",
        patient(id="{u}", managingOrganization={"reference": "Organization/o{u}"}),
        201,
        save={"made": "meta.lastUpdated"},
    ),
    put("Observation/old{u}", observation("Patient/{u}", id="old{u}", effectiveDateTime="2010-05-01"), 201),
    put(
        "Observation/new{u}",
        observation(
            "Patient/{u}", id="new{u}", effectiveDateTime="2015-05-01", encounter={"reference": "Encounter/e{u}"}
        ),
        201,
    ),
    put(
        "Encounter/e{u}",
        smallest(
            "Encounter",
            id="e{u}",
            status="finished",
            patient={"reference": "Patient/{u}"},
            period={"start": "2015-04-30", "end": "2015-05-02"},
        ),
        201,
    ),
    put("Condition/c{u}", smallest("Condition", id="c{u}", patient={"reference": "Patient/{u}"}), 201),
    put("Patient/other{u}", patient("Other", id="other{u}"), 201),
    put("Observation/other{u}", observation("Patient/other{u}", id="other{u}"), 201),
)
ALL = "Patient/{u}/$everything"
IDS = "entry.*.resource.id"

RECORDS = (
    Case(
        EVERYTHING,
        "a patient's everything is the patient, what is about him, and what that refers to",
        *RECORD,
        get(
            ALL,
            want={
                "resourceType": "Bundle",
                "type": "searchset",
                "total": 5,
                IDS: ["c{u}", "e{u}", "new{u}", "old{u}", "{u}", "o{u}", "top{u}"],
            },
        ),
    ),
    Case(
        EVERYTHING,
        "types come in alphabetical order",
        *RECORD,
        get(
            ALL,
            want={
                "entry.*.resource.resourceType": [
                    "Condition",
                    "Encounter",
                    "Observation",
                    "Observation",
                    "Patient",
                    "Organization",
                    "Organization",
                ]
            },
        ),
    ),
    Case(
        EVERYTHING,
        "what only comes along is marked as included",
        *RECORD,
        get(
            ALL,
            want={"entry.*.search.mode": ["match"] * 5 + ["include"] * 2, "entry.0.fullUrl": "{base}/Condition/c{u}"},
        ),
    ),
    Case(
        EVERYTHING,
        "everything may be asked for by POST, with and without parameters",
        *RECORD,
        post(ALL, parameters(), 200, want={"total": 5}),
        post(ALL, b"", 200, want={"total": 5}),
        post(ALL, parameters(_count={"valueUnsignedInt": 2}), 200, want={"total": 5, "link.1.relation": "next"}),
    ),
    Case(
        EVERYTHING,
        "start leaves out care before",
        *RECORD,
        get(f"{ALL}?start=2012-01-01", want={"total": 4, IDS: holds("new{u}", no=("old{u}",))}),
    ),
    Case(
        EVERYTHING,
        "end leaves out care after",
        *RECORD,
        get(f"{ALL}?end=2012-01-01", want={"total": 3, IDS: holds("old{u}", "c{u}", no=('"new',))}),
    ),
    Case(
        EVERYTHING,
        "start and end may come by POST",
        *RECORD,
        post(
            ALL, parameters(start={"valueDate": "2012-01-01"}, end={"valueDate": "2014-01-01"}), 200, want={"total": 2}
        ),
    ),
    Case(
        EVERYTHING,
        "care that overlaps a limit is within",
        *RECORD,
        get(f"{ALL}?start=2015-05-02", want={IDS: holds("e{u}", no=("new{u}",))}),
    ),
    Case(
        EVERYTHING,
        "a start that is no date is refused",
        *RECORD,
        get(f"{ALL}?start=soon", 400, want={"issue.0.diagnostics": holds("start")}),
    ),
    Case(
        EVERYTHING,
        "an unknown parameter is refused",
        *RECORD,
        get(f"{ALL}?foo=bar", 400, want={"issue.0.diagnostics": holds("foo")}),
        post(ALL, parameters(foo={"valueString": "bar"}), 400),
    ),
    Case(
        EVERYTHING,
        "everything is paged, and every page is different",
        *RECORD,
        get(
            f"{ALL}?_count=3",
            want={"total": 5, "entry.2.resource.id": "new{u}", "entry.3.search.mode": "include"},
            save={"next": "link.1.url"},
        ),
        get(
            "{next}",
            want={
                "total": 5,
                "entry.0.resource.id": "old{u}",
                "entry.1.resource.id": "{u}",
                "link.*.relation": holds("previous", no=("next",)),
            },
        ),
    ),
    Case(
        EVERYTHING,
        "clients may count pages by _skip",
        *RECORD,
        get(f"{ALL}?_count=2&_skip=4", want={"total": 5, "entry.0.resource.id": "{u}", "link.0.url": holds("_skip=4")}),
        get(f"{ALL}?_skip=50", want={"total": 5, "entry": []}),
    ),
    Case(
        EVERYTHING,
        "ten make a page where nothing else is asked",
        *RECORD,
        *(post("Observation", observation("Patient/{u}")) for _ in range(8)),
        get(
            ALL, want={"total": 13, "link.1.relation": "next", "entry.*.search.mode": ["match"] * 10 + ["include"] * 2}
        ),
    ),
    Case(
        EVERYTHING,
        "_lastUpdated and _since leave out what did not change",
        *RECORD,
        get(f"{ALL}?_lastUpdated=gt2100-01-01", want={"total": 0, "entry": []}),
        get(f"{ALL}?_since=2100-01-01", want={"total": 0}),
        get(f"{ALL}?_since={{made}}", want={"total": 5, IDS: holds("{u}", no=('"o{u}',))}),
    ),
    Case(
        EVERYTHING,
        "everything can be put into another order",
        *RECORD,
        get(
            f"{ALL}?_sort:desc=_lastUpdated&_count=5",
            want={"entry.0.resource.id": "c{u}", "entry.1.resource.id": "e{u}"},
        ),
    ),
    Case(
        EVERYTHING,
        "everything can be narrowed to types",
        *RECORD,
        get(
            f"{ALL}?_type=Observation,Condition",
            want={"total": 3, "entry.*.resource.resourceType": ["Condition", "Observation", "Observation"]},
        ),
    ),
    Case(EVERYTHING, "the everything of who is not there is not found", get(ALL, 404), post(ALL, b"", 404)),
    Case(EVERYTHING, "the everything of who was deleted is not found", *RECORD, delete("Patient/{u}"), get(ALL, 404)),
    Case(
        EVERYTHING,
        "the everything of all patients has the records of all of them",
        *RECORD,
        get("Patient/$everything?_count=50", want={"total": 7, IDS: holds("{u}", "other{u}", "top{u}")}),
        post("Patient/$everything", b"", 200, want={"total": 7}),
    ),
    Case(
        EVERYTHING,
        "everything is at home on Patient and Encounter alone",
        *RECORD,
        get("Observation/new{u}/$everything", 404),
        get("Encounter/$everything", 404),
    ),
    Case(
        "encounter-operations.html#everything",
        "an encounter's everything is the encounter and what took place there",
        *RECORD,
        get(
            "Encounter/e{u}/$everything", want={"total": 2, IDS: holds("e{u}", "new{u}", "{u}", no=("old{u}", "c{u}"))}
        ),
        post("Encounter/e{u}/$everything", b"", 200, want={"total": 2}),
    ),
    Case(EVERYTHING, "HEAD of everything", *RECORD, Ask("HEAD", ALL, want={"~": ""})),
)

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
                f"{FOUND}.tag.*.code": ["t"],
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
        get("Patient/{u}/_history/1/$meta", want={f"{FOUND}.tag.*.code": ["t"]}),
    ),
    Case(
        META,
        "$meta of a type is what its resources use",
        TAGGED,
        post("Observation", observation(meta={"tag": [OTHER_TAG]})),
        get("Patient/$meta", want={f"{FOUND}.tag.*.code": ["t"], f"{FOUND}.profile": ["http://a.org/p"]}),
    ),
    Case(
        META,
        "$meta of everything is what all resources use, each once",
        TAGGED,
        post("Patient", patient(meta={"tag": [TAG]})),
        post("Observation", observation(meta={"tag": [OTHER_TAG]})),
        get("$meta", want={f"{FOUND}.tag.#": 2}),
        post("$meta", b"", 200, want={f"{FOUND}.tag.#": 2}),
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
        post("Patient/{u}/$meta-add", ADD, 200, want={f"{FOUND}.tag.#": 2, f"{FOUND}.security.0.code": "s"}),
        get("Patient/{u}", want={"meta.versionId": "2", "meta.tag.#": 2, "meta.profile": ["http://a.org/p"]}),
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
        post("Patient/{u}/$meta-delete", TAKE, 200, want={f"{FOUND}.tag": ABSENT}),
        get("Patient/{u}", want={"meta.versionId": "2", "meta.tag": ABSENT, "meta.profile": ["http://a.org/p"]}),
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

CASES = RECORDS + METAS + VALIDATIONS + DOCUMENTS


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operation(case: Case, user: UserClient) -> None:
    case.run(user)
