"""Many writers of one resource: http://hl7.org/fhir/DSTU2/http.html#concurrency."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx

from tests.builders import patient
from tests.clients import FHIR_JSON, UserClient

WRITERS = 32


async def put(client: httpx.AsyncClient, user: UserClient, id: str, text: str, **headers: str) -> httpx.Response:
    sent = {**user.headers, "content-type": FHIR_JSON, **{name.replace("_", "-"): v for name, v in headers.items()}}
    return await client.put(f"{user.base}/Patient/{id}", content=json.dumps(patient(text, id=id)), headers=sent)


def versions(user: UserClient, id: str) -> list[Mapping[str, Any]]:
    """All versions in the history, oldest first, each the same as read on its own."""
    bundle = user.get(f"Patient/{id}/_history").json()
    resources = [entry["resource"] for entry in reversed(bundle["entry"])]
    assert bundle["total"] == len(resources)
    for number, resource in enumerate(resources, start=1):
        assert resource["meta"]["versionId"] == str(number), "no hole"
        assert user.get(f"Patient/{id}/_history/{number}").json() == resource
    times = [resource["meta"]["lastUpdated"] for resource in resources]
    assert times == sorted(times)
    return resources


def family(resource: Mapping[str, Any]) -> str:
    return str(resource["name"][0]["family"][0])


async def test_of_32_updates_that_match_one_version_exactly_one_wins(user: UserClient) -> None:
    id = user.create(patient("0"))["id"]
    winners: list[str] = ["0"]
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        for version in range(1, 5):
            names = [f"{version}.{writer}" for writer in range(WRITERS)]
            answers = await asyncio.gather(*(put(client, user, id, name, if_match=f'W/"{version}"') for name in names))
            statuses = Counter(answer.status_code for answer in answers)
            assert statuses[200] == 1
            assert statuses[409] + statuses[412] == WRITERS - 1
            winners += [name for name, answer in zip(names, answers, strict=True) if answer.status_code == 200]
    assert [family(resource) for resource in versions(user, id)] == winners


async def test_32_updates_that_match_nothing_all_succeed_and_none_is_lost(user: UserClient) -> None:
    id = user.create(patient("first"))["id"]
    names = [str(writer) for writer in range(WRITERS)]
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        answers = await asyncio.gather(*(put(client, user, id, name) for name in names))
    assert {answer.status_code for answer in answers} == {200}
    kept = versions(user, id)
    assert [family(kept[0]), *sorted(family(resource) for resource in kept[1:])] == ["first", *sorted(names)]
    for name, answer in zip(names, answers, strict=True):
        number = int(answer.headers["etag"].strip('W/"'))
        assert family(kept[number - 1]) == name, "each writer was told its own version"


async def test_of_32_that_create_under_one_id_with_if_none_match_exactly_one_wins(user: UserClient) -> None:
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        answers = await asyncio.gather(
            *(put(client, user, "once", str(writer), if_none_match="*") for writer in range(WRITERS))
        )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 412: WRITERS - 1}
    assert len(versions(user, "once")) == 1
