"""With the setting on, nothing is deleted while something of the same record refers to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.builders import smallest
from tests.clients import UserClient, new_application
from tests.server import AppServer, running


@pytest.fixture
def guarded(database: str) -> Iterator[AppServer]:
    with running(database, referential_integrity=True) as server:
        yield server


@pytest.fixture
def keeper(guarded: AppServer) -> UserClient:
    return new_application(guarded).user()


def observation_of(patient: str) -> dict[str, object]:
    return {**smallest("Observation"), "subject": {"reference": f"Patient/{patient}"}}


def deletions(*places: str) -> dict[str, object]:
    entries = [{"request": {"method": "DELETE", "url": place}} for place in places]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def test_a_resource_is_deleted_only_after_what_refers_to_it(keeper: UserClient) -> None:
    patient = keeper.create({"resourceType": "Patient"})["id"]
    observation = keeper.create(observation_of(patient))["id"]
    refused = keeper.delete(f"Patient/{patient}")
    assert refused.status_code == 409
    assert f"Observation/{observation}" in refused.text
    assert keeper.get(f"Patient/{patient}").status_code == 200, "nothing was done"
    assert keeper.delete(f"Patient?_id={patient}").status_code == 409
    assert keeper.post("", deletions(f"Patient/{patient}")).status_code == 409
    assert keeper.delete(f"Observation/{observation}").status_code == 204
    assert keeper.delete(f"Patient/{patient}").status_code == 204


def test_a_transaction_may_delete_both_at_once(keeper: UserClient) -> None:
    patient = keeper.create({"resourceType": "Patient"})["id"]
    observation = keeper.create(observation_of(patient))["id"]
    both = deletions(f"Patient/{patient}", f"Observation/{observation}")
    assert keeper.post("", both).status_code == 200
    assert keeper.get(f"Patient/{patient}").status_code == 410


def test_a_strangers_reference_holds_nobody_up(guarded: AppServer) -> None:
    application = new_application(guarded)
    owner, stranger = application.user(), application.user()
    patient = owner.create({"resourceType": "Patient"})["id"]
    stranger.create(observation_of(patient))
    assert owner.delete(f"Patient/{patient}").status_code == 204


def test_without_the_setting_a_delete_is_never_held_up(user: UserClient) -> None:
    patient = user.create({"resourceType": "Patient"})["id"]
    user.create(observation_of(patient))
    assert user.delete(f"Patient/{patient}").status_code == 204


def test_what_refers_to_it_is_named_to_those_alone_who_may_read_it(guarded: AppServer) -> None:
    application = new_application(guarded)
    keeper = application.user()
    patient = keeper.create({"resourceType": "Patient"})["id"]
    observation = keeper.create(observation_of(patient))["id"]
    refresh = keeper.refresh_token
    for scope, named in (("user/Patient.*", False), ("user/Patient.* user/Observation.read", True)):
        tokens = application.token(grant_type="refresh_token", refresh_token=refresh, scope=scope).json()
        refused = replace(keeper, access_token=tokens["access_token"]).delete(f"Patient/{patient}")
        assert refused.status_code == 409
        assert (f"Observation/{observation}" in refused.text, "Observation" in refused.text) == (named, named)
        refresh = tokens["refresh_token"]
