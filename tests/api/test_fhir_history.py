"""History of a resource, a type and everything, in pages: http://hl7.org/fhir/DSTU2/http.html#history."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient


@pytest.fixture
def versions(user: UserClient) -> list[str]:
    """Seven versions of three resources, oldest first, each as type/id/version."""
    a = user.create(patient("A"))
    b = user.create(observation())
    user.put(f"Patient/{a['id']}", patient("AA", id=a["id"]))
    c = user.create(patient("C"))
    user.delete(f"Observation/{b['id']}")
    user.put(f"Patient/{a['id']}", patient("AAA", id=a["id"]))
    user.delete(f"Patient/{c['id']}")
    made = [(a, 1), (b, 1), (a, 2), (c, 1), (b, 2), (a, 3), (c, 2)]
    return [f"{resource['resourceType']}/{resource['id']}/{number}" for resource, number in made]


def shown(bundle: dict[str, Any]) -> list[str]:
    """The places of the entries; a deletion has no version to show."""
    places = []
    for entry in bundle["entry"]:
        resource = entry.get("resource")
        if resource is None:
            places.append(f"{entry['request']['url']}/2")
        else:
            places.append(f"{resource['resourceType']}/{resource['id']}/{resource['meta']['versionId']}")
    return places


def all_pages(user: UserClient, path: str) -> list[dict[str, Any]]:
    """Follow `next` to the end."""
    pages = []
    while path:
        answer = user.get(path)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        links = {link["relation"]: link["url"] for link in pages[-1]["link"]}
        path = links.get("next", "").removeprefix(f"{user.base}/")
        assert len(pages) < 20
    return pages


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_a_history_in_pages_misses_and_repeats_nothing(user: UserClient, versions: list[str], count: int) -> None:
    newest_first = versions[::-1]
    for path, expected in (
        ("_history", newest_first),
        ("Patient/_history", [place for place in newest_first if place.startswith("Patient")]),
        (versions[0].rpartition("/")[0] + "/_history", [versions[5], versions[2], versions[0]]),
    ):
        pages = all_pages(user, f"{path}?_count={count}")
        assert [place for page in pages for place in shown(page)] == expected
        assert {page["total"] for page in pages} == {len(expected)}
        assert len(pages) == -(-len(expected) // count)


def test_since_and_at_choose_versions_by_time(user: UserClient, versions: list[str]) -> None:
    third = user.get(f"{versions[2].rpartition('/')[0]}/_history/2").json()
    since = user.get(f"_history?_since={third['meta']['lastUpdated']}").json()
    assert {*versions[2:]} <= {*shown(since)}
    assert user.get("_history?_since=2200-01-01").json()["total"] == 0
    assert user.get("_history?_at=2000").json()["total"] == 0
    day = third["meta"]["lastUpdated"][:4]
    assert shown(user.get(f"_history?_at={day}").json()) == versions[::-1]


@pytest.mark.parametrize("query", ["_since=yesterday", "_count=x", "_count=-1", "name=a", "_page=x", "_since=2015-13"])
def test_a_history_that_is_not_understood_is_refused(user: UserClient, query: str) -> None:
    answer = user.get(f"_history?{query}")
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_a_stranger_has_a_history_of_nothing_and_cannot_use_anothers_page(
    user: UserClient, stranger: UserClient, versions: list[str]
) -> None:
    for path in ("_history", "Patient/_history"):
        assert stranger.get(path).json()["total"] == 0
    following = user.get("_history?_count=1").json()["link"][1]["url"].removeprefix(f"{user.base}/")
    assert user.get(following).status_code == 200
    assert stranger.get(following).status_code == 400
    assert len(versions) == 7
