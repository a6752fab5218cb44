"""Whatever is sent: never a failure of the server's own, on the FHIR addresses always an OperationOutcome, and in the
log nothing of it.

The requests are put together at random, the same in each run, of what addresses, queries, headers and bodies consist
of, and of what they must not; no network is between, so that also what a web server would refuse arrives.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.types import Message

from fhirstore.app import create_app
from fhirstore.auth.applications import NewApplication, create_application
from fhirstore.clock import now
from fhirstore.dstu2.catalog import search_parameters
from fhirstore.interactions.served import SERVED
from fhirstore.settings import Settings
from tests.builders import observation, patient, smallest
from tests.conformance.bundles import batch, entry, transaction

REQUESTS = 1200
MARK = "marked7Q"
"""Stands in all that must not reach the log."""

TYPES = ("Patient", "Observation", "Basic", "Practitioner", "AuditEvent", "ValueSet")
ODD = (
    *("", "p", "..", ".", "%2e%2e", "a" * 65, "a" * 5000, "\x00", "a\x00b", "$where", '{"$ne":1}', "'", '"', "\\", "*"),
    *("é", "😀", "_history", "$everything", "-1", "0", "1", "9" * 20, "9223372036854775808", "1e400", "NaN", "²", "١"),
    *("Patient/p", "http://[::1", "urn:uuid:x", "#x", "(.*)+$", "%", "_", "true", "gt2012", "0000-01-01", "|||", ",,"),
    *("9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00", "2012-02-30", "a|b", "a$b", "\\,", 'W/"1"', 'W/"²"'),
    *(
        "\ufffe",
        "ap1",
        "5|http://unitsofmeasure.org|mg",
        MARK,
        "name eq x",
        "1' OR '1'='1",
        "; DROP TABLE names",
        "_id",
    ),
)
"""Words for every place."""

VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, -(2**63) - 1, 1e308, 10**40, [], {}, [[]], [None], {"$gt": ""}, *ODD[:20]),
    *({"reference": "#x"}, {"reference": f"Patient?name={MARK}"}, {"tag": "x"}, {"profile": [1]}, "\ud800"),
    {"versionId": "1", "lastUpdated": "x", "tag": [{"system": "urn:s", "code": MARK}], "security": {}},
    {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script/></div>"},
)
MEMBERS = ("$where", "a.b", "_x", "id", "meta", "text", "contained", "extension", "resourceType", "", "\x00", MARK)
HEADERS = (
    *("accept", "content-type", "prefer", "if-match", "if-none-match", "if-modified-since", "if-none-exist", "host"),
    *("x-source", "x-oneup-user-id", "client_id", "client_secret", "content-encoding", "expect", "origin", "cookie"),
    *("x-forwarded-for", "x-forwarded-host", "accept-encoding", "content-length", "authorization"),
)
HEADER_VALUES = (
    *("application/xml+fhir", "application/json;q=nan", "return=minimal", "respond-async", "handling=lenient", "gzip"),
    *("Sat, 07 Feb 0000 13:28:17 GMT", "identifier=x", "Patient?identifier=x", "client", "1", "http://evil", "null"),
    *("text/plain; charset=utf-16", "Basic bm90aGluZw", "Bearer", f"Bearer {MARK}", "br;q=inf", 'W/"1", "2"', "*"),
)
PARAMETERS = (
    *("_id", "_lastUpdated", "_tag", "_text", "_content", "_list", "_query", "_sort", "_sort:desc", "_count", "_page"),
    *("_include", "_revinclude", "_summary", "_elements", "_contained", "_containedType", "_filter", "_format", "_at"),
    *(
        "_has:Observation:subject:code",
        "_skip",
        "_since",
        "_type",
        "access_token",
        "start",
        "kind",
        "code",
        "identifier",
    ),
    *("mode", "valueSet", "client_id", "_outputFormat", "_source", "_complete", "_pretty", "url", "profile"),
)
MODIFIERS = (
    "",
    "",
    "",
    ":exact",
    ":contains",
    ":missing",
    ":not",
    ":in",
    ":above",
    ":text",
    ":Patient.name",
    ":",
    "::",
)


@dataclass
class Attack:
    """Draws requests, the same for the same seed."""

    drawn: random.Random = field(default_factory=lambda: random.Random(20261122))

    def one(self, *choices: Any) -> Any:
        return self.drawn.choice(choices)

    def request(self) -> tuple[str, str, bytes, list[tuple[bytes, bytes]], bytes]:
        if self.drawn.random() < 0.15:
            parts = [
                self.one(*ODD, "Patient", "$import", "$export", "_permission") for _ in range(self.one(1, 2, 3, 4))
            ]
            method = self.one("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
            return method, "/dstu2/" + "/".join(parts), self.query(), self.headers(), self.body(*documents())
        row = self.drawn.choice(SERVED)
        type_ = self.one(*(row.types or TYPES))
        id_ = self.one(*[type_[0].lower()] * 80, *ODD)
        path = row.path.replace("{type}", type_).replace("{id}", id_).replace("{linked}", self.one("Observation", "*"))
        path = path.replace("{vid}", self.one(*["1"] * 40, *ODD))
        body = b""
        if row.method in {"POST", "PUT"}:
            fitting = smallest(type_, id=id_, language=self.one("en", "de"))
            body = self.body(*[fitting] * 12, *documents()) if row.takes_resource else self.body(*documents())
        query = b"" if row.write is not None else f"_id={id_}".encode() if row.conditional else self.query()
        return row.method, f"/dstu2/{path}", query, self.headers(), body

    def query(self) -> bytes:
        pairs = []
        for _ in range(self.one(0, 0, 1, 2, 3)):
            type_ = self.one("Patient", "Observation", "ValueSet", "AuditEvent")
            name = self.one(*PARAMETERS, *search_parameters(type_), *ODD[:12]) + self.one(*MODIFIERS)
            value = self.one(*ODD, *HEADER_VALUES, ",".join(self.drawn.choices(ODD, k=3)), "Observation:subject")
            pairs.append(f"{quote(name)}={quote(value)}")
        odd: bytes = self.one(b"", b"", b"", b"&%zz", b"&%ff=1", b"&=&&", b"&%ED%A0%80")
        return "&".join(pairs).encode() + odd

    def headers(self) -> list[tuple[bytes, bytes]]:
        values = [each for each in (*HEADER_VALUES, *ODD) if "\x00" not in each]
        drawn = [(self.one(*HEADERS), self.one(*values)) for _ in range(self.one(0, 0, 1, 2))]
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in drawn]

    def body(self, *documents: dict[str, Any]) -> bytes:
        document = self.one(*documents)
        made = self.one(document, self.damaged(document))
        text = json.dumps(made).replace("1.5", self.one("1.5", "1.5", "1e400", "-0.0", "NaN", "1E-999999999"))
        broken = (
            b"",
            b"[]",
            b"null",
            b"{",
            b"\xff\xfe",
            b"<a/>",
            b'{"a":' * 99 + b"1" + b"}" * 99,
            f"_id={MARK}".encode(),
        )
        body: bytes = self.one(*[text.encode()] * 40, *broken)
        return body

    def damaged(self, value: Any) -> Any:
        chance = self.drawn.random()
        if chance < 0.04:
            return self.one(*VALUES)
        if isinstance(value, dict):
            kept = {name: self.damaged(inner) for name, inner in value.items() if self.drawn.random() > 0.02}
            return kept | ({self.one(*MEMBERS): self.one(*VALUES)} if chance > 0.94 else {})
        if isinstance(value, list):
            return [self.damaged(each) for each in value] * (0 if chance > 0.97 else 1)
        return value


def documents() -> Iterator[dict[str, Any]]:
    yield patient(MARK, identifier=[{"system": "urn:s", "value": MARK}])
    yield observation("Patient/p", valueQuantity={"value": 1.5, "unit": "mg"}, comments=MARK)
    yield smallest("ValueSet", url=f"http://a.org/{MARK}")
    yield smallest("Basic", code={"text": MARK})
    yield smallest("Binary", contentType="text/plain", content="aGVsbG8=")
    yield transaction(entry("POST", "Basic", smallest("Basic"), ifNoneExist=f"code={MARK}"), entry("GET", "Patient"))
    yield batch(entry("PUT", "Basic/b", smallest("Basic", id="b"), ifMatch='W/"1"'), entry("DELETE", f"Basic/{MARK}"))
    yield {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": MARK}]}}]}
    judged = [{"name": "resource", "valueReference": {"reference": f"Basic/{id_}"}} for id_ in "ab"]
    yield {"resourceType": "Parameters", "parameter": [{"name": "judgement", "valueCode": "same"}, *judged]}


@dataclass
class Attacked:
    """The application without a network, and one user's token."""

    app: Any
    application: NewApplication
    token: str = ""

    async def send(
        self, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        about = {"method": method, "path": path, "raw_path": quote(path).encode(), "query_string": query, "state": {}}
        http = {"type": "http", "http_version": "1.1", "scheme": "http", "root_path": "", "client": ("127.0.0.1", 1)}
        scope = {**http, **about, "headers": [(b"host", b"localhost"), *headers]}
        waiting = [{"type": "http.request", "body": body}]
        sent: list[Message] = []

        async def receive() -> Message:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(each.get("body", b"") for each in sent[1:])

    async def manage(self, path: str, **form: str) -> dict[str, Any]:
        given = {"client_id": self.application.client_id, "client_secret": self.application.client_secret, **form}
        body = "&".join(f"{name}={value}" for name, value in given.items()).encode()
        _, _, answer = await self.send("POST", path, b"", [], body)
        answered: dict[str, Any] = json.loads(answer)
        return answered


@pytest.fixture
async def attacked(tmp_path: Path) -> AsyncIterator[Attacked]:
    app = create_app(Settings(database=f"sqlite:///{tmp_path / 'store.db'}"))
    async with app.router.lifespan_context(app):
        made = Attacked(app, await create_application(app.state.store.accounts, "tests", now()))
        user = await made.manage("/user-management/v1/user", app_user_id=MARK)
        tokens = await made.manage("/oauth2/token", grant_type="authorization_code", code=user["code"])
        made.token = tokens["access_token"]
        yield made


async def test_nothing_makes_the_server_fail_and_nothing_that_is_sent_is_logged(
    attacked: Attacked, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    attack, statuses = Attack(), set[int]()
    for type_ in TYPES:
        resource = smallest(type_, id=type_[0].lower())
        headers = [(b"authorization", f"Bearer {attacked.token}".encode()), (b"content-type", b"application/json")]
        path, body = f"/dstu2/{type_}/{resource['id']}", json.dumps(resource).encode()
        assert (await attacked.send("PUT", path, b"", headers, body))[0] == 201
    for _ in range(REQUESTS):
        method, path, query, more, body = attack.request()
        status, answered, answer = await attacked.send(method, path, query, [*headers, *more], body)
        asked = (method, path[:200], query[:200], more, body[:500])
        assert status < 500 or status == 501, asked
        statuses.add(status)
        if status >= 400 and method != "HEAD" and not path.startswith("/dstu2/."):
            assert b"OperationOutcome" in answer, asked
        assert not any(b"\n" in value or b"\r" in value for value in answered.values()), asked
    assert statuses >= {200, 201, 204, 400, 401, 404, 410, 415, 422}, "each way an answer is made was gone"
    logged = caplog.text
    assert all(secret not in logged for secret in (MARK, attacked.token, attacked.application.client_secret))
    assert " failed: " not in logged
