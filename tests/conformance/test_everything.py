"""$everything, case by case: http://hl7.org/fhir/DSTU2/patient-operations.html#everything."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.cases import (
    Ask,
    Case,
    delete,
    get,
    holds,
    parameters,
    post,
    put,
)

EVERYTHING = "patient-operations.html#everything"

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


@pytest.mark.parametrize("case", RECORDS, ids=str)
def test_everything(case: Case, user: UserClient) -> None:
    case.run(user)
