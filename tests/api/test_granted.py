"""Applications that users let in: listed for the user's own application, shown out, at once and everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import patient
from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer, TurnedClock, running
from tests.smart import Person, SmartApp, came_back, new_app

SCOPE = "patient/*.read offline_access"


@pytest.fixture
def person(application: ApplicationClient, user: UserClient) -> Person:
    user.create(patient())
    someone = Person(application.address)
    someone.sign_in(application, user)
    return someone


def granted(application: ApplicationClient, user: UserClient) -> list[dict[str, Any]]:
    answer = application.manage("GET", "user/grant", oneup_user_id=user.id)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["entry"])
    entries: list[dict[str, Any]] = body["entry"]
    return entries


def take_back(application: ApplicationClient, user: UserClient, app: SmartApp) -> object:
    given: dict[str, str | int] = {"oneup_user_id": user.id, "app_client_id": app.client.client_id}
    answer = application.manage("DELETE", "user/grant", **given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def reads(app: SmartApp, token: str) -> int:
    return app.get(token, "Patient").status_code


def test_the_users_own_application_sees_who_was_let_in_for_what_and_when_it_came(
    application: ApplicationClient, user: UserClient, stranger: UserClient, server: AppServer, person: Person
) -> None:
    assert granted(application, user) == []
    app = new_app(server, name="Growth Chart")
    tokens = app.exchange(person.code(app.asks(SCOPE))).json()
    (entry,) = granted(application, user)
    assert (entry["app_client_id"], entry["name"], entry["last_used"]) == (app.client.client_id, "Growth Chart", None)
    (allowed,) = entry["allowed"]
    assert (allowed["scope"], allowed["patient"], allowed["since"]) == (SCOPE, tokens["patient"], entry["since"])
    assert reads(app, tokens["access_token"]) == 200
    (entry,) = granted(application, user)
    assert str(entry["last_used"]) >= str(entry["since"])
    assert granted(application, stranger) == []
    for path in ("GET", "DELETE"):
        foreign = new_application(server).manage(path, "user/grant", oneup_user_id=user.id, app_client_id="x")
        assert foreign.json() == {"success": False, "error": "this user does not exist"}


def test_an_app_that_is_shown_out_has_nothing_left_and_others_keep_theirs(
    application: ApplicationClient, user: UserClient, stranger: UserClient, server: AppServer, person: Person
) -> None:
    app, other = new_app(server), new_app(server)
    tokens = app.exchange(person.code(app.asks(SCOPE))).json()
    again = app.exchange(came_back(person.open(app.asks(SCOPE)))["code"]).json()
    code = came_back(person.open(app.asks(SCOPE)))["code"]
    kept = other.exchange(person.code(other.asks(SCOPE))).json()
    assert take_back(application, stranger, app) == {"success": True, "revoked": False}
    assert reads(app, tokens["access_token"]) == 200
    assert take_back(application, user, app) == {"success": True, "revoked": True}
    assert [reads(app, issued["access_token"]) for issued in (tokens, again)] == [401, 401]
    for issued in (tokens, again):
        assert app.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert reads(other, kept["access_token"]) == 200
    assert user.get("Patient").status_code == 200, "nor is the user's own application shut out"
    assert [entry["app_client_id"] for entry in granted(application, user)] == [other.client.client_id]
    assert person.open(app.asks(SCOPE)).status_code == 200, "it has to ask again"
    assert take_back(application, user, app) == {"success": True, "revoked": False}


def test_the_users_own_application_may_ask_too_and_shows_out_only_what_was_asked_for(
    application: ApplicationClient, user: UserClient, server: AppServer
) -> None:
    own = new_application(server, public=True, redirect_uris=["https://app.example/back"])
    member = own.user()
    member.create(patient())
    app, person = SmartApp(own, public=True), Person(own.address)
    person.sign_in(own, member)
    asked = app.exchange(person.code(app.asks(SCOPE))).json()
    assert take_back(own, member, app) == {"success": True, "revoked": True}
    assert reads(app, asked["access_token"]) == 401
    assert member.get("Patient").status_code == 200


def test_what_a_user_takes_a_tick_off_is_taken_back_and_what_was_not_asked_for_stays(
    application: ApplicationClient, user: UserClient, server: AppServer, person: Person
) -> None:
    app = new_app(server)
    both = "patient/Patient.read patient/Observation.read"
    first = app.exchange(person.code(app.asks(both))).json()
    more = app.exchange(person.code(app.asks("patient/Condition.read"))).json()
    (entry,) = granted(application, user)
    assert entry["allowed"][0]["scope"] == f"patient/Condition.read {both}"
    assert [reads(app, first["access_token"]), app.get(more["access_token"], "Condition").status_code] == [200, 200]
    page = person.open(app.asks(both, prompt="consent"))
    less = app.exchange(came_back(person.allow(page, without=["patient/Observation.read"]))["code"]).json()
    assert reads(app, first["access_token"]) == 401, "it allowed more than the user does now"
    assert reads(app, less["access_token"]) == 200
    (entry,) = granted(application, user)
    scope = "patient/Patient.read patient/Condition.read"
    assert entry["allowed"][0]["scope"] == scope


def test_a_tick_taken_off_counts_also_against_a_wider_word_that_was_allowed_before(
    application: ApplicationClient, user: UserClient, server: AppServer, person: Person
) -> None:
    app = new_app(server)
    wide = app.exchange(person.code(app.asks("user/*.read user/Condition.write"))).json()
    page = person.open(app.asks("user/Patient.read user/Observation.read", prompt="consent"))
    person.allow(page, without=["user/Patient.read"])
    (entry,) = granted(application, user)
    assert entry["allowed"][0]["scope"] == "user/Observation.read user/Condition.write"
    assert reads(app, wide["access_token"]) == 401
    assert person.open(app.asks("user/Patient.read")).status_code == 200, "it is asked again"


def test_a_tick_taken_off_counts_also_against_what_was_allowed_together_with_a_patient(
    application: ApplicationClient, user: UserClient, server: AppServer, person: Person
) -> None:
    app = new_app(server)
    wide = app.exchange(person.code(app.asks("patient/Condition.read user/*.read"))).json()
    page = person.open(app.asks("user/Patient.read user/Observation.read", prompt="consent"))
    person.allow(page, without=["user/Patient.read"])
    (entry,) = granted(application, user)
    assert [allowed["scope"] for allowed in entry["allowed"]] == ["user/Observation.read"]
    assert reads(app, wide["access_token"]) == 401


def test_the_users_trail_tells_who_was_let_in_and_who_shut_out_and_by_whom(
    application: ApplicationClient, user: UserClient, server: AppServer, person: Person
) -> None:
    app = new_app(server)
    person.code(app.asks(SCOPE))
    take_back(application, user, app)
    person.code(app.asks(SCOPE))
    person.send(person.open(f"{app.address}/granted-apps"))
    events = [entry["resource"] for entry in user.get("AuditEvent?_count=100").json()["entry"]]
    told = [
        (
            event["event"]["subtype"][0]["code"],
            "user" if event["participant"][0]["userId"]["value"] == str(user.id) else "app",
        )
        for event in sorted(events, key=lambda event: str(event["id"]))
        if event["object"][0].get("identifier")
        == {"system": "urn:fhirstore:application", "value": app.client.client_id}
    ]
    assert told == [("grant", "user"), ("grant-revoke", "app"), ("grant", "user"), ("grant-revoke", "user")]


def test_the_user_takes_it_back_on_a_page_of_this_server(
    application: ApplicationClient, user: UserClient, server: AppServer, person: Person
) -> None:
    app = new_app(server, name="Growth & Chart")
    token = app.exchange(person.code(app.asks(SCOPE))).json()["access_token"]
    assert Person(app.address).open(f"{app.address}/granted-apps").status_code == 401
    page = person.open(f"{app.address}/granted-apps")
    for told in ("Growth &amp; Chart", "Read everything in the record of Chalmers", "Keep its access"):
        assert told in page.text
    assert person.send(page).headers["location"] == "/granted-apps"
    assert reads(app, token) == 401
    page = person.open(f"{app.address}/granted-apps")
    assert "You have let no other application in" in page.text


@pytest.fixture
def pair(database: str, clock: TurnedClock) -> Iterator[tuple[AppServer, AppServer]]:
    """Two servers on one database that share nothing else but the clock."""
    with running(database, clock) as one, running(database, clock) as two:
        yield one, two


def test_an_app_shown_out_at_one_server_is_refused_there_at_once_and_at_the_other_within_five_seconds(
    pair: tuple[AppServer, AppServer], clock: TurnedClock
) -> None:
    application = new_application(pair[0])
    here, app, person = application.user(), new_app(pair[0]), Person(pair[0].address)
    here.create(patient())
    person.sign_in(application, here)
    token = app.exchange(person.code(app.asks(SCOPE))).json()["access_token"]
    there = replace(app, client=replace(app.client, address=pair[1].address))
    assert [reads(app, token), reads(there, token)] == [200, 200]
    assert take_back(application, here, app) == {"success": True, "revoked": True}
    assert reads(app, token) == 401
    clock.ahead = 5
    assert reads(there, token) == 401
    assert replace(here, address=pair[1].address).get("Patient").status_code == 200
