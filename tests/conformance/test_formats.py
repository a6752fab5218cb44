"""JSON and XML, in and out, case by case: http://hl7.org/fhir/DSTU2/http.html#mime-type."""

from __future__ import annotations

import pytest

from tests.builders import patient
from tests.clients import UserClient
from tests.conformance.bundles import batch, entry
from tests.conformance.cases import (
    ABSENT,
    Case,
    delete,
    get,
    holds,
    post,
    put,
)

XML, JSON = "application/xml+fhir; charset=utf-8", "application/json+fhir; charset=utf-8"

MINE = put("Patient/{u}", patient(id="{u}", active=True), 201)
IN_XML = {"content-type": "application/xml+fhir"}

PATIENT_XML = '<Patient xmlns="http://hl7.org/fhir"><id value="{u}"/><name><family value="Chalmers"/></name></Patient>'

BUNDLE_XML = (
    '<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource>'
    '<Patient xmlns="http://hl7.org/fhir"><name><family value="Chalmers"/></name></Patient></resource>'
    '<request><method value="POST"/><url value="Patient"/></request></entry></Bundle>'
)

TAG_XML = (
    '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="meta"/>'
    '<valueMeta><tag><code value="t"/></tag></valueMeta></parameter></Parameters>'
)

OBSERVATION_XML = (
    '<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="x"/></code>'
    '<valueQuantity><value value="1.00"/></valueQuantity></Observation>'
)


def asked(accept: str, answered: str) -> Case:
    return Case(
        "http.html#mime-type",
        f"Accept: {accept} is answered in {answered}",
        MINE,
        get("Patient/{u}", headers={"accept": accept}, want={"@content-type": answered}),
    )


def spelled(format: str, answered: str) -> Case:
    return Case(
        "http.html#mime-type",
        f"_format={format} is answered in {answered}",
        MINE,
        get(f"Patient/{{u}}?_format={format}", headers={"accept": "text/html"}, want={"@content-type": answered}),
    )


CHOICES = (
    asked("application/xml+fhir", XML),
    asked("application/json+fhir", JSON),
    asked("application/fhir+xml", "application/fhir+xml; charset=utf-8"),
    asked("application/fhir+json", "application/fhir+json; charset=utf-8"),
    asked("application/json", "application/json; charset=utf-8"),
    asked("text/xml", "text/xml; charset=utf-8"),
    asked("*/*", JSON),
    asked("application/*", JSON),
    asked("application/xml+fhir;q=1.0, application/json+fhir;q=1.0", XML),
    asked("application/xml+fhir;q=0.4, application/json+fhir;q=0.9", JSON),
    asked("text/html, application/xml+fhir;q=0.5", XML),
    asked("application/xml+fhir;charset=utf-8", XML),
    asked("application/xml+fhir;q=0, */*", JSON),
    *(spelled(format, XML) for format in ("xml", "application/xml%2Bfhir", "application/xml+fhir")),
    *(spelled(format, JSON) for format in ("json", "application/json%2Bfhir", "application/json+fhir")),
    spelled("text/xml", "text/xml; charset=utf-8"),
    spelled("application/xml", "application/xml; charset=utf-8"),
    spelled("application/json", "application/json; charset=utf-8"),
    Case(
        "http.html#mime-type",
        "_format weighs more than Accept",
        MINE,
        get("Patient/{u}?_format=xml", headers={"accept": "application/json"}, want={"@content-type": XML}),
    ),
    Case(
        "http.html#mime-type",
        "a format that is not spoken is 406",
        MINE,
        get("Patient/{u}", 406, headers={"accept": "application/foobar"}, want={"resourceType": "OperationOutcome"}),
        get("Patient", 406, headers={"accept": "text/html"}),
    ),
    Case(
        "http.html#mime-type",
        "a _format that is not spoken is 406",
        MINE,
        get("Patient/{u}?_format=application/foobar", 406),
        get("Patient?_format=turtle", 406),
    ),
    Case(
        "http.html#mime-type",
        "a body in a format that is not spoken is 415",
        post("Patient", patient(), 415, headers={"content-type": "text/turtle"}),
        post("Patient", b"a=b", 415, headers={"content-type": "application/x-www-form-urlencoded"}),
    ),
    Case(
        "http.html#mime-type",
        "JSON in another charset than UTF-8 is 415",
        post("Patient", patient(), 415, headers={"content-type": "application/json; charset=latin-1"}),
    ),
    Case(
        "http.html#mime-type",
        "who writes in XML without asking is answered in XML",
        post(
            "Patient",
            PATIENT_XML,
            headers=IN_XML,
            want={"@content-type": XML, "~": holds("<Patient", '<family value="Chalmers"/>')},
        ),
    ),
    Case(
        "http.html#mime-type",
        "who writes in XML may ask for JSON",
        post(
            "Patient",
            PATIENT_XML,
            headers={**IN_XML, "accept": "application/json+fhir"},
            want={"name.0.family.0": "Chalmers"},
        ),
    ),
    Case(
        "http.html#mime-type",
        "the format of an entry's resource is the answer's",
        post(
            "",
            batch(entry("POST", "Patient", patient())),
            200,
            headers={"accept": "application/xml+fhir"},
            want={"@content-type": XML, "~": holds("<Patient")},
        ),
    ),
)

