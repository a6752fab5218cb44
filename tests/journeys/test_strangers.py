"""To a stranger, what is another's and what never was are one: the same answers, whatever is asked, however.

The requests come from the table of interactions, so a row that is added is asked for too; that its owner succeeds with
the same request shows that it asks for something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from uuid import uuid4

import httpx
import pytest

from fhirstore.ids import new_id
from fhirstore.interactions.table import Interaction
from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.conformance.bundles import batch, entry, transaction
from tests.conformance.rows import JUDGED_BESIDE, ROWS, Asked, Target, asked, label, type_of
from tests.server import AppServer

Wrap = Callable[[Asked], Asked]
SAME = smallest("Basic", id="same")
WRAPS: dict[str, Wrap] = {
    "alone": lambda one: one,
    "in a batch": lambda one: Asked("POST", "", batch(one.in_bundle())),
    "in a transaction": lambda one: Asked("POST", "", transaction(one.in_bundle())),
    "in a transaction with more": lambda one: Asked(
        "POST", "", transaction(entry("PUT", "Basic/same", SAME), one.in_bundle())
    ),
}
_UNTOLD = {"date", "x-request-id", "content-length"}


@pytest.fixture
def applications(server: AppServer) -> Sequence[ApplicationClient]:
    return [new_application(server), new_application(server)]


@pytest.fixture
def owner(applications: Sequence[ApplicationClient]) -> UserClient:
    return applications[0].user()


@pytest.fixture
def strangers(applications: Sequence[ApplicationClient]) -> Sequence[UserClient]:
    """Another user of the owner's application, and one of another application."""
    users = [application.user() for application in applications]
    for user in users:
        user.put("Basic/same", SAME)
    return users


def word() -> str:
    return "w" + uuid4().hex


def owned(owner: UserClient, type: str, *, by_server: bool) -> Target:
    """A resource of the owner's, by an id of the server's or of the client's choice."""
    if type == "Basic":
        assert owner.put(f"Basic/{JUDGED_BESIDE}", smallest("Basic", id=JUDGED_BESIDE)).status_code in {200, 201}
    target = Target(type, word(), word())
    if by_server:
        return Target(type, owner.create(target.resource)["id"], target.word)
    answer = owner.put(f"{type}/{target.id}", target.resource | {"id": target.id})
    assert answer.status_code == 201, answer.text
    return target


def absent(target: Target) -> Target:
    return Target(target.type, new_id() if len(target.id) == len(new_id()) else word(), word())


