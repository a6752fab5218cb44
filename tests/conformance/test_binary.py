"""Binary content, as it is and as a resource, case by case: http://hl7.org/fhir/DSTU2/binary.html."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.builders import smallest
from tests.clients import UserClient
from tests.conformance.cases import (
    Ask,
    Case,
    delete,
    get,
    holds,
    post,
    put,
)

TEXT = b64encode(b"hello").decode()

HELLO = smallest("Binary", id="{u}", contentType="text/plain", content=TEXT)

BINARY = (
    Case(
        "binary.html",
        "content is created as it is, by its own media type",
        post(
            "Binary",
            b"\x00\x01hello",
            headers={"content-type": "application/octet-stream"},
            want={"@location": holds("/Binary/")},
            save={"place": "@location"},
        ),
        get(
            "{place}",
            headers={"accept": "application/octet-stream"},
            want={"@content-type": "application/octet-stream", "~": "\x00\x01hello"},
        ),
    ),
    Case(
        "binary.html",
        "content is updated as it is",
        put("Binary/{u}", b"one", 201, headers={"content-type": "text/plain"}),
        put("Binary/{u}", b"two", 200, headers={"content-type": "text/plain"}, want={"@etag": 'W/"2"'}),
        get("Binary/{u}", headers={"accept": "text/plain"}, want={"~": "two"}),
        get("Binary/{u}/_history/1", headers={"accept": "text/plain"}, want={"~": "one"}),
    ),
    Case(
        "binary.html",
        "a Binary resource holds its content in base64",
        put("Binary/{u}", HELLO, 201),
        get(
            "Binary/{u}",
            headers={"accept": "application/json+fhir"},
            want={"resourceType": "Binary", "contentType": "text/plain", "content": TEXT},
        ),
    ),
    Case(
        "binary.html",
        "what was created as a resource is read as it is",
        put("Binary/{u}", HELLO, 201),
        get("Binary/{u}", headers={"accept": "text/plain"}, want={"~": "hello", "@content-type": "text/plain"}),
        get("Binary/{u}", headers={"accept": "image/png"}, want={"~": "hello"}),
    ),
    Case(
        "binary.html",
        "what was created as it is is read as a resource, in both formats",
        put("Binary/{u}", b"hello", 201, headers={"content-type": "text/plain"}),
        get("Binary/{u}?_format=json", want={"content": TEXT, "contentType": "text/plain"}),
        get(
            "Binary/{u}",
            headers={"accept": "application/xml+fhir"},
            want={"~": holds("<Binary", f'<content value="{TEXT}"/>')},
        ),
    ),
    Case(
        "binary.html",
        "no browser runs what a Binary holds",
        put("Binary/{u}", b"<script>", 201, headers={"content-type": "text/html"}),
        get(
            "Binary/{u}",
            headers={"accept": "text/html"},
            want={
                "@x-content-type-options": "nosniff",
                "@content-disposition": holds("attachment"),
                "@content-security-policy": holds("sandbox"),
            },
        ),
    ),
    Case(
        "binary.html",
        "content has its ETag and is asked for conditionally",
        put("Binary/{u}", HELLO, 201),
        get("Binary/{u}", 304, headers={"accept": "text/plain", "if-none-match": 'W/"1"'}, want={"~": ""}),
    ),
    Case(
        "binary.html",
        "content that is not there is an outcome",
        get("Binary/{u}", 404, headers={"accept": "image/png"}, want={"resourceType": "OperationOutcome"}),
        put("Binary/{u}", HELLO, 201),
        delete("Binary/{u}"),
        get("Binary/{u}", 410, headers={"accept": "text/plain"}),
    ),
    Case(
        "binary.html",
        "HEAD of content",
        put("Binary/{u}", HELLO, 201),
        Ask(
            "HEAD",
            "Binary/{u}",
            headers={"accept": "text/plain"},
            want={"@content-type": "text/plain", "@content-length": "5", "~": ""},
        ),
    ),
    Case(
        "binary.html",
        "a JSON or XML document that is no FHIR may be content",
        put("Binary/{u}", b"<a/>", 201, headers={"content-type": "application/hl7-v3+xml"}),
        get("Binary/{u}", headers={"accept": "application/hl7-v3+xml"}, want={"~": "<a/>"}),
    ),
)


@pytest.mark.parametrize("case", BINARY, ids=str)
def test_binary(case: Case, user: UserClient) -> None:
    case.run(user)
