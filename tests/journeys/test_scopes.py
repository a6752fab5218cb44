"""Each form of scope, asked for each interaction: what it opens is answered as its owner is, the rest is not there.

The requests come from the table of interactions, so a row that is added is asked for too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from fhirstore.auth.secrets import digest, mint
from fhirstore.clock import now
from fhirstore.interactions.table import Interaction
from fhirstore.store.accounts import Token
from tests.api.searching import keep
from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, new_application
from tests.conformance.bundles import batch, entry, transaction
from tests.conformance.rows import JUDGED_BESIDE, ROWS, Target, asked, label, type_of
from tests.journeys.test_strangers import told
from tests.server import AppServer


@dataclass(frozen=True)
class Granted:
    """A scope, and in plain words what it opens: types to read and to write, "*" for all, "" for none; of all
    patients, or of one."""

    scope: str
    reads: str = ""
    writes: str = ""
    of_one: bool = False
    patient: str | None = "pinside"

    def may(self, access: str | None, type: str) -> bool:
        types = self.reads if access == "read" else self.writes
        return types == "*" or (type in types.split() if type else bool(types))


GRANTED = [
    Granted("user/*.*", "*", "*"),
    Granted("user", "*", "*"),
    Granted("user/*.read", "*"),
    Granted("user/*.write", "", "*"),
    Granted("user/Patient.read", "Patient"),
    Granted("user/Patient.*", "Patient", "Patient"),
    Granted("user/Observation.read user/ValueSet.read", "Observation ValueSet"),
    Granted("user/Patient.read user/Patient.write user/Composition.read", "Patient Composition", "Patient"),
    Granted("patient/*.read", "*", "", of_one=True),
    Granted("patient/*.*", "*", "*", of_one=True),
    Granted("patient/*.write", "", "*", of_one=True),
    Granted("patient/Observation.* launch/patient", "Observation", "Observation", of_one=True),
    Granted("patient/*.* offline_access", patient=None),
    Granted("launch/patient openid fhirUser offline_access"),
]

IN_COMPARTMENT = {"Patient", "Composition", "Observation"}
SECRET_BASIC, SECRET_OUTSIDE = "xbasic", "xother"
"""Words of what has no patient, and of what is about another patient than the one in question."""


def target(type: str, place: str) -> Target:
    """A resource of a type, inside of a patient's compartment, outside of it, or absent."""
    name = f"{type[0].lower()}{place}"
    return Target(type, name, f"w{name}")


def _resource(type: str, place: str) -> dict[str, Any]:
    one = target(type, place)
    about = {"subject": {"reference": f"Patient/p{place}"}} if type == "Composition" else {}
    return one.resource | {"id": one.id} | about


class Record:
    """A user's record: a patient that tokens may be about, another, and the same about both."""

    def __init__(self, server: AppServer, owner: UserClient) -> None:
        self.server, self.owner = server, owner
        subject = {"reference": "Patient/poutside"}
        tag = {"tag": [{"code": SECRET_OUTSIDE}]}
        keep(
            owner,
            smallest("Basic", id="b", code={"text": SECRET_BASIC}, meta={"tag": [{"code": SECRET_BASIC}]}),
            observation("Patient/poutside", id="o", comments=SECRET_OUTSIDE, meta=tag),
            smallest("Flag", id="f", subject=subject, code={"text": SECRET_OUTSIDE}),
            observation("Patient/pinside", id="i"),
            smallest("Basic", id=JUDGED_BESIDE),
        )
        self.restore(*{type_of(row) for row in ROWS})

    def restore(self, *types: str) -> None:
        """Have what targets name as it was in the beginning."""
        keep(self.owner, *(_resource(type, place) for type in types for place in ("inside", "outside")))

    def forget(self, answer: httpx.Response) -> None:
        """Take away what was made beside what targets name."""
        made = answer.json() if answer.status_code == 201 else {}
        if made.get("id", "pinside") not in {"pinside", "poutside"}:
            assert self.owner.delete(f"{made['resourceType']}/{made['id']}").status_code == 204

    def holder(self, granted: Granted) -> UserClient:
        """Somebody with a token of this scope."""
        secret, owner = mint(), self.owner
        token = Token(
            digest(secret),
            "access",
            owner.id,
            self.server.call(self.server.store.accounts.user(owner.id)).client_id,  # type: ignore[union-attr]
            granted.scope,
            mint(),
            now() + 3_600_000,
            patient=granted.patient,
        )
        self.server.call(self.server.store.accounts.add_tokens([token]))
        return replace(owner, access_token=secret)


