"""References between the entries of a transaction, case by case: http://hl7.org/fhir/DSTU2/http.html#2.1.0.16.2.1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import UserClient
from tests.conformance.bundles import entry, transaction
from tests.conformance.cases import (
    NEW,
    ONE,
    SUBJECT,
    UUID,
    Case,
    get,
    holds,
    post,
)

OID = "urn:oid:1.2.3.4.5"

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="%s">x</a></div>'


def linked(reference: str, full_url: str = UUID, **patient_members: Any) -> dict[str, object]:
    """A patient, and an observation of that patient."""
    return transaction(
        entry("POST", "Patient", patient(**patient_members), full_url),
        entry("POST", "Observation", observation(reference)),
    )


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


@pytest.mark.parametrize("case", REFERENCES, ids=str)
def test_reference(case: Case, user: UserClient) -> None:
    case.run(user)
