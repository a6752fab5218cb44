"""A patient shared with another user of the application: what that user sees of it from then on, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.store.trail import TrailQuery
from tests.api.searching import keep
from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer

SHARED = ["Patient/p", "Observation/o1", "Observation/o2", "MedicationOrder/m", "Encounter/e", "List/l"]
"""What is in the compartment of the shared Patient."""
KEPT = ["Patient/q", "Observation/other", "Practitioner/d", "Organization/g", "Basic/b"]
"""What is the owner's besides."""


def record(word: str) -> list[dict[str, Any]]:
    subject = {"reference": "Patient/p"}
    contained = {"resourceType": "Medication", "id": "d", "code": {"text": "Aspirin"}}
    return [
        patient("Smith", id="p", careProvider=[{"reference": "Practitioner/d"}]),
        patient("Jones", id="q"),
        observation("Patient/p", id="o1", comments=word, performer=[{"reference": "Practitioner/d"}]),
        observation("Patient/p", id="o2", comments=word, encounter={"reference": "Encounter/e"}),
        observation("Patient/q", id="other", comments=word),
        smallest("Practitioner", id="d", name={"family": ["Jones"]}),
        smallest("Organization", id="g", name="Ward"),
        smallest("Encounter", id="e", status="planned", patient=subject),
        smallest("List", id="l", subject=subject, entry=[{"item": {"reference": "Observation/other"}}]),
        smallest(
            "MedicationOrder", id="m", patient=subject, contained=[contained], medicationReference={"reference": "#d"}
        ) | {"medicationCodeableConcept": None},
        smallest("Basic", id="b"),
    ]  # fmt: skip


@pytest.fixture
def owner(application: ApplicationClient) -> UserClient:
    owner = application.user()
    kept = record("word")
    keep(owner, *({name: value for name, value in each.items() if value is not None} for each in kept))
    return owner


def share(owner: UserClient, recipient: UserClient, patient: str = "p", method: str = "PUT") -> int:
    return owner.request(method, f"Patient/{patient}/_permission/{recipient.id}").status_code


