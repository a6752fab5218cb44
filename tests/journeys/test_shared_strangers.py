"""The stranger again, beside a shared patient: before, while and after it is shared, and with users switched off.

The requests come from the table of interactions. Whoever was not shared with learns nothing at any time; whoever was
is answered as the owner is, of what is shared alone and as long as it is, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from fhirstore.auth.users import delete_user
from fhirstore.clock import now
from fhirstore.interactions.table import Interaction
from tests.api.searching import keep
from tests.builders import observation, smallest
from tests.clients import ApplicationClient, UserClient, new_application
from tests.conformance.rows import JUDGED_BESIDE, ROWS, Target, asked, label, type_of
from tests.journeys.test_strangers import told
from tests.server import AppServer

IN_COMPARTMENT = {"Patient", "Composition"}
_NUMBERS = count()


@dataclass(frozen=True)
class Shared:
    """Who shares, with whom, and who has no part in it."""

    application: ApplicationClient
    owner: UserClient
    recipient: UserClient
    others: Sequence[UserClient]
    rows: Sequence[Interaction]

    def share(self, method: str = "PUT") -> None:
        for place in places(self.rows):
            if place.startswith("shared"):
                answer = self.owner.request(method, f"Patient/p{place}/_permission/{self.recipient.id}")
                assert answer.status_code == 200, answer.text

    def switch(self, user: UserClient, active: str) -> None:
        assert self.application.manage("PUT", "user", oneup_user_id=user.id, active=active).status_code == 200


def places(rows: Sequence[Interaction]) -> list[str]:
    """For each row that writes there is a resource of its own: what comes of the write is in the way of no other."""
    numbers = [ROWS.index(row) for row in rows if row.access == "write"]
    return [f"{kind}{number}" for kind in ("shared", "kept") for number in ("", *numbers)]


@pytest.fixture
def shared(server: AppServer) -> Shared:
    application = new_application(server)
    users = [application.user() for _ in range(3)]
    # Those that write come last; on the slow test database there is one row in ten.
    asked = sorted(ROWS, key=lambda row: row.access == "write")
    asked = asked if server.database.startswith("sqlite") else asked[::10]
    keep(users[0], *(each for type in {type_of(row) for row in asked} for each in resources(type, asked)))
    return Shared(application, users[0], users[1], [users[2], new_application(server).user()], asked)


def resources(type: str, rows: Sequence[Interaction]) -> Iterator[dict[str, Any]]:
    if type == "Basic":
        yield smallest("Basic", id=JUDGED_BESIDE)
    for place in places(rows):
        one = target(type, place)
        about = {"subject": {"reference": f"Patient/p{place}"}} if type == "Composition" else {}
        yield one.resource | {"id": one.id} | about


def target(type: str, place: str) -> Target:
    name = f"{type[0].lower()}{place}"
    return Target(type, name, f"w{name}")


def learns_nothing(user: UserClient, row: Interaction, kind: str) -> bool:
    """Whether what is there is answered like what never was."""
    place = f"{kind}{ROWS.index(row)}" if row.access == "write" else kind
    theirs, absent = target(type_of(row), place), target(type_of(row), f"absent{next(_NUMBERS)}")
    answers = [told(asked(row, each).send(user), each) for each in (theirs, absent)]
    return answers[0] == answers[1]


def test_who_was_not_shared_with_learns_nothing_at_any_time(shared: Shared) -> None:
    shared.share()
    before = shared.owner.get("_history?_count=1000").text
    for row in shared.rows:
        for user in shared.others:
            for place in ("shared", "kept"):
                assert learns_nothing(user, row, place), label(row)
    assert shared.owner.get("_history?_count=1000").text == before


def test_the_recipient_is_answered_as_the_owner_is_and_of_what_is_shared_alone(shared: Shared) -> None:
    shared.share()
    before = shared.owner.get("_history?_count=1000").text
    for row in shared.rows:
        type, theirs = type_of(row), target(type_of(row), "shared")
        assert learns_nothing(shared.recipient, row, "kept"), label(row)
        if row.access == "write" or row.code == "$validate" or type not in IN_COMPARTMENT:
            assert learns_nothing(shared.recipient, row, "shared") or row.code == "$validate", label(row)
        elif "{id}" in row.path:
            answers = [asked(row, theirs).send(user) for user in (shared.recipient, shared.owner)]
            assert told(answers[0], theirs) == told(answers[1], theirs), label(row)
            assert answers[0].status_code == 200
        else:
            answer = asked(row, theirs).send(shared.recipient)
            assert answer.status_code == 200
            assert "kept" not in answer.text.replace(str(row.path), ""), label(row)
    assert shared.owner.get("_history?_count=1000").text == before


@pytest.mark.parametrize("ending", ["before", "revoked", "owner switched off", "owner deleted"])
def test_before_and_after_it_is_shared_there_is_nothing_to_learn(
    ending: str, shared: Shared, server: AppServer
) -> None:
    if ending != "before":
        shared.share()
        assert shared.recipient.get("Patient/pshared").status_code == 200
    if ending == "revoked":
        shared.share("DELETE")
    elif ending == "owner switched off":
        shared.switch(shared.owner, "false")
    elif ending == "owner deleted":
        user = server.call(server.store.accounts.user(shared.owner.id))
        assert user is not None
        server.call(delete_user(server.store.accounts, user, now()))
        server.bearers.forget(user.id)
    for row in shared.rows:
        for place in ("shared", "kept"):
            assert learns_nothing(shared.recipient, row, place), label(row)


def test_a_recipient_who_is_switched_off_is_refused_everything(shared: Shared) -> None:
    shared.share()
    shared.switch(shared.recipient, "false")
    for row in shared.rows:
        answer = asked(row, target(type_of(row), "shared")).send(shared.recipient)
        assert answer.status_code == 401, label(row)


def test_no_reference_of_the_recipients_leads_out_of_what_is_shared(shared: Shared) -> None:
    owner, recipient = shared.owner, shared.recipient
    owner.put("Practitioner/d", smallest("Practitioner", id="d", name={"family": ["Secret"]}))
    owner.put("Observation/o", observation("Patient/pshared", id="o", performer=[{"reference": "Practitioner/d"}]))
    owner.put("Observation/k", observation("Patient/pkept", id="k", comments="Secret"))
    shared.share()
    mine = observation("Patient/pkept", id="m", performer=[{"reference": "Practitioner/d"}])
    recipient.put("Observation/m", mine)
    recipient.put("List/l", smallest("List", id="l", entry=[{"item": {"reference": "Observation/k"}}]))
    recipient.put("Composition/c", smallest("Composition", id="c", subject={"reference": "Patient/pkept"}))
    for question in (
        "Observation?_include=*",
        "Observation?performer:Practitioner.name=secret",
        "Observation?subject:Patient.name=wpkept",
        "Observation?_list=l",
        "Patient?_has:Observation:subject:_id=k",
        "Patient/pkept/$everything",
        "Patient/pkept/*",
        "Composition/c/$document",
        "Practitioner",
        "?_content=secret",
        "_history",
        "$meta",
    ):
        answer = recipient.get(question)
        assert "Secret" not in answer.text, question
        assert "wpkept" not in answer.text.replace(question, ""), question
    assert recipient.get("Observation").json()["total"] == 2
