"""Where it is wanted, each write brings a Provenance in the same commit, in whatever way it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fhirstore.dstu2.levels import judge
from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, new_application
from tests.conftest import database_of
from tests.server import AppServer, running


@pytest.fixture(scope="module", params=["sqlite", "mongodb"])
def accountable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    folder: Path = tmp_path_factory.mktemp("accountable")
    address = f"sqlite:///{folder / 'store.db'}"
    if request.param == "mongodb":
        address = database_of(request.getfixturevalue("mongodb_uri"), f"test_{uuid4().hex}")
    with running(address, provenance=True, referential_integrity=True) as started:
        yield started


@pytest.fixture
def application(accountable: AppServer) -> ApplicationClient:
    return new_application(accountable)


def accounts(user: UserClient, query: str = "") -> list[dict[str, Any]]:
    found = user.get(f"Provenance?_count=100&{query}").json()
    return [entry["resource"] for entry in found["entry"]]


def targets(user: UserClient) -> list[tuple[str, str]]:
    """Deed and target of each."""
    told = accounts(user)
    return sorted((each["activity"]["text"], each["target"][0]["reference"]) for each in told)


def test_every_single_write_is_accounted_for_by_user_application_and_source(
    application: ApplicationClient, user: UserClient
) -> None:
    tag = {"system": "urn:fhirstore:source", "code": "http://hospital.example"}
    id = user.create(patient(meta={"tag": [tag]}))["id"]
    user.put(f"Patient/{id}", patient("Other", id=id, meta={"tag": [tag]}))
    user.put(f"Patient/{id}", patient("Other", id=id, meta={"tag": [tag]}))
    user.delete(f"Patient/{id}")
    user.delete(f"Patient/{id}")
    assert targets(user) == [
        ("create", f"Patient/{id}/_history/1"),
        ("delete", f"Patient/{id}/_history/3"),
        ("update", f"Patient/{id}/_history/2"),
    ]
    for account in accounts(user):
        assert judge(account, "official") == []
        assert [agent["userId"] for agent in account["agent"]] == [
            {"system": "urn:fhirstore:user", "value": str(user.id)},
            {"system": "urn:fhirstore:application", "value": application.client_id},
        ]
        assert account["entity"][0]["reference"] == "http://hospital.example"
    created = user.get(f"Patient/{id}/_history/1").json()
    (account,) = [each for each in accounts(user) if each["activity"]["text"] == "create"]
    assert account["recorded"] == created["meta"]["lastUpdated"]


def test_a_search_brings_the_accounts_along(user: UserClient, stranger: UserClient) -> None:
    id = user.create(patient())["id"]
    stranger.create(patient())
    entries = user.get(f"Patient?_id={id}&_revinclude=Provenance:target").json()["entry"]
    assert [entry["resource"]["resourceType"] for entry in entries] == ["Patient", "Provenance"]
    assert len(accounts(user, f"target=Patient/{id}")) == 1
    assert len(accounts(stranger)) == 1


def test_batches_transactions_and_conditional_writes_are_accounted_for(user: UserClient) -> None:
    mark: dict[str, Any] = {"identifier": [{"value": "x"}]}
    entries = [
        {"request": {"method": "PUT", "url": "Patient/a"}, "resource": patient(id="a")},
        {"request": {"method": "PUT", "url": "Observation/o"}, "resource": observation("Patient/a", id="o")},
    ]
    for type_ in ("transaction", "batch"):
        user.post("", {"resourceType": "Bundle", "type": type_, "entry": entries})
        entries = [
            {"request": {"method": "DELETE", "url": "Observation/o"}},
            {"request": {"method": "PUT", "url": "Patient/a"}, "resource": patient("Other", id="a")},
        ]
    id = user.post("Patient", patient(**mark), if_none_exist="identifier=x").json()["id"]
    user.post("Patient", patient(**mark), if_none_exist="identifier=x")
    user.put("Patient?identifier=x", patient("Other", **mark))
    user.delete("Patient?identifier=x")
    assert targets(user) == sorted(
        [
            ("update", "Patient/a/_history/1"),
            ("update", "Observation/o/_history/1"),
            ("delete", "Observation/o/_history/2"),
            ("update", "Patient/a/_history/2"),
            ("create", f"Patient/{id}/_history/1"),
            ("update", f"Patient/{id}/_history/2"),
            ("delete", f"Patient/{id}/_history/3"),
        ]
    )


def test_what_is_refused_or_undone_is_not_accounted_for(user: UserClient) -> None:
    user.put("Patient/a", patient(id="a"), if_match='W/"3"')
    entries = [
        {"request": {"method": "PUT", "url": "Patient/b"}, "resource": patient(id="b")},
        {"request": {"method": "PUT", "url": "Patient/c", "ifMatch": 'W/"3"'}, "resource": patient(id="c")},
    ]
    user.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert accounts(user) == []


def test_an_account_makes_no_account_of_itself_and_the_one_of_a_client_is_its_own(user: UserClient) -> None:
    own = smallest("Provenance", target=[{"reference": "Patient/a"}])
    id = user.create(own)["id"]
    user.delete(f"Provenance/{id}")
    assert accounts(user) == []


def test_write_and_account_are_one_commit(user: UserClient) -> None:
    """Their versions stand side by side in the history, at the same moment."""
    for number in range(3):
        user.put("Patient/a", patient(f"{number}", id="a"))
    history = [entry["resource"] for entry in user.get("_history").json()["entry"]]
    moments: dict[str, set[str]] = {}
    for resource in history:
        moments.setdefault(resource["resourceType"], set()).add(resource["meta"]["lastUpdated"])
    assert moments["Patient"] == moments["Provenance"]
    assert len(history) == 6


def test_without_the_setting_there_is_none(server: AppServer) -> None:
    user = new_application(server).user()
    user.create(patient())
    assert accounts(user) == []