@pytest.fixture(scope="module")
def kept(server: AppServer) -> Record:
    """A record that tests leave as it was."""
    return Record(server, new_application(server).user())


@pytest.fixture
def record(server: AppServer, application: ApplicationClient) -> Record:
    return Record(server, application.user())


def rows_for(granted: Granted, server: AppServer) -> Sequence[Interaction]:
    """All rows; on the slow test database each scope has a part of them, and every row several scopes."""
    if server.database.startswith("sqlite"):
        return ROWS
    return ROWS[GRANTED.index(granted) % 7 :: 7]


def is_open(row: Interaction, granted: Granted) -> bool:
    """Whether it may be asked at all."""
    if row.access is None:
        return True
    type = "" if row.narrows or "{type}" not in row.path or "{linked}" in row.path else type_of(row)
    return granted.may(row.access, type) and (not row.conditional or granted.may("read", type))


@pytest.mark.parametrize("granted", GRANTED, ids=lambda granted: granted.scope)
def test_a_scope_opens_what_it_says_and_nothing_else(granted: Granted, server: AppServer, kept: Record) -> None:
    holder = kept.holder(granted)
    for row in rows_for(granted, server):
        type = type_of(row)
        inside, outside, absent = (target(type, place) for place in ("inside", "outside", "absent"))
        if not is_open(row, granted):
            for each in (inside, outside, absent):
                _is_refused(asked(row, each).send(holder), label(row))
            continue
        if granted.of_one:
            answers = [asked(row, each).send(holder) for each in (outside, absent)]
            assert told(answers[0], outside) == told(answers[1], absent), f"{label(row)} tells of what is outside"
        answer = asked(row, inside).send(holder)
        _hides(answer, granted, row)
        if _should_succeed(row, granted, type):
            assert answer.status_code in range(200, 300), (label(row), answer.text[:300])
        if row.access == "write":
            kept.forget(answer)
            kept.restore(type)


def _is_refused(answer: httpx.Response, row: str) -> None:
    assert answer.status_code == 403, (row, answer.text[:300])
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    if answer.content:
        assert answer.json()["issue"][0]["code"] == "forbidden"


def _hides(answer: httpx.Response, granted: Granted, row: Interaction) -> None:
    if granted.of_one or not granted.may("read", "Basic"):
        assert SECRET_BASIC not in answer.text, label(row)
    if granted.of_one or not granted.may("read", "Observation"):
        assert SECRET_OUTSIDE not in answer.text, label(row)


def _should_succeed(row: Interaction, granted: Granted, type: str) -> bool:
    """A new Patient is about itself, so not about the one; what is in no compartment, no token about one opens."""
    if row.code == "create":
        return not granted.of_one
    if row.code == "$unified" and "{id}" in row.path and not granted.may("read", type):
        return False  # whom a Patient is one person with, only the Patient tells
    if row.code == "$judge" and not granted.may("read", type):
        return False  # only of what can be read
    return not granted.of_one or type in IN_COMPARTMENT


def test_what_may_not_be_written_is_as_it_was(server: AppServer, kept: Record) -> None:
    before = kept.owner.get("_history?_count=1000").text
    step = 1 if server.database.startswith("sqlite") else 5
    for granted in (Granted("user/*.read"), Granted("patient/*.read"), Granted("user/Medication.write")):
        holder = kept.holder(granted)
        for row in ROWS[::step]:
            asked(row, target(type_of(row), "inside")).send(holder)
    assert kept.owner.get("_history?_count=1000").text == before


SEARCHES = [
    # what is asked, what a token for everything about one patient is answered
    ("", ["Composition/cinside", "Observation/i", "Patient/pinside"]),
    ("Observation?subject:Patient.name=wpoutside", []),
    ("Observation?subject:Patient.name=wpinside", ["Observation/i"]),
    ("Patient?_has:Observation:subject:status=final", ["Patient/pinside"]),
    ("Observation?_include=*", ["Observation/i", "Patient/pinside"]),
    ("Patient?_revinclude=Observation:subject", ["Patient/pinside", "Observation/i"]),
    (f"?_content={SECRET_OUTSIDE}", []),
    (f"?_tag={SECRET_BASIC},{SECRET_OUTSIDE}", []),
    ("Patient/poutside/*", []),
    ("Patient/pinside/$everything", ["Composition/cinside", "Observation/i", "Patient/pinside"]),
    ("Patient/$everything", ["Composition/cinside", "Observation/i", "Patient/pinside"]),
    ("Basic", []),
    ("ValueSet", []),
]


