"""Numbers that no machine can hold are read on every page, and travel, as they were written."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.clients import ApplicationClient, UserClient, http
from tests.server import AppServer
from tests.web.plain import PlainBrowser

LABELLED = '"meta":{"extension":[{"url":"urn:a","valueDecimal":1e400}],"tag":[{"system":"urn:s","code":"c"}]}'
SHOWN = (
    "/health-history",
    "/health-history/measurements",
    "/health-history/about",
    "/health-history/entries/Observation/o",
    "/health-history/entries/Observation/o/same",
)


@pytest.fixture
def measured(pages: AppServer, user: UserClient) -> Iterator[PlainBrowser]:
    """A user at a browser, whose record has such numbers in an Observation of two versions."""
    user.create({"resourceType": "Patient"})
    for comments in ("first", "second"):
        told = f'"status":"final","code":{{"text":"distance"}},"comments":"{comments}",{LABELLED}'
        body = f'{{"resourceType":"Observation","id":"o",{told},"valueQuantity":{{"value":1e400,"unit":"m"}}}}'
        assert user.put("Observation/o", body.encode()).status_code in {200, 201}
    with PlainBrowser(pages) as browser:
        browser.sign_in(user=user.id)
        yield browser


def test_every_page_shows_a_record_with_such_numbers(measured: PlainBrowser) -> None:
    answers = {path: measured.get(path) for path in SHOWN}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(SHOWN, 200)
    assert "second" in answers[SHOWN[3]].text


def test_it_is_exported_and_imported_and_told_by_its_source(
    measured: PlainBrowser, user: UserClient, application: ApplicationClient
) -> None:
    def taken(path: str, method: str = "GET", body: bytes | None = None) -> str:
        """The address of a job that has ended well."""
        asked = user.request(method, path, body, prefer="respond-async", content_type="application/fhir+ndjson")
        address = asked.headers["content-location"]
        while (answer := http.get(address, headers=user.headers)).status_code == 202:
            time.sleep(0.05)
        assert answer.status_code == 200, answer.text
        return address

    exported = http.get(f"{taken('$export')}/Observation.ndjson", headers=user.headers)
    assert b"1e400" in exported.content
    counts = http.get(taken("$import", "POST", exported.content), headers=user.headers).json()["counts"]
    assert counts == {"Observation": {"created": 1}}
    assert len(application.manage("GET", "user/source", oneup_user_id=user.id).json()["entry"]) == 1
