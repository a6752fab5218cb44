"""What nobody foresaw is answered plainly and logged without a word of the request."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from fhirstore.api.middleware import RequestLog

SECRET = "s-e-c-r-e-t"


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise RuntimeError(SECRET) from error


async def broken_halfway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError(SECRET)


def uncounted(*_: object) -> None: ...


async def ask(app: RequestLog, path: str = "/dstu2/Patient/x") -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(f"{path}?a={SECRET}", headers={"X-Request-Id": "r-1"})


async def test_an_unforeseen_error_is_an_outcome_with_the_request_id_that_finds_it_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "fhirstore"):
        answer = await ask(RequestLog(broken, count=uncounted))
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "r-1")
    issue = answer.json()["issue"][0]
    assert (issue["severity"], issue["code"]) == ("fatal", "exception")
    assert "r-1" in issue["diagnostics"]
    told = [record.getMessage() for record in caplog.records]
    assert told[0].startswith("request r-1 failed: RuntimeError at ")
    assert "test_middleware.py:" in told[0]
    assert told[1].startswith("GET /dstu2/Patient/* 500")
    assert SECRET not in caplog.text + answer.text


async def test_under_validics_addresses_it_is_told_in_the_words_that_its_clients_know() -> None:
    answer = await ask(RequestLog(broken, count=uncounted), "/v1/organizations/x/users.json")
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"code": 500, "message": "Internal Server Error"}


async def test_an_error_after_the_answer_began_cuts_it_off_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"x-request-id", b"r-1")]}
    with caplog.at_level(logging.INFO, "fhirstore"):
        await RequestLog(broken_halfway, count=uncounted)(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"], "no second answer, and no proper end"
    assert "request r-1 failed: RuntimeError" in caplog.text
    assert SECRET not in caplog.text
