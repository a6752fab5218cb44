"""Transactions, case by case: http://hl7.org/fhir/DSTU2/http.html#transaction."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.bundles import entry, transaction
from tests.conformance.cases import ABSENT, Case, get, holds, post, present, put

UUID = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
OID = "urn:oid:1.2.3.4.5"
KEY = {"system": "urn:system", "value": "{u}"}
CRITERIA = "identifier=urn:system%7C{u}"
KEYED = patient("Keyed", identifier=[KEY])
ONE = post("Patient", KEYED, save={"id": "id"})
MINE = put("Patient/{u}", patient(id="{u}"), 201)
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="%s">x</a></div>'

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


def linked(reference: str, full_url: str = UUID, **patient_members: Any) -> dict[str, object]:
    """A patient, and an observation of that patient."""
    return transaction(
        entry("POST", "Patient", patient(**patient_members), full_url),
        entry("POST", "Observation", observation(reference)),
    )


SUBJECT = "entry.1.resource.subject.reference"
NEW = holds("Patient/", no=("urn:", "foo", "http"))

REFERENCES = (
    Case(
        "http.html#2.1.0.16.2.1",
        "a urn:uuid leads to the resource that got its place",
        post("", linked(UUID), 200, want={SUBJECT: NEW}, save={"subject": SUBJECT}),
        get("{subject}", want={"resourceType": "Patient"}),
    ),
    Case("http.html#2.1.0.16.2.1", "so does a urn:oid", post("", linked(OID, OID), 200, want={SUBJECT: NEW})),
    Case(
        "http.html#2.1.0.16.2.1",
        "so does an absolute address of another server",
        post(
            "", linked("http://other.org/fhir/Patient/7", "http://other.org/fhir/Patient/7"), 200, want={SUBJECT: NEW}
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "so does a relative reference to an absolute fullUrl",
        post(
            "",
            linked("Patient/7", "http://other.org/fhir/Patient/7"),
            200,
            want={SUBJECT: holds("Patient/", no=("Patient/7",))},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "so does the id that the resource had in the Bundle",
        post("", linked("Patient/foo", "", id="foo"), 200, want={SUBJECT: NEW}),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "so does a bare UUID as fullUrl",
        post(
            "",
            linked("Patient/61ebe359-bfdc-4613-8bf2-c5e300945f0a", "61ebe359-bfdc-4613-8bf2-c5e300945f0a"),
            200,
            want={SUBJECT: holds("Patient/", no=("61ebe359",))},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "references forth, back and in a ring are led home",
        post(
            "",
            transaction(
                entry("POST", "Patient", patient(link=[{"other": {"reference": OID}, "type": "refer"}]), UUID),
                entry("POST", "Patient", patient(link=[{"other": {"reference": UUID}, "type": "refer"}]), OID),
            ),
            200,
            want={"entry.*.resource.link.0.other.reference": holds("Patient/", no=("urn:",))},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "two resources of one id at two servers are kept apart",
        post(
            "",
            transaction(
                entry("POST", "Patient", patient("A"), "http://a.org/Patient/1"),
                entry("POST", "Patient", patient("B"), "http://b.org/Patient/1"),
                entry("POST", "Observation", observation("Patient/1"), "http://b.org/Observation/1"),
            ),
            200,
            save={"subject": "entry.2.resource.subject.reference"},
        ),
        get("{subject}", want={"name.0.family.0": "B"}),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "a fragment after an address stays",
        post("", linked(f"{UUID}#part"), 200, want={SUBJECT: holds("Patient/", "#part")}),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "contained resources' references are led home too",
        post(
            "",
            transaction(
                entry("POST", "Patient", patient(), UUID),
                entry(
                    "POST",
                    "Observation",
                    observation(
                        "Patient/a",
                        contained=[smallest("Observation", id="c", status="final", subject={"reference": UUID})],
                        related=[{"target": {"reference": "#c"}}],
                    ),
                ),
            ),
            200,
            want={
                "entry.1.resource.contained.0.subject.reference": NEW,
                "entry.1.resource.related.0.target.reference": "#c",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "uris and the url of an attachment are led home",
        post(
            "",
            transaction(
                entry("POST", "Binary", smallest("Binary"), UUID),
                entry(
                    "POST",
                    "Patient",
                    patient(photo=[{"url": UUID}], extension=[{"url": "http://a.org/e", "valueUri": UUID}]),
                ),
            ),
            200,
            want={
                "entry.1.resource.photo.0.url": holds("Binary/"),
                "entry.1.resource.extension.0.valueUri": holds("Binary/"),
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "links in a narrative are led home",
        post(
            "",
            transaction(
                entry("POST", "Binary", smallest("Binary"), UUID),
                entry("POST", "Patient", patient(text={"status": "generated", "div": DIV % UUID})),
            ),
            200,
            want={"entry.1.resource.text.div": holds('href="Binary/', no=("urn:",))},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "texts that only look like an address are left as they are",
        post(
            "",
            transaction(entry("POST", "Patient", patient(), UUID), entry("POST", "Patient", patient(UUID))),
            200,
            want={"entry.1.resource.name.0.family.0": UUID},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "numbers keep their digits where references are rewritten",
        post(
            "",
            transaction(
                entry("POST", "Patient", patient(), UUID),
                entry("POST", "Observation", observation(UUID, valueQuantity={"value": 7})),
            ),
            200,
            want={"~": holds('"value":7')},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "a reference to what an update wrote is led there",
        post(
            "",
            transaction(
                entry("PUT", "Patient/{u}", patient(id="{u}"), UUID), entry("POST", "Observation", observation(UUID))
            ),
            200,
            want={SUBJECT: "Patient/{u}"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "a conditional reference becomes a reference to its match",
        ONE,
        post(
            "",
            transaction(entry("POST", "Observation", observation("Patient?identifier=urn:system|{u}"))),
            200,
            want={"entry.0.resource.subject.reference": "Patient/{id}"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "a conditional reference without a match fails the transaction",
        post(
            "",
            transaction(entry("POST", "Observation", observation("Patient?identifier=urn:system|{u}"))),
            412,
            want={"issue.0.location.0": holds("Bundle.entry[0]")},
        ),
        get("Observation", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2.1",
        "a conditional reference with several matches fails the transaction",
        ONE,
        ONE,
        post("", transaction(entry("POST", "Observation", observation("Patient?identifier=urn:system|{u}"))), 412),
    ),
)

CONDITIONS = (
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create without a match creates",
        post(
            "",
            transaction(entry("POST", "Patient", KEYED, ifNoneExist=f"Patient?{CRITERIA}")),
            200,
            want={"entry.0.response.status": "201 Created"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create with a match answers that, and references lead there",
        ONE,
        post(
            "",
            transaction(
                entry("POST", "Patient", KEYED, UUID, ifNoneExist=CRITERIA),
                entry("POST", "Observation", observation(UUID)),
            ),
            200,
            want={
                "entry.0.response.status": "200 OK",
                "entry.0.response.location": "{base}/Patient/{id}/_history/1",
                SUBJECT: "Patient/{id}",
            },
        ),
        get("Patient", want={"total": 1}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "the id in a conditional create is led to its match",
        ONE,
        post(
            "",
            transaction(
                entry("POST", "Patient", KEYED | {"id": "foo"}, ifNoneExist=f"?{CRITERIA}"),
                entry("POST", "Observation", observation("Patient/foo")),
            ),
            200,
            want={SUBJECT: "Patient/{id}"},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create with several matches fails the transaction",
        ONE,
        ONE,
        post(
            "",
            transaction(
                entry("POST", "Observation", observation()), entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA)
            ),
            412,
            want={"resourceType": "OperationOutcome", "issue.0.location.0": "Bundle.entry[1]"},
        ),
        get("Observation", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "two conditional creates for the same criteria are refused",
        post(
            "",
            transaction(*[entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA)] * 2),
            400,
            want={"issue.*.location.0": ["Bundle.entry[0]", "Bundle.entry[1]"]},
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional create whose criteria another entry's resource matches is refused",
        post(
            "", transaction(entry("POST", "Patient", KEYED, ifNoneExist=CRITERIA), entry("POST", "Patient", KEYED)), 400
        ),
        get("Patient", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "criteria that are not understood fail the transaction",
        *(
            post("", transaction(entry("POST", "Patient", KEYED, ifNoneExist=criteria)), 400)
            for criteria in (
                "Patient?identifier   identifier{u}",
                "Patient?identifier=",
                "Patient?foo=bar",
                "Observation?code=x",
            )
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional update with a match updates that, whatever id the body holds",
        ONE,
        post(
            "",
            transaction(
                entry("PUT", f"Patient?{CRITERIA}", KEYED | {"id": "foo", "active": True}),
                entry("POST", "Observation", observation("Patient/foo")),
            ),
            200,
            want={
                "entry.0.response.status": "200 OK",
                "entry.0.response.location": "{base}/Patient/{id}/_history/2",
                SUBJECT: "Patient/{id}",
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional update without a match creates",
        post(
            "",
            transaction(
                entry("PUT", f"Patient?{CRITERIA}", KEYED | {"id": "foo"}),
                entry("POST", "Observation", observation("Patient/foo")),
            ),
            200,
            want={
                "entry.0.response.status": "201 Created",
                "entry.0.response.location": holds("", no=("foo",)),
                SUBJECT: NEW,
            },
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional update with several matches fails the transaction",
        ONE,
        ONE,
        post("", transaction(entry("PUT", f"Patient?{CRITERIA}", KEYED)), 412),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional delete with a match deletes it",
        ONE,
        post(
            "",
            transaction(entry("DELETE", f"Patient?{CRITERIA}")),
            200,
            want={"entry.0.response.status": "204 No Content"},
        ),
        get("Patient/{id}", 410),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional delete without a match says so, and the rest is carried out",
        post(
            "",
            transaction(entry("DELETE", f"Patient?{CRITERIA}"), entry("POST", "Patient", KEYED)),
            200,
            want={"entry.*.response.status": ["404 Not Found", "201 Created"]},
        ),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "a conditional delete with several matches fails the transaction",
        ONE,
        ONE,
        post("", transaction(entry("DELETE", f"Patient?{CRITERIA}")), 412),
        get("Patient/{id}"),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "If-Match in an entry guards its update",
        MINE,
        post(
            "",
            transaction(
                entry("POST", "Observation", observation()),
                entry("PUT", "Patient/{u}", patient("Second", id="{u}"), ifMatch='W/"7"'),
            ),
            409,
            want={"issue.0.location.0": "Bundle.entry[1]"},
        ),
        get("Observation", want={"total": 0}),
    ),
    Case(
        "http.html#2.1.0.16.2",
        "If-Match in an entry lets the current version pass",
        MINE,
        post("", transaction(entry("PUT", "Patient/{u}", patient("Second", id="{u}"), ifMatch='W/"1"')), 200),
    ),
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

CASES = ANSWERS + ORDER + REFERENCES + CONDITIONS + REFUSED


@pytest.mark.parametrize("case", CASES, ids=str)
def test_transaction(case: Case, user: UserClient) -> None:
    case.run(user)
