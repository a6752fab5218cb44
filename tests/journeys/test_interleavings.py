"""Random interleavings of what three users do, against a model of the specification small enough to be read.

The model keeps, of each user, every version of every resource. After each step reads, history and totals of the server
agree with it. http://hl7.org/fhir/DSTU2/http.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.builders import patient
from tests.clients import UserClient, new_application
from tests.conformance.bundles import batch, entry, transaction
from tests.server import AppServer

IDS = ["p1", "p2", "p3"]
KEYS = ["red", "green"]
FAMILIES = ["Ay", "Bee", "Cee"]

users = st.integers(0, 2)
ids = st.sampled_from(IDS)
keys = st.sampled_from(KEYS)
families = st.sampled_from(FAMILIES)


def content(key: str, family: str) -> dict[str, Any]:
    return patient(family, identifier=[{"system": "urn:system", "value": key}])


@dataclass
class Resource:
    """Every version of one resource, oldest first; None is a deletion."""

    versions: list[tuple[str, str] | None] = field(default_factory=list)

    @property
    def current(self) -> tuple[str, str] | None:
        return self.versions[-1] if self.versions else None


@dataclass
class Record:
    """All that is one user's, as the specification has it."""

    resources: dict[str, Resource] = field(default_factory=dict)

    def matching(self, key: str) -> list[str]:
        return [id for id, each in self.resources.items() if each.current and each.current[0] == key]

    def put(self, id: str, key: str, family: str) -> int:
        """The status of an update: 200 also where nothing changes and no version is made."""
        resource = self.resources.setdefault(id, Resource())
        status = 200 if resource.current else 201
        if resource.current != (key, family):
            resource.versions.append((key, family))
        return status

    def delete(self, id: str) -> int:
        resource = self.resources.get(id)
        if resource is None:
            return 404
        if resource.current:
            resource.versions.append(None)
        return 204

    def settle(self, method: str, key: str) -> tuple[int, str | None]:
        """What a conditional request comes to: a refusal, or (0) the one match or none."""
        found = self.matching(key)
        if len(found) > 1:
            return 412, None
        if method == "DELETE" and not found:
            return 404, None
        return 0, found[0] if found else None


def id_of(location: str) -> str:
    return location.split("/")[-3]