def told(answer: httpx.Response, target: Target) -> tuple[int, dict[str, str], str]:
    """What an answer tells, but for the id asked for, and what is new and other in every answer."""

    def plain(text: str) -> str:
        text = text.replace(target.id, "ID").replace(target.word, "WORD")
        text = re.sub(r"\b[0-9a-f]{28}\b|\b[0-9a-f]{40}\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "NEW", text)
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT", "TIME", text)

    headers = {name: plain(value) for name, value in answer.headers.items() if name not in _UNTOLD}
    return answer.status_code, headers, plain(answer.text)


def snapshot(owner: UserClient) -> list[str]:
    """Everything of the owner's, and everything that ever was."""
    return [owner.get(path).text for path in ("_history?_count=1000", "?_count=1000", "$meta")]


def ways(row: Interaction, server: AppServer) -> list[tuple[str, bool]]:
    """How a row is asked for, and whether for an id of the server's; on the slow test database in two ways alone."""
    wraps = ["alone"] if row.code == "transaction" else [*WRAPS]  # there are no Bundles within Bundles
    if not server.database.startswith("sqlite"):
        return [("alone", True), (wraps[-1], False)]
    return list(product(wraps, (True, False)))


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_a_stranger_learns_and_changes_nothing(
    row: Interaction, owner: UserClient, strangers: Sequence[UserClient], server: AppServer
) -> None:
    for wrapped, by_server in ways(row, server):
        theirs = owned(owner, type_of(row), by_server=by_server)
        place = f"{theirs.type}/{theirs.id}/_history"
        before = owner.get(place).text
        for stranger in strangers:
            answers = [told(WRAPS[wrapped](asked(row, each)).send(stranger), each) for each in (theirs, absent(theirs))]
            assert answers[0] == answers[1]
        assert owner.get(place).text == before
        answer = WRAPS[wrapped](asked(row, theirs)).send(owner)
        assert answer.status_code in range(200, 300), f"the owner is to succeed: {answer.text[:500]}"
        assert "OperationOutcome" not in answer.text or row.code == "$validate"


def test_after_everything_was_asked_the_owners_record_is_as_it_was(
    owner: UserClient, strangers: Sequence[UserClient]
) -> None:
    target = owned(owner, "Patient", by_server=False)
    before = snapshot(owner)
    for stranger in strangers:
        for row in ROWS:
            asked(row, target).send(stranger)
    assert snapshot(owner) == before


def leads(theirs: Target) -> dict[str, list[Asked]]:
    """Requests that come near another's resource by references, criteria and links, not by its address."""
    id, name = theirs.id, theirs.word
    subject = observation(f"Patient/{id}", identifier=[{"value": "mine"}])
    key = f"identifier=urn:system%7C{name}"
    created = Asked("POST", "Observation", subject)
    encounter = smallest("Encounter", id="e", status="planned", patient={"reference": f"Patient/{id}"})
    composition = smallest("Composition", id="c", subject={"reference": f"Patient/{id}"})
    listed = smallest("List", id="l", entry=[{"item": {"reference": f"Patient/{id}"}}])
    same_id = Asked("PUT", f"Patient/{id}", patient(id=id))
    return {
        "include": [created, Asked("GET", "Observation?_include=Observation:subject&_include=*")],
        "chain": [created, Asked("GET", f"Observation?subject:Patient.name={name}")],
        "reference": [created, Asked("GET", f"Observation?subject=Patient/{id}&subject:Patient.name:missing=false")],
        "reverse chain": [Asked("GET", f"Patient?_has:Observation:subject:identifier=theirs&_id={id}")],
        "reverse include": [same_id, Asked("GET", f"Patient?_id={id}&_revinclude=Observation:subject")],
        "compartment": [Asked("GET", f"Patient/{id}/Observation"), Asked("GET", f"Patient/{id}/*")],
        "everything of an encounter": [Asked("PUT", "Encounter/e", encounter), Asked("GET", "Encounter/e/$everything")],
        "document": [Asked("PUT", "Composition/c", composition), Asked("GET", "Composition/c/$document")],
        "list": [Asked("PUT", "List/l", listed), Asked("GET", "Patient?_list=l"), Asked("GET", "Patient?_list=theirs")],
        "ids": [Asked("GET", f"Patient?_id={id},x"), Asked("GET", f"?_id={id}"), Asked("GET", "_history")],
        "conditional create": [Asked("GET", f"Patient?{key}")],
        "conditional reference": [
            Asked("POST", "", transaction(entry("POST", "Observation", observation(f"Patient?{key}"))))
        ],
        "conditional entries": [
            Asked("POST", "", transaction(entry("POST", "Patient", patient(), ifNoneExist=key))),
            Asked("POST", "", transaction(entry("DELETE", f"Patient?{key}"))),
        ],
        "reference in a transaction": [
            Asked("POST", "", transaction(entry("POST", "Observation", subject), entry("GET", f"Patient?_id={id}"))),
            Asked("POST", "", batch(entry("POST", "Observation", subject), entry("GET", f"Patient/{id}"))),
        ],
        "tags": [Asked("GET", "$meta"), Asked("GET", f"Patient?_tag={name}"), Asked("GET", "Patient/$meta")],
        "words": [Asked("GET", f"Patient?_content={name}"), Asked("GET", f"Patient?_filter=name%20eq%20{name}")],
    }


LEADS = list(leads(Target("Patient", "x", "x")))


@pytest.mark.parametrize("lead", LEADS)
def test_no_reference_criterion_or_link_leads_a_stranger_to_it(
    lead: str, owner: UserClient, applications: Sequence[ApplicationClient]
) -> None:
    theirs = owned(owner, "Patient", by_server=False)
    about = observation(f"Patient/{theirs.id}", identifier=[{"value": "theirs"}], meta={"tag": [{"code": theirs.word}]})
    owner.create(about)
    listed = smallest("List", id="theirs", entry=[{"item": {"reference": f"Patient/{theirs.id}"}}])
    owner.put("List/theirs", listed)
    before = snapshot(owner)
    for application in applications:
        results = []
        for target in (theirs, absent(theirs)):
            stranger = application.user()
            results.append([told(one.send(stranger), target) for one in leads(target)[lead]])
        assert results[0] == results[1]
    assert snapshot(owner) == before


def test_a_criterion_that_the_owner_meets_creates_the_strangers_own(
    owner: UserClient, strangers: Sequence[UserClient]
) -> None:
    theirs = owned(owner, "Patient", by_server=True)
    for stranger in strangers:
        created = stranger.post("Patient", theirs.resource, if_none_exist=f"identifier={theirs.word}")
        assert (created.status_code, created.json()["id"] != theirs.id) == (201, True)
    assert owner.get(f"Patient?identifier={theirs.word}").json()["total"] == 1


@pytest.mark.parametrize("path", ["Patient", "", "_history", "Patient/_history", "Patient/$everything"])
def test_the_owners_page_token_is_worth_nothing_to_a_stranger(
    path: str, applications: Sequence[ApplicationClient]
) -> None:
    owner = applications[0].user()
    for _ in range(3):
        owner.create(patient())
    following = owner.get(f"{path}?_count=1").json()["link"][1]
    assert following["relation"] == "next"
    assert http.get(following["url"], headers=owner.headers).json()["entry"]
    for application in applications:
        stranger = application.user()
        stranger.create(patient())
        refused = http.get(following["url"], headers=stranger.headers)
        forged = http.get(following["url"][:-8] + "AAAAAAAA", headers=stranger.headers)
        assert (refused.status_code, refused.json()) == (400, forged.json())


def test_an_owners_value_set_is_unknown_to_a_stranger(owner: UserClient, strangers: Sequence[UserClient]) -> None:
    theirs = owned(owner, "ValueSet", by_server=True)
    for stranger in strangers:
        answers = []
        for target in (theirs, absent(theirs)):
            answer = stranger.get(f"Observation?code:in=http://a.org/values/{target.word}")
            answers.append(told(answer, target))
        assert answers[0] == answers[1]
