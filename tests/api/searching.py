"""What tests of search share: a record kept in one go, and what a search finds in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from tests.clients import UserClient, http

Resource = Mapping[str, Any]
Bundle = dict[str, Any]


def keep(user: UserClient, *resources: Resource) -> None:
    """Store resources under the ids that they have, all at once."""
    entries = [
        {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
        for each in resources
    ]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = user.request("POST", "", body)
    assert answer.status_code == 200, answer.text


def search(user: UserClient, query: str, /, **headers: str) -> Bundle:
    """The Bundle that answers a relative address."""
    answer = user.get(query, **headers)
    assert answer.status_code == 200, f"{query}: {answer.text[:500]}"
    bundle: Bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    return bundle


def ids(bundle: Bundle, mode: str = "match") -> list[str]:
    """The ids of the entries of a mode, in their order."""
    return [entry["resource"]["id"] for entry in bundle["entry"] if entry["search"]["mode"] == mode]


def found(user: UserClient, query: str) -> list[str]:
    """The ids that a search finds, on its first page of up to a thousand; the total says the same."""
    mark = "&" if "?" in query else "?"
    bundle = search(user, query if "_count" in query else f"{query}{mark}_count=1000")
    assert bundle["total"] == len(ids(bundle))
    return ids(bundle)


def included(user: UserClient, query: str) -> set[str]:
    """Type and id of what came along."""
    entries = search(user, query)["entry"]
    there = [
        f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries if e["search"]["mode"] == "include"
    ]
    assert len(there) == len(set(there)), "each comes along once"
    return set(there)


def links(bundle: Bundle) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle.get("link", [])}


def follow(user: UserClient, url: str) -> Bundle:
    """The Bundle at an absolute address, as a link has it."""
    answer = http.get(url, headers=user.headers)
    assert answer.status_code == 200, f"{url}: {answer.text[:500]}"
    bundle: Bundle = answer.json()
    return bundle


def pages(user: UserClient, query: str) -> list[Bundle]:
    """All pages of a search, one next link after the other."""
    walked = [search(user, query)]
    while "next" in links(walked[-1]):
        assert len(walked) < 200, "the pages do not end"
        walked.append(follow(user, links(walked[-1])["next"]))
    return walked


def by_form(user: UserClient, path: str, pairs: Sequence[tuple[str, str]]) -> httpx.Response:
    body = urlencode(pairs, quote_via=quote).encode()
    return user.post(path, body, content_type="application/x-www-form-urlencoded")


def issue(answer: httpx.Response) -> str:
    """What an outcome says first."""
    text: str = answer.json()["issue"][0]["diagnostics"]
    return text


def name(family: str, *given: str, id: str, **members: Any) -> Resource:
    """A patient called so."""
    called = {"family": [family], **({"given": list(given)} if given else {})}
    return {"resourceType": "Patient", "id": id, "name": [called], **members}


def observation(id: str, subject: str | None = "Patient/a", code: str = "8480-6", **members: Any) -> Resource:
    coding = {"system": "http://loinc.org", "code": code}
    about = {"subject": {"reference": subject}} if subject else {}
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [coding]},
        **about,
        **members,
    }
