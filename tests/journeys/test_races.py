"""Equal conditional requests that race each other over two servers: exactly one of them creates."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

import httpx

from tests.builders import patient
from tests.clients import FHIR_JSON, UserClient
from tests.journeys.test_processes import application_at, pair
from tests.server import ServerProcess

__all__ = ["pair"]
KEY = [{"system": "urn:system", "value": "race"}]
REQUESTS = 64


async def race(
    user: UserClient, addresses: Sequence[str], method: str, path: str, **headers: str
) -> list[httpx.Response]:
    """Equal requests at once, in turn at each address."""
    sent = {**user.headers, "content-type": FHIR_JSON, **{name.replace("_", "-"): v for name, v in headers.items()}}
    body = json.dumps(patient(identifier=KEY)).encode()
    limits = httpx.Limits(max_connections=REQUESTS)
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=60, limits=limits) as client:
        return await asyncio.gather(
            *(
                client.request(method, f"{addresses[turn % 2]}/dstu2/{path}", content=body, headers=sent)
                for turn in range(REQUESTS)
            )
        )


async def test_of_equal_conditional_requests_one_creates_and_the_others_find_it(
    pair: tuple[ServerProcess, ServerProcess],
) -> None:
    addresses = [server.address for server in pair]
    application = application_at(pair[0])
    criteria = "identifier=urn:system%7Crace"
    races: list[tuple[str, str, dict[str, str]]] = [
        ("POST", "Patient", {"if_none_exist": criteria}),
        ("PUT", f"Patient?{criteria}", {}),
    ]
    for method, path, headers in races:
        user = application.user()
        answers = await race(user, addresses, method, path, **headers)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: REQUESTS - 1}
        assert len({answer.headers["location"].partition("/dstu2/")[2] for answer in answers}) == 1
        assert user.get("Patient").json()["total"] == user.get("_history").json()["total"] == 1
