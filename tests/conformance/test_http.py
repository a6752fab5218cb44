"""HTTP manners of the endpoint, case by case: http://hl7.org/fhir/DSTU2/http.html#general."""

from __future__ import annotations

import socket

import pytest

from tests.builders import patient
from tests.clients import UserClient
from tests.conformance.bundles import batch, entry, transaction
from tests.conformance.cases import (
    ABSENT,
    MINE,
    Ask,
    Case,
    get,
    holds,
    post,
    present,
    put,
)

LONG = put("Patient/{u}", patient("x" * 5000, id="{u}"), 201)

ORIGIN = {"origin": "https://app.example.org"}

CASES = (
    Case(
        "http.html#root",
        "both prefixes are the same endpoint",
        MINE,
        get("/fhir/dstu2/Patient/{u}", want={"id": "{u}"}),
        get("/dstu2/Patient/{u}", want={"id": "{u}"}),
    ),
    Case(
        "http.html#root",
        "what an answer links to starts with the prefix that was called",
        post("/fhir/dstu2/Patient", patient(), want={"@location": holds("{address}/fhir/dstu2/Patient/")}),
        get(
            "/fhir/dstu2/Patient",
            want={
                "entry.0.fullUrl": holds("{address}/fhir/dstu2/Patient/"),
                "link.0.url": "{address}/fhir/dstu2/Patient",
            },
        ),
    ),
    Case(
        "http.html#root",
        "a Bundle's answer links to the prefix that was called",
        post(
            "/fhir/dstu2",
            transaction(entry("POST", "Patient", patient())),
            200,
            want={"entry.0.response.location": holds("{address}/fhir/dstu2/Patient/")},
        ),
    ),
    Case(
        "http.html#root",
        "a slash at the end of an address means nothing",
        MINE,
        get("Patient/{u}/", want={"id": "{u}"}),
        get("Patient/", want={"total": 1}),
        post("Patient/", patient()),
        get("Patient/{u}/_history/", want={"total": 1}),
        get("metadata/"),
    ),
    Case(
        "http.html#root",
        "types may be written in lower case",
        MINE,
        get("patient/{u}", want={"id": "{u}"}),
        post("patient", patient(), want={"@location": holds("{base}/Patient/")}),
        get("observation", want={"total": 0}),
        get("PATIENT/{u}/_history", want={"total": 1}),
    ),
    Case(
        "http.html#root",
        "beyond the endpoint there is nothing of it",
        get("/dstu3/Patient", 404),
        get("/fhir/Patient", 404),
        get("/dstu2x/Patient", 404),
    ),
    Case(
        "http.html#read",
        "a link in an answer can be followed as it is",
        MINE,
        get("Patient", save={"full": "entry.0.fullUrl", "self": "link.0.url"}),
        get("{full}", want={"id": "{u}"}),
        get("{self}", want={"total": 1}),
    ),
    Case(
        "http.html#conformance",
        "the Conformance needs no token and says what the server is",
        get(
            "metadata",
            headers={"authorization": "-"},
            want={
                "resourceType": "Conformance",
                "fhirVersion": "1.0.2",
                "kind": "instance",
                "rest.0.mode": "server",
                "rest.0.transactionMode": "both",
                "rest.0.resource.#": 94,
                "implementation.url": "{base}",
            },
        ),
    ),
    Case(
        "http.html#conformance",
        "OPTIONS at the base answers the Conformance",
        Ask("OPTIONS", "", want={"resourceType": "Conformance"}),
        Ask("OPTIONS", "/dstu2/", want={"resourceType": "Conformance"}),
    ),
    Case(
        "http.html#conformance",
        "HEAD of the Conformance",
        Ask("HEAD", "metadata", want={"~": "", "@content-type": present}),
    ),
    Case(
        "http.html#conformance",
        "the Conformance cannot be written",
        post("metadata", {}, 405, want={"@allow": holds("GET")}),
        put("metadata", {}, 405),
    ),
    Case(
        "http.html#security",
        "every interaction needs a token",
        *(
            Ask(method, path, body, 401, headers={"authorization": "-"}, want={"@www-authenticate": holds("Bearer")})
            for method, path, body in (
                ("GET", "Patient", None),
                ("GET", "Patient/a", None),
                ("POST", "Patient", patient()),
                ("PUT", "Patient/a", patient(id="a")),
                ("DELETE", "Patient/a", None),
                ("GET", "_history", None),
                ("POST", "", batch()),
                ("GET", "Patient/a/$everything", None),
            )
        ),
    ),
    Case(
        "http.html#security",
        "a wrong token is refused",
        get("Patient", 401, headers={"authorization": "Bearer wrong"}),
        get("Patient?access_token=wrong", 401, headers={"authorization": "-"}),
    ),
    Case(
        "http.html#security",
        "the token may come in the query, and no link repeats it",
        MINE,
        get(
            "Patient?access_token={token}",
            headers={"authorization": "-"},
            want={"total": 1, "~": holds("", no=("{token}",))},
        ),
        get("_history?access_token={token}", headers={"authorization": "-"}, want={"~": holds("", no=("{token}",))}),
        get(
            "Patient/{u}/$everything?access_token={token}",
            headers={"authorization": "-"},
            want={"total": 1, "~": holds("", no=("{token}",))},
        ),
    ),
    Case(
        "http.html#security",
        "what is a patient's is for no shared cache",
        MINE,
        get("Patient/{u}", want={"@cache-control": holds("private", "no-cache")}),
    ),
    Case(
        "http.html#status",
        "an address knows its methods",
        MINE,
        Ask(
            "PATCH",
            "Patient/{u}",
            patient(),
            405,
            want={"@allow": holds("GET", "PUT", "DELETE", "HEAD"), "resourceType": "OperationOutcome"},
        ),
        Ask("PATCH", "Patient", None, 405),
        Ask("DELETE", "_history", None, 405),
    ),
    Case(
        "http.html#status",
        "every refusal says why",
        get(
            "Patient/{u}",
            404,
            want={"issue.0.severity": "error", "issue.0.details.text": present, "issue.0.diagnostics": present},
        ),
    ),
    Case(
        "http.html#2.1.0.6",
        "an answer carries a request's id",
        MINE,
        get("Patient/{u}", headers={"x-request-id": "a-1"}, want={"@x-request-id": "a-1"}),
        get("Patient/{u}", want={"@x-request-id": present}),
        get("Nothing", 404, headers={"x-request-id": "b"}, want={"@x-request-id": "b"}),
    ),
    Case(
        "http.html#2.1.0.6",
        "a page of another origin may read what matters in an answer",
        MINE,
        get(
            "Patient/{u}",
            headers=ORIGIN,
            want={
                "@access-control-allow-origin": "*",
                "@access-control-expose-headers": holds(
                    "ETag", "Location", "Content-Location", "Last-Modified", "X-Request-Id"
                ),
            },
        ),
    ),
    Case(
        "http.html#2.1.0.6",
        "a page of another origin may ask in every way",
        *(
            Ask(
                "OPTIONS",
                "Patient/{u}",
                headers={
                    **ORIGIN,
                    "access-control-request-method": method,
                    "access-control-request-headers": "authorization,content-type,if-match,if-none-exist,prefer",
                },
                want={
                    "@access-control-allow-methods": holds(method),
                    "@access-control-allow-headers": holds("if-none-exist"),
                },
            )
            for method in ("GET", "POST", "PUT", "DELETE")
        ),
    ),
    Case(
        "http.html#2.1.0.6",
        "a long answer is compressed for who takes that",
        LONG,
        get(
            "Patient/{u}",
            headers={"accept-encoding": "br"},
            want={"@content-encoding": "br", "id": "{u}", "@vary": holds("ccept-")},
        ),
        get("Patient/{u}", headers={"accept-encoding": "gzip"}, want={"@content-encoding": "gzip", "id": "{u}"}),
        get("Patient/{u}", headers={"accept-encoding": "identity"}, want={"@content-encoding": ABSENT}),
    ),
    Case(
        "http.html#2.1.0.6",
        "a short answer is not",
        MINE,
        get("Patient/{u}", headers={"accept-encoding": "br, gzip"}, want={"@content-encoding": ABSENT}),
    ),
    Case(
        "http.html#2.1.0.6",
        "a compressed body is refused",
        post("Patient", patient(), 415, headers={"content-encoding": "gzip"}),
    ),
    Case(
        "search.html",
        "a search by POST reads its parameters from the form",
        MINE,
        post(
            "Patient/_search",
            "_id={u}",
            200,
            headers={"content-type": "application/x-www-form-urlencoded"},
            want={"total": 1, "link.0.url": "{base}/Patient?_id={u}"},
        ),
        post(
            "_search",
            "_type=Patient&_id={u}",
            200,
            headers={"content-type": "application/x-www-form-urlencoded"},
            want={"total": 1},
        ),
    ),
    Case(
        "search.html",
        "a search by POST reads those of the address too",
        MINE,
        post("Patient/_search?_id={u}", b"", 200, want={"total": 1}),
        post(
            "Patient/_search?_id=none",
            "_id={u}",
            200,
            headers={"content-type": "application/x-www-form-urlencoded"},
            want={"total": 0},
        ),
    ),
    Case(
        "search.html",
        "an unknown parameter is refused, and named",
        get("Patient?foo=bar", 400, want={"issue.0.diagnostics": holds("foo")}),
    ),
    Case(
        "search.html",
        "lenient handling ignores it, says so, and leaves it out of the link",
        MINE,
        get(
            "Patient?foo=bar",
            headers={"prefer": "handling=lenient"},
            want={
                "total": 1,
                "link.0.url": "{base}/Patient",
                "entry.1.search.mode": "outcome",
                "entry.1.resource.issue.0.diagnostics": holds("foo"),
            },
        ),
    ),
    Case("search.html", "HEAD of a search", Ask("HEAD", "Patient", want={"~": ""})),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_http(case: Case, user: UserClient) -> None:
    case.run(user)


def test_a_bar_in_an_address_need_not_be_escaped(user: UserClient) -> None:
    """http://hl7.org/fhir/DSTU2/search.html#token: clients of every kind write system|value as it is."""
    id = user.create(patient(identifier=[{"system": "http://ghh.org/patient", "value": "x"}]))["id"]
    host, _, port = user.address.removeprefix("http://").partition(":")
    request = f"DELETE /dstu2/Patient?identifier=http://ghh.org/patient|x HTTP/1.1\r\nHost: {host}\r\n"
    request += f"Authorization: Bearer {user.access_token}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request.encode())
        assert connection.makefile("rb").readline().split()[1] == b"204"
    assert user.get(f"Patient/{id}").status_code == 410