def names(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    found = [each for each in bundle["entry"] if each.get("search", {}).get("mode", "match") == mode]
    return [f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in found]


def test_sharing_is_asked_for_as_clients_of_1uphealth_do(owner: UserClient, stranger: UserClient) -> None:
    for client in (owner, owner.under("/fhir/dstu2")):
        for method in ("PUT", "PUT", "DELETE", "DELETE", "PUT"):
            answer = client.request(method, f"Patient/p/_permission/{stranger.id}")
            assert (answer.status_code, answer.json()) == (200, {"success": True})
            assert answer.headers["content-type"] == "application/json"
    refused = owner.get(f"Patient/p/_permission/{stranger.id}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "PUT, DELETE")


def test_the_compartment_is_there_for_the_recipient_until_it_is_taken_back(
    owner: UserClient, stranger: UserClient
) -> None:
    for path in (*SHARED, *KEPT):
        assert stranger.get(path).status_code == 404
    assert share(owner, stranger) == 200
    for path in SHARED:
        assert stranger.get(path).json() == owner.get(path).json()
        assert stranger.get(f"{path}/_history/1").status_code == 200
        assert stranger.get(f"{path}/_history").json()["total"] == 1
    for path in KEPT:
        assert stranger.get(path).status_code == 404
        assert stranger.get(f"{path}/_history/1").status_code == 404
        assert stranger.get(f"{path}/_history").status_code == 404
    everything = stranger.get("?_count=100").json()
    assert (sorted(names(everything)), everything["total"]) == (sorted(SHARED), len(SHARED))
    assert stranger.get("_history").json()["total"] == len(SHARED)
    assert stranger.get("Patient/_history").json()["total"] == 1
    assert share(owner, stranger, method="DELETE") == 200
    for path in (*SHARED, *KEPT):
        assert stranger.get(path).status_code == 404
    assert stranger.get("").json()["total"] == stranger.get("_history").json()["total"] == 0


FOUND = [
    ("Observation", ["Observation/o1", "Observation/o2"]),
    ("Observation?_sort:desc=_id", ["Observation/o2", "Observation/o1"]),
    ("Observation?patient=p", ["Observation/o1", "Observation/o2"]),
    ("Observation?patient=q", []),
    ("Observation?subject:Patient.name=smith", ["Observation/o1", "Observation/o2"]),
    ("Observation?performer:Practitioner.name=jones", []),
    ("Observation?encounter:Encounter.patient=p", ["Observation/o2"]),
    ("Patient?_has:Observation:subject:code:missing=false", ["Patient/p"]),
    ("Observation?_list=l", []),
    ("MedicationOrder?medication:Medication.code:text=aspirin", ["MedicationOrder/m"]),
    ("Medication?_contained=true", ["MedicationOrder/m"]),
    ("?_content=word", ["Observation/o1", "Observation/o2"]),
    ("Patient/p/Observation", ["Observation/o1", "Observation/o2"]),
    ("Patient/q/*", []),
    ("Encounter/e/*", ["Encounter/e", "Observation/o2"]),
    ("Patient/p/$everything", sorted(SHARED)),
    ("Patient/$everything", sorted(SHARED)),
]


def test_searches_find_what_is_shared_and_no_more(owner: UserClient, stranger: UserClient) -> None:
    share(owner, stranger)
    for question, wanted in FOUND:
        bundle = stranger.get(question).json()
        assert (names(bundle), bundle["total"]) == (wanted, len(wanted)), question


def test_what_is_referred_to_comes_along_where_it_is_shared_too(owner: UserClient, stranger: UserClient) -> None:
    share(owner, stranger)
    included = stranger.get("Observation?_include=*").json()
    assert sorted(names(included, "include")) == ["Encounter/e", "Patient/p"]
    back = stranger.get("Encounter?_revinclude=Observation:encounter").json()
    assert names(back, "include") == ["Observation/o2"]
    everything = stranger.get("Patient/p/$everything").json()
    assert names(everything, "include") == []


def test_own_and_shared_resources_stand_in_one_order_on_all_pages(owner: UserClient, stranger: UserClient) -> None:
    for id in ("a1", "o1", "z1"):
        stranger.put(f"Observation/{id}", observation("Patient/x", id=id, comments="mine"))
    share(owner, stranger)
    wanted = ["a1", "o1", "o2", "z1"]
    for question, ids in [("Observation?_count=1", wanted), ("Observation?_count=1&_sort:desc=_id", wanted[::-1])]:
        assert walk(stranger, question) == ids
    for skip in range(5):
        bundle = stranger.get(f"Observation?_count=2&_skip={skip}").json()
        assert (names(bundle), bundle["total"]) == ([f"Observation/{id}" for id in wanted[skip : skip + 2]], 4)
    assert stranger.get("Observation/o1").json()["comments"] == "mine", "one's own goes before a shared one"
    assert stranger.get("Observation/o1/_history").json()["total"] == 1
    assert stranger.get("Observation/_history").json()["total"] == 4
    stranger.delete("Observation/o1")
    assert stranger.get("Observation/o1").json()["comments"] == "word"
    assert stranger.get("Observation?_summary=count").json()["total"] == 4


def walk(user: UserClient, question: str) -> list[str]:
    """The ids on all pages."""
    ids, path = [], question
    while True:
        bundle = user.get(path).json()
        assert bundle["total"] == 4
        ids += [each["resource"]["id"] for each in bundle["entry"]]
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not following:
            return ids
        path = following[0].removeprefix(f"{user.base}/")


def test_what_is_shared_cannot_be_written(owner: UserClient, stranger: UserClient) -> None:
    created = owner.create(observation("Patient/p"))
    share(owner, stranger)
    place = f"Observation/{created['id']}"
    assert stranger.get(place).status_code == 200
    before = owner.get("_history?_count=1000").text
    assert stranger.put(place, created).status_code == 404
    assert stranger.delete(place).status_code == 404
    assert stranger.delete("Observation/o1").status_code == 404
    assert stranger.put("Observation/o1", observation("Patient/p", id="o1")).status_code == 201, "one of one's own"
    assert owner.get("_history?_count=1000").text == before


def test_what_the_owner_moves_out_of_the_compartment_is_gone_with_its_past(
    owner: UserClient, stranger: UserClient
) -> None:
    share(owner, stranger)
    owner.put("Observation/o1", observation("Patient/q", id="o1"))
    for path in ("Observation/o1", "Observation/o1/_history/1", "Observation/o1/_history/2", "Observation/o1/_history"):
        assert stranger.get(path).status_code == 404, path
    owner.put("Observation/o1", observation("Patient/p", id="o1"))
    history = stranger.get("Observation/o1/_history").json()
    versions = [each["resource"]["meta"]["versionId"] for each in history["entry"]]
    assert (versions, history["total"]) == (["3", "1"], 2), "not the version that was about somebody else"
    assert stranger.get("Observation/o1/_history/2").status_code == 404
    owner.delete("Observation/o1")
    assert stranger.get("Observation/o1").status_code == 410
    assert stranger.get("Observation/o1/_history").json()["total"] == 3


def test_sharing_ends_when_either_user_is_switched_off(
    application: ApplicationClient, owner: UserClient, stranger: UserClient
) -> None:
    share(owner, stranger)
    assert stranger.get("Patient/p").status_code == 200
    for user, status in ((owner, 404), (stranger, 401)):
        application.manage("PUT", "user", oneup_user_id=user.id, active="false")
        assert stranger.get("Patient/p").status_code == status
        application.manage("PUT", "user", oneup_user_id=user.id, active="true")
    assert stranger.get("Patient/p").status_code == 200, "it was not forgotten meanwhile"


def test_only_what_is_the_callers_own_can_be_shared_and_with_users_of_the_application(
    server: AppServer, application: ApplicationClient, owner: UserClient, stranger: UserClient
) -> None:
    outsider = new_application(server).user()
    share(owner, stranger)
    refused = [
        owner.put(f"Patient/patientid/_permission/{stranger.id}", b""),
        owner.put("Patient/p/_permission/999999999", b""),
        owner.put(f"Patient/p/_permission/{outsider.id}", b""),
        owner.put(f"Patient/p/_permission/{owner.id}", b""),
        owner.put("Patient/p/_permission/me", b""),
        owner.put(f"Observation/o1/_permission/{stranger.id}", b""),
        owner.delete(f"Patient/patientid/_permission/{stranger.id}"),
        owner.delete("Patient/p/_permission/999999999"),
        stranger.put(f"Patient/p/_permission/{application.user().id}", b""),
        outsider.put(f"Patient/p/_permission/{stranger.id}", b""),
    ]
    assert [answer.status_code for answer in refused] == [404] * len(refused)
    assert refused[1].text == refused[2].text, "another application's user is like none"
    unknown = http.put(f"{owner.base}/Patient/p/_permission/{stranger.id}")
    assert unknown.status_code == 401
    owner.delete("Patient/p")
    assert owner.put(f"Patient/p/_permission/{stranger.id}", b"").status_code == 404
    assert share(owner, stranger, method="DELETE") == 200, "what was shared can always be taken back"
    assert share(owner, stranger, method="DELETE") == 404


def test_whose_patient_is_shared_can_read_who_was_shown_it(
    server: AppServer, owner: UserClient, stranger: UserClient
) -> None:
    share(owner, stranger)
    stranger.get("Observation/o1")
    stranger.get("Observation/other")
    stranger.get("Encounter?status=finished")
    stranger.get("Observation?_count=1")
    share(owner, stranger, method="DELETE")
    server.call(server.trail.flush())
    events = list(server.call(server.store.trail.events(TrailQuery(owner=owner.id, count=5))))[::-1]
    assert [(each.action, each.user, each.target) for each in events[1:]] == [
        ("share", owner.id, f"{stranger.id}"),
        ("read", stranger.id, "o1"),
        ("search-type", stranger.id, ""),
        ("unshare", owner.id, f"{stranger.id}"),
    ]
