"""Conformance cases as data: a section of the specification, the fact it states, and the requests that prove it.

Texts of a case may hold names in braces: `{base}` is the user's own address of the server, `{u}` a text of this case's
own, and the others are what earlier requests of the case saved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.builders import patient
from tests.clients import FHIR_JSON, UserClient, http

SPECIFICATION = "http://hl7.org/fhir/DSTU2/"

Check = Callable[[Any], bool]
Body = Mapping[str, Any] | bytes | str | None


@dataclass(frozen=True)
class Ask:
    """One request, and what its answer must be.

    `want` maps a place in the answer to what stands there: `@etag` is a header, `~` the text of the body, `name.0` a
    member of its JSON, `entry.*.resource.id` a list of members, `entry.#` a length. What is wanted is a value, a
    check, or ABSENT. `save` keeps what stands at a place under a name for later requests.
    """

    method: str
    path: str
    body: Body = None
    status: int = 200
    want: Mapping[str, Any] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Case:
    """What a section of the specification says, and the requests that prove it, in their order."""

    def __init__(self, section: str, fact: str, *asks: Ask) -> None:
        self.section = section
        self.fact = fact
        self.asks = asks

    def __str__(self) -> str:
        return f"{self.section}: {self.fact}"

    def run(self, user: UserClient) -> None:
        saved = {"base": user.base, "address": user.address, "u": uuid4().hex, "token": user.access_token}
        for position, ask in enumerate(self.asks):
            answer = send(user, ask, saved)
            told = f"{SPECIFICATION}{self.section}: request {position}, {ask.method} {ask.path}: "
            assert answer.status_code == ask.status, f"{told}{answer.status_code} {answer.text[:500]}"
            for place, wanted in ask.want.items():
                found = look(answer, place)
                assert agrees(found, wanted, saved), (
                    f"{told}{place} is {found!r}, wanted {wanted!r}: {answer.text[:900]}"
                )
            for name, place in ask.save.items():
                saved[name] = str(look(answer, place)).removeprefix(f"{user.base}/")


def send(user: UserClient, ask: Ask, saved: Mapping[str, str]) -> httpx.Response:
    own = {name.lower(): value for name, value in user.headers.items()}
    headers = own | {name.lower(): fill(value, saved) for name, value in ask.headers.items()}
    content: bytes | None = None
    if ask.body is not None:
        text = ask.body if isinstance(ask.body, str) else b"" if isinstance(ask.body, bytes) else json.dumps(ask.body)
        content = ask.body if isinstance(ask.body, bytes) else fill(str(text), saved).encode()
        headers.setdefault("content-type", FHIR_JSON)
    path = fill(ask.path, saved)
    url = (
        path if path.startswith("http") else f"{user.address}{path}" if path.startswith("/") else f"{user.base}/{path}"
    )
    headers = {name: value for name, value in headers.items() if value != "-"}
    return http.request(ask.method, url, content=content, headers=headers)


def fill(text: str, saved: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: saved.get(found[1], found[0]), text)


def look(answer: httpx.Response, place: str) -> Any:
    """What stands at a place of an answer, None where nothing does."""
    if place.startswith("@"):
        return answer.headers.get(place[1:])
    if place == "~":
        return answer.text
    return _walk(answer.json(), place.split(".")) if answer.content else None


def _walk(value: Any, steps: list[str]) -> Any:
    for position, step in enumerate(steps):
        if step == "#":
            return len(value)
        if step == "*":
            return [_walk(each, steps[position + 1 :]) for each in value or []]
        if isinstance(value, list):
            value = value[int(step)] if -len(value) <= int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def agrees(found: Any, wanted: Any, saved: Mapping[str, str]) -> bool:
    if isinstance(wanted, Holds):
        return wanted.in_text(found, saved)
    return bool(wanted(found)) if callable(wanted) else bool(found == _filled(wanted, saved))


def _filled(wanted: Any, saved: Mapping[str, str]) -> Any:
    if isinstance(wanted, str):
        return fill(wanted, saved)
    return [_filled(each, saved) for each in wanted] if isinstance(wanted, list) else wanted


@dataclass(frozen=True)
class Holds:
    """A check that a text holds others, and (`no`) does not hold some."""

    parts: tuple[str, ...]
    no: tuple[str, ...] = ()

    def in_text(self, found: Any, saved: Mapping[str, str]) -> bool:
        text = found if isinstance(found, str) else json.dumps(found)
        holds = all(fill(part, saved) in text for part in self.parts)
        return holds and not any(fill(part, saved) in text for part in self.no)


def holds(*parts: str, no: tuple[str, ...] = ()) -> Holds:
    return Holds(parts, no)


def present(found: Any) -> bool:
    return found not in (None, "", [])


ABSENT = None


def get(path: str, status: int = 200, /, **rest: Any) -> Ask:
    return Ask("GET", path, None, status, **rest)


def post(path: str, body: Body, status: int = 201, /, **rest: Any) -> Ask:
    return Ask("POST", path, body, status, **rest)


def put(path: str, body: Body, status: int = 200, /, **rest: Any) -> Ask:
    return Ask("PUT", path, body, status, **rest)


def delete(path: str, status: int = 204, /, **rest: Any) -> Ask:
    return Ask("DELETE", path, None, status, **rest)


def parameters(**given: Mapping[str, Any]) -> dict[str, Any]:
    """A Parameters resource: each parameter by its name, with its value's member."""
    members = [{"name": name, **value} for name, value in given.items()]
    return {"resourceType": "Parameters", **({"parameter": members} if members else {})}


UUID = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
KEY = {"system": "urn:system", "value": "{u}"}
CRITERIA = "identifier=urn:system%7C{u}"
KEYED = patient("Keyed", identifier=[KEY])

ONE = post("Patient", KEYED, save={"id": "id", "place": "@location"})
"""A patient whom the criteria name."""
MINE = put("Patient/{u}", patient(id="{u}"), 201, save={"changed": "@last-modified"})
"""A patient under the case's own id."""

SUBJECT = "entry.1.resource.subject.reference"
NEW = holds("Patient/", no=("urn:", "foo", "http"))
"""A reference to a patient that the server gave an id."""
