"""The links of an application that wants 1upHealth's habits: self and next, counted by `_skip`, or none at all."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.searching import keep, name
from tests.clients import UserClient, new_application
from tests.server import AppServer


@pytest.fixture
def user(server: AppServer) -> UserClient:
    """A user with 25 patients, of an application with the profile `oneup`."""
    user = new_application(server, profile="oneup").user()
    keep(user, *(name(f"Family{number:02}", id=f"p{number:02}") for number in range(25)))
    return user


def told(user: UserClient, path: str) -> tuple[list[str], dict[str, Any]]:
    """The ids of a page, and the Bundle."""
    bundle: dict[str, Any] = user.get(path).json()
    return [each["resource"]["id"] for each in bundle["entry"]], bundle


@pytest.mark.parametrize("question", ["Patient", "Patient/$everything", "", "Patient?_sort:desc=family"])
def test_a_client_that_goes_on_until_there_is_no_link_sees_everything_once(user: UserClient, question: str) -> None:
    ids, path, bundles = [], question, []
    while True:
        found, bundle = told(user, path)
        ids += found
        bundles.append(bundle)
        if "link" not in bundle:
            break
        assert [link["relation"] for link in bundle["link"]] == ["self", "next"]
        path = bundle["link"][1]["url"].removeprefix(f"{user.base}/").removeprefix(user.base)
    assert sorted(ids) == [f"p{number:02}" for number in range(25)]
    assert [(len(each["entry"]), each["total"]) for each in bundles] == [(10, 25), (10, 25), (5, 25)]


def test_page_numbers_can_be_read_off_the_links(user: UserClient) -> None:
    _, first = told(user, "Patient")
    _, second = told(user, "Patient?_skip=10")
    urls = [link["url"] for bundle in (first, second) for link in bundle["link"]]
    assert urls == [f"{user.base}/Patient{query}" for query in ("", "?_skip=10", "?_skip=10", "?_skip=20")]
    assert all(re.search(r"\?_skip=\d+$", url) for url in urls[1:])


@pytest.mark.parametrize("question", ["Patient?_skip=20", "Patient?_skip=100", "Patient?_count=100", "Observation"])
def test_the_last_page_and_an_only_one_have_no_link(user: UserClient, question: str) -> None:
    _, bundle = told(user, question)
    assert "link" not in bundle
    assert isinstance(bundle["entry"], list)


def test_skip_stands_behind_the_other_parameters(user: UserClient) -> None:
    _, bundle = told(user, "Patient?_skip=5&family=family&_count=3")
    urls = [link["url"].partition("?")[2] for link in bundle["link"]]
    assert urls == ["family=family&_count=3&_skip=5", "family=family&_count=3&_skip=8"]


def test_a_history_keeps_the_links_of_fhir(user: UserClient) -> None:
    _, bundle = told(user, "Patient/_history")
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_other_applications_have_the_links_of_fhir(server: AppServer) -> None:
    user = new_application(server).user()
    assert [link["relation"] for link in user.get("Patient").json()["link"]] == ["self"]