EVERYWHERE = (
    Case(
        "xml.html",
        "a resource is updated in XML",
        MINE,
        put("Patient/{u}", PATIENT_XML, headers=IN_XML, want={"@etag": 'W/"2"'}),
        get("Patient/{u}", want={"name.0.family.0": "Chalmers", "active": ABSENT}),
    ),
    Case(
        "xml.html",
        "a version is read in XML",
        MINE,
        get(
            "Patient/{u}/_history/1?_format=xml", want={"~": holds('<versionId value="1"/>', '<active value="true"/>')}
        ),
    ),
    Case(
        "xml.html",
        "a history is read in XML",
        MINE,
        delete("Patient/{u}"),
        get(
            "Patient/{u}/_history?_format=xml",
            want={"~": holds('<Bundle xmlns="http://hl7.org/fhir">', '<method value="DELETE"/>', '<total value="2"/>')},
        ),
    ),
    Case(
        "xml.html",
        "a search is read in XML",
        MINE,
        get("Patient?_format=xml", want={"~": holds('<total value="1"/>', '<mode value="match"/>')}),
    ),
    Case(
        "xml.html",
        "a transaction is written and answered in XML",
        post(
            "",
            BUNDLE_XML,
            200,
            headers=IN_XML,
            want={
                "@content-type": XML,
                "~": holds('<type value="transaction-response"/>', '<status value="201 Created"/>'),
            },
        ),
    ),
    Case(
        "xml.html",
        "an outcome is read in XML",
        get(
            "Patient/{u}?_format=xml",
            404,
            want={"@content-type": XML, "~": holds("<OperationOutcome", '<code value="not-found"/>')},
        ),
        get("Patient/{u}", 404, headers={"accept": "application/xml+fhir"}, want={"~": holds("<OperationOutcome")}),
    ),
    Case(
        "xml.html",
        "the Conformance is read in XML",
        get("metadata?_format=xml", want={"~": holds("<Conformance", '<fhirVersion value="1.0.2"/>')}),
    ),
    Case(
        "xml.html",
        "operations are asked and answered in XML",
        MINE,
        post(
            "Patient/{u}/$meta-add",
            TAG_XML,
            200,
            headers=IN_XML,
            want={"~": holds("<Parameters")},
        ),
        get("Patient/{u}/$everything?_format=xml", want={"~": holds("<Bundle")}),
    ),
    Case(
        "xml.html",
        "a conditional create is written in XML",
        *[
            post(
                "Patient",
                '<Patient xmlns="http://hl7.org/fhir"><identifier><value value="{u}"/></identifier></Patient>',
                status,
                headers={**IN_XML, "if-none-exist": "identifier={u}"},
            )
            for status in (201, 200)
        ],
    ),
    Case(
        "xml.html",
        "XML that is broken, or of no FHIR, is refused",
        post("Patient", "<Patient", 400, headers=IN_XML),
        post("Patient", "<Patient/>", 400, headers=IN_XML),
        post("Patient", PATIENT_XML.replace("<name>", "<nonsense/><name>"), 400, headers=IN_XML),
    ),
    Case(
        "xml.html",
        "XML with an entity is refused",
        post("Patient", '<!DOCTYPE x [<!ENTITY e "x">]>' + PATIENT_XML.replace("Chalmers", "&e;"), 400, headers=IN_XML),
    ),
    Case(
        "xml.html",
        "letters of any script go through XML",
        post(
            "Organization",
            '<Organization xmlns="http://hl7.org/fhir"><name value="測試醫院"/></Organization>',
            headers=IN_XML,
            save={"place": "@location"},
        ),
        get("{place}", want={"name": "測試醫院"}),
        get("{place}?_format=xml", want={"~": holds("測試醫院")}),
    ),
    Case(
        "xml.html",
        "decimals keep their digits through XML",
        post(
            "Observation",
            OBSERVATION_XML,
            headers=IN_XML,
            save={"place": "@location"},
        ),
        get("{place}", want={"~": holds('"value":1.00')}),
        get("{place}?_format=xml", want={"~": holds('<value value="1.00"/>')}),
    ),
    Case(
        "http.html#pretty",
        "_pretty=true is for people",
        MINE,
        get("Patient/{u}?_pretty=true", want={"~": holds('\n  "id"')}),
        get("Patient/{u}?_pretty=true&_format=xml", want={"~": holds("\n  <id")}),
        get("Patient/{u}?_pretty=false", want={"~": holds("", no=("\n",))}),
    ),
)


@pytest.mark.parametrize("case", CHOICES + EVERYWHERE, ids=str)
def test_format(case: Case, user: UserClient) -> None:
    case.run(user)