class Interleaving(RuleBasedStateMachine):
    """Three users; two of the first application, and one of another."""

    server: AppServer

    @initialize()
    def begin(self) -> None:
        first, second = new_application(self.server), new_application(self.server)
        self.clients: list[UserClient] = [first.user(), first.user(), second.user()]
        self.records = [Record(), Record(), Record()]
        self.touched = {0, 1, 2}

    @rule(who=users, key=keys, family=families)
    def create(self, who: int, key: str, family: str) -> None:
        self.touched = {who}
        answer = self.clients[who].post("Patient", content(key, family))
        assert answer.status_code == 201
        self.records[who].put(answer.json()["id"], key, family)

    @rule(who=users, id=ids, key=keys, family=families)
    def update(self, who: int, id: str, key: str, family: str) -> None:
        self.touched = {who}
        answer = self.clients[who].put(f"Patient/{id}", content(key, family) | {"id": id})
        assert answer.status_code == self.records[who].put(id, key, family)

    @rule(who=users, id=ids, key=keys, family=families, guess=st.integers(1, 4))
    def update_if_match(self, who: int, id: str, key: str, family: str, guess: int) -> None:
        self.touched = {who}
        record = self.records[who]
        resource = record.resources.get(id, Resource())
        expected = 412 if resource.current is None else 409 if len(resource.versions) != guess else 200
        answer = self.clients[who].put(f"Patient/{id}", content(key, family) | {"id": id}, if_match=f'W/"{guess}"')
        assert answer.status_code == expected
        if expected == 200:
            record.put(id, key, family)

    @rule(who=users, id=ids)
    def delete(self, who: int, id: str) -> None:
        self.touched = {who}
        assert self.clients[who].delete(f"Patient/{id}").status_code == self.records[who].delete(id)

    @rule(who=users, other=users, key=keys, family=families, data=st.data())
    def meddle(self, who: int, other: int, key: str, family: str, data: st.DataObject) -> None:
        """One user asks for another's resources by the ids that the server gave."""
        self.touched = {who, other}
        given = sorted(id for id in self.records[other].resources if id not in IDS)
        if not given or who == other:
            return
        id = data.draw(st.sampled_from(given))
        client = self.clients[who]
        answers = [
            client.get(f"Patient/{id}"),
            client.put(f"Patient/{id}", content(key, family) | {"id": id}),
            client.delete(f"Patient/{id}"),
            client.post("", transaction(entry("DELETE", f"Patient/{id}"))),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4

    @rule(who=users, method=st.sampled_from(["POST", "PUT", "DELETE"]), key=keys, family=families)
    def conditional(self, who: int, method: str, key: str, family: str) -> None:
        self.touched = {who}
        record, client = self.records[who], self.clients[who]
        refused, match = record.settle(method, key)
        body = None if method == "DELETE" else content(key, family)
        if method == "POST":
            answer = client.post("Patient", content(key, family), if_none_exist=f"identifier=urn:system%7C{key}")
        else:
            answer = client.request(method, f"Patient?identifier=urn:system%7C{key}", body)
        if refused:
            assert answer.status_code == refused
        elif method == "DELETE":
            assert match is not None
            assert answer.status_code == record.delete(match)
        elif match is None:
            assert answer.status_code == 201
            record.put(id_of(answer.headers["location"]), key, family)
        else:
            assert (answer.status_code, id_of(answer.headers["location"])) == (200, match)
            if method == "PUT":
                record.put(match, key, family)

    @rule(who=users, steps=st.lists(st.tuples(st.booleans(), ids, keys, families), min_size=1, max_size=3))
    def batch(self, who: int, steps: list[tuple[bool, str, str, str]]) -> None:
        """Deletions first, then updates, each on its own."""
        self.touched = {who}
        entries = [
            entry("DELETE", f"Patient/{id}")
            if gone
            else entry("PUT", f"Patient/{id}", content(key, family) | {"id": id})
            for gone, id, key, family in steps
        ]
        answer = self.clients[who].post("", batch(*entries)).json()
        expected = [0] * len(steps)
        for position in sorted(range(len(steps)), key=lambda position: not steps[position][0]):
            gone, id, key, family = steps[position]
            record = self.records[who]
            expected[position] = record.delete(id) if gone else record.put(id, key, family)
        assert [int(each["response"]["status"][:3]) for each in answer["entry"]] == expected

    @rule(
        who=users,
        steps=st.lists(st.tuples(st.booleans(), ids, keys, families), min_size=1, max_size=3, unique_by=lambda s: s[1]),
        created=st.tuples(keys, families),
        spoiled=st.booleans(),
    )
    def transaction(
        self, who: int, steps: list[tuple[bool, str, str, str]], created: tuple[str, str], spoiled: bool
    ) -> None:
        """All or nothing: one deletion of what never was, or a stale If-Match, undoes the rest."""
        self.touched = {who}
        record = self.records[who]
        entries = [
            entry("DELETE", f"Patient/{id}")
            if gone
            else entry("PUT", f"Patient/{id}", content(key, family) | {"id": id})
            for gone, id, key, family in steps
        ]
        entries.append(entry("POST", "Patient", content(*created)))
        if spoiled:
            entries.append(entry("PUT", "Patient/spoiler", patient(id="spoiler"), ifMatch='W/"9"'))
        entries.append(entry("GET", "Patient?_summary=count"))
        answer = self.clients[who].post("", transaction(*entries))
        if spoiled or any(gone and id not in record.resources for gone, id, _, _ in steps):
            assert answer.status_code in {404, 412}
            return
        assert answer.status_code == 200, answer.text
        answered = answer.json()["entry"]
        expected = [record.delete(id) if gone else record.put(id, key, family) for gone, id, key, family in steps]
        record.put(id_of(answered[len(steps)]["response"]["location"]), *created)
        assert [int(each["response"]["status"][:3]) for each in answered] == [*expected, 201, 200]
        assert answered[-1]["resource"]["total"] == sum(bool(each.current) for each in record.resources.values())

    @invariant()
    def reads_history_and_totals_agree(self) -> None:
        for who in self.touched:
            agree(self.clients[who], self.records[who])

    def teardown(self) -> None:
        """Nor did anybody's steps change anything of the others'."""
        for client, record in zip(self.clients, self.records, strict=True):
            agree(client, record)


def agree(client: UserClient, record: Record) -> None:
    found = client.get("Patient?_count=100").json()
    current = {id: each.current for id, each in record.resources.items() if each.current}
    assert found["total"] == len(current)
    assert {each["resource"]["id"]: known(each["resource"]) for each in found["entry"]} == current
    for key in KEYS:
        total = client.get(f"Patient?identifier=urn:system%7C{key}&_summary=count").json()["total"]
        assert total == len(record.matching(key))
    history = client.get("_history?_count=1000").json()
    assert history["total"] == sum(len(each.versions) for each in record.resources.values())
    versions: dict[str, list[tuple[str, str] | None]] = {id: [] for id in record.resources}
    for each in reversed(history["entry"]):
        if "resource" in each:
            versions[each["resource"]["id"]].append(known(each["resource"]))
            assert each["resource"]["meta"]["versionId"] == str(len(versions[each["resource"]["id"]]))
        else:
            versions[each["request"]["url"].rpartition("/")[2]].append(None)
    assert versions == {id: each.versions for id, each in record.resources.items()}


def known(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["identifier"][0]["value"], resource["name"][0]["family"][0]


@pytest.mark.timeout(300)
def test_random_interleavings_of_three_users_agree_with_the_model(server: AppServer) -> None:
    fast = server.database.startswith("sqlite")

    Interleaving.server = server
    bounded = settings(max_examples=30 if fast else 4, stateful_step_count=25, phases=[Phase.generate])
    seed(20151024)(Interleaving)
    run_state_machine_as_test(Interleaving, settings=bounded)
