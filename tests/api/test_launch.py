"""EHR launch: the application that keeps a user opens another one for that user, with the patient who is at hand."""

from __future__ import annotations

import pytest

from fhirstore.auth.secrets import digest
from tests.builders import patient
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer, TurnedClock
from tests.smart import LAUNCH, Person, SmartApp, came_back, launch_parameters, new_app

SCOPE = "launch patient/*.read"


@pytest.fixture
def app(server: AppServer) -> SmartApp:
    return new_app(server)


@pytest.fixture
def person(application: ApplicationClient, user: UserClient) -> Person:
    someone = Person(application.address)
    someone.sign_in(application, user)
    return someone


@pytest.fixture
def family(user: UserClient) -> list[str]:
    """The ids of two Patients in the user's record."""
    return [user.create(patient())["id"] for _ in range(2)]


def launched(application: ApplicationClient, user: UserClient, app: SmartApp, **parameters: str) -> dict[str, str]:
    """What the application's back end is told of a launch that it asks for."""
    given: dict[str, str | int] = {"oneup_user_id": user.id, "app_client_id": app.client.client_id, **parameters}
    answer = application.manage("POST", "user/launch", **given)
    assert answer.status_code == 200, answer.text
    told: dict[str, str] = answer.json()
    return told


def test_an_app_is_opened_with_the_patient_who_was_at_hand(
    application: ApplicationClient, app: SmartApp, person: Person, user: UserClient, family: list[str]
) -> None:
    told = launched(application, user, app, patient=family[1])
    assert told == {
        "success": True,
        "launch": told["launch"],
        "iss": f"{app.address}/dstu2",
        "url": told["url"],
        "next": f"/oauth2/launch?launch={told['launch']}",
        "expires_in": 300,
    }
    assert told["url"].startswith(f"{LAUNCH}&")
    given = launch_parameters(told["url"])
    assert given == {"kept": "1", "iss": f"{app.address}/dstu2", "launch": told["launch"]}
    page = person.open(app.asks(SCOPE, launch=given["launch"], aud=given["iss"]))
    assert page.status_code == 200
    issued = app.exchange(came_back(person.allow(page))["code"]).json()
    assert (issued["patient"], issued["scope"]) == (family[1], SCOPE)
    assert app.get(issued["access_token"], f"Patient/{family[1]}").status_code == 200
    assert app.get(issued["access_token"], f"Patient/{family[0]}").status_code == 404


def test_a_sign_in_link_opens_the_app_at_once(
    application: ApplicationClient, app: SmartApp, user: UserClient, stranger: UserClient
) -> None:
    told = launched(application, user, app)
    link = application.manage("POST", "user/sign-in-link", oneup_user_id=user.id, next=told["next"]).json()["url"]
    person, other = Person(app.address), Person(app.address)
    assert person.send(person.open(link)).headers["refresh"] == f"0; url={told['next']}"
    assert person.open(app.address + told["next"]).headers["location"] == told["url"]
    other.sign_in(application, stranger)
    assert other.open(app.address + told["next"]).status_code == 404
    assert Person(app.address).open(app.address + told["next"]).status_code == 401
    assert person.open(f"{app.address}/oauth2/launch?launch=unknown").status_code == 404


def test_a_launch_works_once_and_looking_at_the_question_does_not_spend_it(
    application: ApplicationClient, app: SmartApp, person: Person, user: UserClient, family: list[str]
) -> None:
    address = app.asks(SCOPE, launch=launched(application, user, app, patient=family[0])["launch"])
    pages = [person.open(address) for _ in range(3)]
    assert {page.status_code for page in pages} == {200}
    assert came_back(person.allow(pages[0]))["code"]
    assert came_back(person.allow(pages[1]))["error"] == "invalid_request"
    assert came_back(person.open(address))["error"] == "invalid_request"


def test_what_was_allowed_for_one_patient_is_asked_again_for_another(
    application: ApplicationClient, app: SmartApp, person: Person, user: UserClient, family: list[str]
) -> None:
    def opened(id: str) -> str:
        return app.asks(SCOPE, launch=launched(application, user, app, patient=id)["launch"])

    person.code(opened(family[0]))
    assert came_back(person.open(opened(family[0])))["code"], "this one stands"
    assert person.open(opened(family[1])).status_code == 200


def test_a_launch_is_for_its_user_and_its_app_alone(
    application: ApplicationClient,
    app: SmartApp,
    person: Person,
    user: UserClient,
    stranger: UserClient,
    server: AppServer,
    family: list[str],
) -> None:
    other = new_app(server)
    theirs = launched(application, stranger, app)["launch"]
    for address in (
        app.asks(SCOPE, launch=theirs),
        other.asks(SCOPE, launch=launched(application, user, app, patient=family[0])["launch"]),
        app.asks(SCOPE, launch="unknown"),
    ):
        told = came_back(person.open(address))
        assert told["error"] == "invalid_request"
        assert "code" not in told
    assert server.call(server.store.consents.launch(digest(theirs))) is not None, "and none of it spent the launch"


def test_a_launch_without_a_patient_leaves_the_choice_to_the_user(
    application: ApplicationClient, app: SmartApp, person: Person, user: UserClient, family: list[str]
) -> None:
    page = person.open(app.asks(SCOPE, launch=launched(application, user, app)["launch"]))
    issued = app.exchange(came_back(person.allow(page, chosen_patient=family[1]))["code"]).json()
    assert issued["patient"] == family[1]


def test_what_cannot_be_launched_is_refused(
    application: ApplicationClient, app: SmartApp, user: UserClient, stranger: UserClient, server: AppServer
) -> None:
    theirs = stranger.create(patient())["id"]
    whole: dict[str, str | int] = {"oneup_user_id": user.id, "app_client_id": app.client.client_id}
    for wrong, reason in (
        ({"app_client_id": ""}, "app_client_id is required"),
        ({"app_client_id": "none"}, "there is no application with this app_client_id"),
        ({"patient": theirs}, "this user has no such patient"),
        ({"patient": "none"}, "this user has no such patient"),
        ({"oneup_user_id": 999_999_999}, "this user does not exist"),
    ):
        answer = application.manage("POST", "user/launch", **{**whole, **wrong})
        assert (answer.status_code, answer.json()) == (400, {"success": False, "error": reason})
    foreign = new_application(server).manage("POST", "user/launch", **whole)
    assert foreign.json() == {"success": False, "error": "this user does not exist"}
    application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert application.manage("POST", "user/launch", **whole).json()["error"] == "this user is not active"
    bare = http.post(f"{application.address}/user-management/v1/user/launch", data=whole)
    assert (bare.status_code, bare.json()) == (401, {"message": "Unauthorized"})


def test_an_app_without_a_launch_address_is_given_the_launch_alone(
    application: ApplicationClient, user: UserClient, server: AppServer
) -> None:
    app = new_app(server, launch_uri=None)
    assert launched(application, user, app).keys() == {"success", "launch", "iss", "expires_in"}


def test_a_launch_is_good_for_five_minutes(turned: AppServer, clock: TurnedClock) -> None:
    application, app = new_application(turned), new_app(turned)
    user = application.user()
    user.create(patient())
    person = Person(turned.address)
    person.sign_in(application, user)
    addresses = [app.asks(SCOPE, launch=launched(application, user, app)["launch"]) for _ in range(2)]
    clock.ahead = 300 - 30
    page = person.open(addresses[0])
    assert page.status_code == 200
    clock.ahead = 300
    assert came_back(person.open(addresses[1]))["error"] == "invalid_request"
    assert came_back(person.allow(page))["error"] == "invalid_request"
