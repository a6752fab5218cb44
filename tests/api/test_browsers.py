"""Pages of other origins, and answers that are worth compressing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import patient
from tests.clients import UserClient, http
from tests.server import running

ORIGIN = {"Origin": "https://app.example.org"}


def test_a_page_of_any_origin_may_call_with_a_token_and_see_the_versions(user: UserClient) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    allowed = http.options(f"{user.base}/Patient/a", headers=asked)
    assert allowed.status_code == 200
    assert "PUT" in allowed.headers["access-control-allow-methods"]
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    answer = user.post("Patient", patient(), **ORIGIN)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"ETag", "Location"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers, "no cookies: the token is all there is"


@pytest.mark.parametrize(("origins", "allowed"), [("", None), ("https://b.example.org", None), ("*", "*")])
def test_an_operator_chooses_the_origins(tmp_path: Path, origins: str, allowed: str | None) -> None:
    with running(f"sqlite:///{tmp_path / 'store.db'}", cors_origins=origins) as server:
        answer = http.get(f"{server.address}/dstu2/metadata", headers=ORIGIN)
        assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("br", "br"), ("gzip", "gzip"), ("gzip, br", "br"), ("identity", None)]
)
def test_a_long_answer_is_compressed_as_the_client_can_take_it(
    user: UserClient, accepted: str, encoding: str | None
) -> None:
    long = user.create(patient("x" * 5000))
    with http.stream(
        "GET", f"{user.base}/Patient/{long['id']}", headers={**user.headers, "Accept-Encoding": accepted}
    ) as answer:
        assert answer.headers.get("content-encoding") == encoding
        raw = b"".join(answer.iter_raw())
    assert (len(raw) < 1000) == (encoding is not None)


def test_a_short_answer_is_sent_as_it_is(user: UserClient) -> None:
    answer = user.get(f"Patient/{user.create(patient())['id']}", accept_encoding="gzip, br")
    assert "content-encoding" not in answer.headers
