"""A request for each row of the table of interactions, so that whatever is added there is asked for in tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from fhirstore.interactions.served import SERVED
from fhirstore.interactions.table import Interaction
from tests.builders import patient, smallest
from tests.clients import UserClient
from tests.conformance.bundles import batch, entry
from tests.conformance.cases import parameters

ROWS = list(SERVED)
SERVER_GIVEN = "0123456789abcdef0123456789ab"
"""What an id looks like that only the server gives."""


JUDGED_BESIDE = "other"
"""The id of the Basic that a judgement of a target is about too, which its owner must have."""


def label(row: Interaction) -> str:
    return f"{row.code} {row.method} {row.path or 'base'}"


def type_of(row: Interaction) -> str:
    """A type that a row can be asked for."""
    return row.types[0] if row.types else "Patient"


@dataclass(frozen=True)
class Target:
    """A resource, or one that is not there: `word` is what criteria and canonical addresses know it by."""

    type: str
    id: str
    word: str

    @property
    def resource(self) -> dict[str, Any]:
        """Something that everything can be done to."""
        if self.type == "Patient":
            return patient(self.word, identifier=[{"system": "urn:system", "value": self.word}])
        if self.type == "ValueSet":
            system = {"system": f"http://a.org/codes/{self.word}", "concept": [{"code": "a", "display": "A"}]}
            values = smallest("ValueSet", url=f"http://a.org/values/{self.word}", codeSystem=system)
            return {name: value for name, value in values.items() if name != "compose"}
        return smallest(self.type)


@dataclass(frozen=True)
class Asked:
    """One request of a row."""

    method: str
    path: str
    body: dict[str, Any] | None = None

    def send(self, user: UserClient) -> httpx.Response:
        return user.request(self.method, self.path, self.body)

    def in_bundle(self) -> dict[str, Any]:
        return entry(self.method, self.path, self.body)


def asked(row: Interaction, target: Target) -> Asked:
    """A request of a row that is about the target."""
    places = {"{type}": target.type, "{id}": target.id, "{vid}": "1", "{linked}": "*"}
    path = row.path
    for place, value in places.items():
        path = path.replace(place, value)
    query = _query(row, target)
    return Asked(row.method, f"{path}?{query}" if query else path, _body(row, target))


def _query(row: Interaction, target: Target) -> str:
    code = f"system=http://a.org/codes/{target.word}&code=a"
    named = "" if "{id}" in row.path else f"identifier=http://a.org/values/{target.word}"
    queries: Mapping[str, str] = {
        "$lookup": code,
        "$expand": named,
        "$validate-code": f"{named}&{code}".removeprefix("&"),
        "search-type": "" if "{id}" in row.path else f"identifier=urn:system%7C{target.word}",
        "search-system": f"_id={target.id}",
    }
    if row.conditional:
        return f"identifier=urn:system%7C{target.word}"
    return queries.get(row.code, "")


def _body(row: Interaction, target: Target) -> dict[str, Any] | None:
    if row.takes_resource:
        return target.resource | ({"id": target.id, "language": "en"} if "{id}" in row.path else {"language": "en"})
    if row.code == "transaction":
        return batch(entry("GET", f"{target.type}/{target.id}"))
    if row.code == "$validate":
        return None if "{id}" in row.path else target.resource
    if row.code in {"$meta-add", "$meta-delete"}:
        return parameters(meta={"valueMeta": {"tag": [{"code": "a"}]}})
    if row.code == "$judge":
        ids = (target.id, JUDGED_BESIDE)
        judged = [{"name": "resource", "valueReference": {"reference": f"Basic/{id}"}} for id in ids]
        said = {"name": "judgement", "valueCode": "same"}
        return {"resourceType": "Parameters", "parameter": [said, *judged]}
    return parameters() if row.method == "POST" and row.code.startswith("$") else None