def names(bundle: dict[str, Any]) -> list[str]:
    found = [each["resource"] for each in bundle["entry"]]
    return [f"{each['resourceType']}/{each['id']}" for each in found]


def test_a_token_about_one_patient_finds_nothing_of_another(record: Record) -> None:
    holder = record.holder(Granted("patient/*.read"))
    for question, wanted in SEARCHES:
        answer = holder.get(question)
        assert answer.status_code == 200, question
        assert names(answer.json()) == wanted, question
    history = holder.get("_history?_count=100").json()
    assert history["total"] == 3
    assert {each["fullUrl"].rpartition("/dstu2/")[2] for each in history["entry"]} == set(SEARCHES[0][1])


def test_a_token_for_one_type_finds_nothing_of_others_by_any_way(record: Record) -> None:
    holder = record.holder(Granted("user/Observation.read"))
    questions = {
        "": ["Observation/i", "Observation/o"],
        "Observation?_include=*": ["Observation/i", "Observation/o"],
        "Observation?subject:Patient.name=wpinside": [],
        "Patient/pinside/$everything": ["Observation/i"],
        "Patient/pinside/Observation": ["Observation/i"],
        "Patient/pinside/*": ["Observation/i"],
    }
    for question, wanted in questions.items():
        assert names(holder.get(question).json()) == wanted, question
    for question in ("Patient", "Patient/pinside/Composition", "Flag/f", "Flag/_history"):
        assert holder.get(question).status_code == 403, question


def test_the_entries_of_bundles_are_limited_each(record: Record) -> None:
    holder = record.holder(Granted("patient/*.read patient/Observation.write"))
    mine, other = observation("Patient/pinside"), observation("Patient/poutside")
    posted = batch(
        entry("POST", "Observation", mine),
        entry("POST", "Observation", other),
        entry("POST", "Flag", smallest("Flag")),
        entry("GET", "Observation/o"),
        entry("GET", "Observation/i"),
        entry("DELETE", "Observation/o"),
    )
    answer = holder.post("", posted).json()
    statuses = [each["response"]["status"][:3] for each in answer["entry"]]
    assert statuses == ["201", "403", "403", "404", "200", "404"]
    for one in (entry("POST", "Observation", other), entry("POST", "Flag", smallest("Flag"))):
        refused = holder.post("", transaction(entry("POST", "Observation", mine), one))
        assert refused.status_code == 403
    assert holder.get("Observation").json()["total"] == 2, "of a refused transaction nothing is there"
    named = transaction(entry("POST", "Observation", observation("Patient?identifier=urn:system%7Cwpoutside")))
    assert holder.post("", named).status_code == 412, "no such patient, as far as the token goes"


def test_a_scope_without_a_patient_means_the_only_one_there_is(
    server: AppServer, application: ApplicationClient
) -> None:
    user = application.user()
    record = Record.__new__(Record)
    record.server, record.owner = server, user
    granted = Granted("patient/*.read", patient=None)
    assert record.holder(granted).get("").status_code == 403, "no patient: nothing"
    only = user.create(patient())["id"]
    user.create(observation(f"Patient/{only}"))
    assert record.holder(granted).get("").json()["total"] == 2
    user.create(patient())
    assert record.holder(granted).get("").status_code == 403, "two patients: nobody said which"


def test_a_document_is_put_together_of_what_the_token_opens_and_kept_only_where_it_may_write(record: Record) -> None:
    composition = smallest(
        "Composition",
        id="c",
        subject={"reference": "Patient/pinside"},
        section=[{"entry": [{"reference": "Observation/i"}, {"reference": "Observation/o"}, {"reference": "Flag/f"}]}],
    )
    keep(record.owner, composition)
    holder = record.holder(Granted("patient/*.read"))
    document = holder.get("Composition/c/$document").json()
    assert names(document) == ["Composition/c", "Patient/pinside", "Observation/i"]
    for method in ("GET", "POST"):
        assert holder.request(method, "Composition/c/$document?persist=true").status_code == 403
    assert record.owner.get("Bundle").json()["total"] == 0
