"""The address that links start with: the client's own, however the request reached the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builders import patient
from tests.clients import UserClient, new_application
from tests.server import running

FORWARDED = {"x_forwarded_proto": "https", "x_forwarded_host": "records.example.org"}


def base_of(user: UserClient, **headers: str) -> str:
    """What the server takes its own address to be."""
    location = user.post("Patient", patient(), **headers).headers["location"]
    return location.partition("/dstu2/")[0]


@pytest.mark.parametrize(
    ("settings", "headers", "base"),
    [
        ({}, {}, None),
        ({}, {"host": "by.example.org:81"}, "http://by.example.org:81"),
        ({}, FORWARDED, "https://records.example.org"),
        ({}, {**FORWARDED, "x_forwarded_host": "first.example.org, second"}, "https://first.example.org"),
        ({}, {"x_forwarded_proto": "javascript"}, None),
        ({"trusted_proxies": "10.0.0.0/8"}, FORWARDED, None),
        ({"trusted_proxies": "10.0.0.0/8, 127.0.0.0/8"}, FORWARDED, "https://records.example.org"),
        ({"trusted_proxies": ""}, FORWARDED, None),
        ({"base_url": "https://set.example.org/"}, {}, "https://set.example.org"),
        ({"base_url": "https://set.example.org"}, FORWARDED, "https://set.example.org"),
    ],
)
def test_links_start_with_the_address_that_the_client_used(
    tmp_path: Path, settings: dict[str, Any], headers: dict[str, str], base: str | None
) -> None:
    with running(f"sqlite:///{tmp_path / 'store.db'}", **settings) as server:
        assert base_of(new_application(server).user(), **headers) == (base or server.address)
