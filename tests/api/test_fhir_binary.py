"""Binary content in and out as it is: http://hl7.org/fhir/DSTU2/binary.html."""

from __future__ import annotations

from base64 import b64decode, b64encode

from tests.clients import FHIR_JSON, UserClient

PNG = bytes(range(256))


def test_raw_content_is_stored_as_a_binary_and_given_back_raw_or_as_a_resource(user: UserClient) -> None:
    created = user.post("Binary", PNG, content_type="image/png")
    assert created.status_code == 201, created.text
    place = created.headers["location"].removeprefix(f"{user.base}/").partition("/_history")[0]
    raw = user.get(place, accept="image/png")
    assert (raw.content, raw.headers["content-type"]) == (PNG, "image/png")
    assert raw.headers["x-content-type-options"] == "nosniff", "nothing runs in this server's name"
    assert raw.headers["content-disposition"] == "attachment"
    resource = user.get(place, accept=FHIR_JSON).json()
    assert (resource["contentType"], b64decode(resource["content"])) == ("image/png", PNG)
    assert user.get(f"{place}?_format=json", accept="image/png").json() == resource


def test_a_binary_sent_as_a_resource_is_the_same(user: UserClient) -> None:
    body = {"resourceType": "Binary", "contentType": "text/html", "content": b64encode(b"<script>").decode()}
    place = f"Binary/{user.create(body)['id']}"
    raw = user.get(place, accept="text/html")
    assert raw.content == b"<script>"
    assert "sandbox" in raw.headers["content-security-policy"]


def test_a_stranger_gets_no_content(user: UserClient, stranger: UserClient) -> None:
    created = user.post("Binary", PNG, content_type="image/png", accept=FHIR_JSON).json()
    for accept in ("image/png", FHIR_JSON):
        answer = stranger.get(f"Binary/{created['id']}", accept=accept)
        assert (answer.status_code, PNG in answer.content) == (404, False)


def test_raw_content_over_the_limit_is_refused(user: UserClient) -> None:
    assert user.post("Binary", b"x" * 10_000_001, content_type="image/png").status_code == 413
