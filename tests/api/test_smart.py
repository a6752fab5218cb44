"""SMART on FHIR over real HTTP: a user is asked at a browser, and the app gets what was allowed, and no more."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, http
from tests.server import AppServer
from tests.smart import Form, Person, SmartApp, came_back, new_app

ANN = smallest("Patient", name=[{"given": ["Ann"], "family": ["Smith"]}], birthDate="1980-02-29")


@pytest.fixture
def app(server: AppServer) -> SmartApp:
    return new_app(server)


@pytest.fixture
def person(application: ApplicationClient, user: UserClient) -> Person:
    """The user at a browser, signed in."""
    someone = Person(application.address)
    someone.sign_in(application, user)
    return someone


@pytest.fixture
def ann(user: UserClient) -> str:
    """The id of the one Patient in the user's record."""
    created: str = user.create(ANN)["id"]
    return created


def test_a_standalone_launch_from_the_question_to_the_read(
    app: SmartApp, person: Person, user: UserClient, stranger: UserClient, ann: str
) -> None:
    mine = user.create(observation(f"Patient/{ann}"))["id"]
    theirs = stranger.create(observation())["id"]
    page = person.open(app.asks("patient/*.read launch/patient"))
    assert page.status_code == 200
    for text in ("Growth Chart", "Read everything in the record of Ann Smith", "born 29 February 1980", "app.example"):
        assert text in page.text
    told = came_back(person.allow(page))
    assert told.keys() == {"code", "state"}
    assert told["state"] == "a state & more"

    answer = app.exchange(told["code"])
    issued = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert {name: issued[name] for name in issued if name != "access_token"} == {
        "token_type": "bearer",
        "expires_in": 7200,
        "scope": "patient/*.read launch/patient",
        "patient": ann,
        "need_patient_banner": True,
    }, "and no refresh token, which was not asked for"
    token = issued["access_token"]
    for path in (f"Patient/{ann}", f"Observation/{mine}"):
        for prefix in ("/dstu2", "/fhir/dstu2"):
            assert app.get(token, path, prefix).status_code == 200
    assert app.get(token, f"Observation/{theirs}").status_code == 404
    written = user.post("Observation", observation(), authorization=f"Bearer {token}")
    assert written.status_code == 403
    assert app.exchange(told["code"]).json()["error_description"] == "Invalid code", "a code works once"
    assert app.get(token, f"Patient/{ann}").status_code == 401, "and what came of it is taken back"


def test_the_same_or_less_is_not_asked_again_and_more_is(
    app: SmartApp, person: Person, ann: str, user: UserClient
) -> None:
    person.code(app.asks("patient/*.read launch/patient openid"))
    for same in ("patient/*.read launch/patient openid", "patient/Observation.read patient/Patient.read", "openid"):
        issued = app.exchange(came_back(person.open(app.asks(same)))["code"]).json()
        assert issued["scope"] == same
    for more in ("patient/*.*", "user/*.read", "patient/*.read offline_access"):
        assert person.open(app.asks(more)).status_code == 200
    assert person.open(app.asks("openid", prompt="consent")).status_code == 200
    user.create(patient())
    assert person.open(app.asks("patient/*.read")).status_code == 200, "of two people, one is to be chosen each time"


def test_an_app_whose_answer_could_go_astray_is_asked_about_each_time(
    server: AppServer, person: Person, ann: str
) -> None:
    """RFC 8252 §8.6: another program on the same machine may have taken the scheme or the port."""
    for uri in ("com.example.app:/back", "http://localhost:9000/back"):
        native = new_app(server, redirect_uris=[uri])
        for _ in range(2):
            page = person.open(native.asks())
            assert page.status_code == 200
            assert came_back(person.allow(page), uri)["code"]
        silent = came_back(person.open(native.asks(prompt="none")), uri)
        assert silent["error"] == "consent_required"


def test_a_user_takes_ticks_off_and_the_app_is_told_what_is_left(app: SmartApp, person: Person, ann: str) -> None:
    page = person.open(app.asks("patient/Patient.read patient/Observation.read offline_access launch/patient"))
    code = came_back(person.allow(page, without=["patient/Observation.read", "offline_access"]))["code"]
    issued = app.exchange(code).json()
    assert issued["scope"] == "patient/Patient.read launch/patient"
    assert "refresh_token" not in issued
    assert app.get(issued["access_token"], f"Patient/{ann}").status_code == 200
    assert app.get(issued["access_token"], "Observation").status_code == 403
    nothing = came_back(person.send(page, answer="allow", allowed_word=[]))
    assert (nothing["error"], nothing["state"]) == ("access_denied", "a state & more")


def test_what_was_not_asked_for_cannot_be_ticked(app: SmartApp, person: Person, ann: str) -> None:
    page = person.open(app.asks("patient/Patient.read"))
    answer = person.send(page, answer="allow", allowed_word=["patient/Patient.read", "user/*.*", "offline_access"])
    assert app.exchange(came_back(answer)["code"]).json()["scope"] == "patient/Patient.read"


def test_whoever_denies_sends_the_app_away_with_nothing(app: SmartApp, person: Person, ann: str) -> None:
    told = came_back(person.send(person.open(app.asks()), answer="deny"))
    assert (told["error"], told["state"]) == ("access_denied", "a state & more")
    assert "code" not in told
    assert person.open(app.asks()).status_code == 200, "and is asked again"


def test_an_app_cannot_put_words_into_the_users_form(app: SmartApp, person: Person, ann: str) -> None:
    page = person.open(app.asks("patient/Patient.read", answer="allow", allowed_word="user/*.*", form_token="x"))
    assert "user/*.*" not in page.text
    assert came_back(person.send(page, answer="deny"))["error"] == "access_denied"
    hostile = person.open(app.asks("patient/Patient.read", state='"><script>alert(1)</script>'))
    assert "<script>alert" not in hostile.text
    assert "script-src 'self'" in hostile.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in hostile.headers["content-security-policy"]


def test_only_this_servers_own_page_can_say_yes(app: SmartApp, person: Person, ann: str) -> None:
    page = person.open(app.asks())
    place, fields = str(page.url.join(Form.of(page).action)), Form.of(page).fields
    given = {**fields, "answer": "allow", "allowed_word": ["patient/*.read"]}
    without = {name: value for name, value in given.items() if name != "form_token"}
    assert person.browser.post(place, data=without).status_code == 403
    assert person.browser.post(place, data={**given, "form_token": "a.b"}).status_code == 403
    other_site = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert person.browser.post(place, data=given, headers=other_site).status_code == 403
    nobody = Person(person.address)
    assert nobody.browser.post(place, data=given).status_code == 403, "another browser's session"
    assert person.browser.post(place, data=given).status_code == 303


def test_several_people_in_a_record_are_chosen_from(
    app: SmartApp, person: Person, user: UserClient, stranger: UserClient, ann: str
) -> None:
    ben = user.create(smallest("Patient", name=[{"text": "Ben <b>Smith</b>"}]))["id"]
    seen = user.create(observation(f"Patient/{ben}"))["id"]
    theirs = stranger.create(patient())["id"]
    page = person.open(app.asks("patient/*.read launch/patient"))
    assert sorted(Form.of(page).choices) == sorted([ann, ben])
    assert "Ben &lt;b&gt;Smith&lt;/b&gt;" in page.text
    assert page.text.count("as told by <bdi>tests</bdi>") == 2, "the application that wrote them"
    assert "the person you choose" in page.text
    for wrong in ({}, {"chosen_patient": theirs}, {"chosen_patient": "x"}):
        assert person.allow(page, **wrong).status_code == 400
    issued = app.exchange(came_back(person.allow(page, chosen_patient=ben))["code"]).json()
    assert issued["patient"] == ben
    assert app.get(issued["access_token"], f"Patient/{ben}").status_code == 200
    assert app.get(issued["access_token"], f"Observation/{seen}").status_code == 200
    assert app.get(issued["access_token"], f"Patient/{ann}").status_code == 404


def test_a_record_without_a_patient_grants_what_needs_none(app: SmartApp, person: Person, user: UserClient) -> None:
    told = came_back(person.open(app.asks("patient/*.read launch/patient")))
    assert told["error"] == "invalid_scope"
    issued = app.exchange(person.code(app.asks("patient/*.read user/*.read launch/patient"))).json()
    assert issued["scope"] == "user/*.read"
    assert "patient" not in issued


def test_a_scope_on_types_and_verbs_holds_for_the_whole_record(app: SmartApp, person: Person, user: UserClient) -> None:
    issued = app.exchange(person.code(app.asks("user/Observation.write user/Patient.read nonsense"))).json()
    assert issued["scope"] == "user/Observation.write user/Patient.read"
    bearer = f"Bearer {issued['access_token']}"
    assert user.post("Observation", observation(), authorization=bearer).status_code == 201
    assert user.get("Observation", authorization=bearer).status_code == 403
    assert user.get("Patient", authorization=bearer).status_code == 200
    assert user.post("Patient", patient(), authorization=bearer).status_code == 403


def test_a_refresh_token_comes_with_offline_access_and_keeps_patient_and_scope(
    app: SmartApp, person: Person, ann: str
) -> None:
    scope = "patient/*.read launch/patient offline_access"
    issued = app.exchange(person.code(app.asks(scope))).json()
    again = app.refresh(issued["refresh_token"]).json()
    assert (again["patient"], again["scope"], again["need_patient_banner"]) == (ann, scope, True)
    assert app.get(again["access_token"], f"Patient/{ann}").status_code == 200
    narrow = app.refresh(again["refresh_token"], scope="patient/Observation.read").json()
    assert narrow["scope"] == "patient/Observation.read", "which the wider one means, though it does not say it"
    assert app.get(narrow["access_token"], f"Patient/{ann}").status_code == 403
    whole = app.refresh(narrow["refresh_token"]).json()
    assert whole["scope"] == scope
    for wider in ("patient/*.*", "user/Patient.read", "openid", "nonsense"):
        assert app.refresh(whole["refresh_token"], scope=wider).json()["error"] == "invalid_scope"


def test_a_public_app_may_refresh_by_its_token_alone_and_no_other_app_may(
    app: SmartApp, server: AppServer, person: Person, user: UserClient, ann: str
) -> None:
    """SMART's own JavaScript client does not name itself then."""
    scope, place = "patient/*.read offline_access", f"{server.address}/oauth2/token"
    issued = app.exchange(person.code(app.asks(scope))).json()
    again = http.post(place, data={"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]})
    assert (again.status_code, again.json()["patient"]) == (200, ann)
    confidential = new_app(server, public=False)
    theirs = confidential.exchange(person.code(confidential.asks(scope))).json()["refresh_token"]
    for token in (theirs, user.refresh_token, issued["access_token"], "unknown"):
        refused = http.post(place, data={"grant_type": "refresh_token", "refresh_token": token})
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_whoever_is_not_signed_in_is_told_how_and_goes_on_afterwards(
    app: SmartApp, application: ApplicationClient, user: UserClient, ann: str
) -> None:
    someone, request = Person(app.address), app.asks()
    page = someone.open(request)
    assert (page.status_code, "Sign in first" in page.text) == (401, True)
    onward = someone.sign_in(application, user)
    assert (onward.status_code, onward.headers["refresh"]) == (200, f"0; url={request.removeprefix(app.address)}")
    assert "Growth Chart" in someone.open(request).text
    again = someone.sign_in(application, user)
    assert again.headers["location"] == "/health-history", "once"


def test_what_waits_for_a_sign_in_is_an_authorization_and_nothing_else(
    app: SmartApp, application: ApplicationClient, user: UserClient
) -> None:
    for kept in (
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example",
        "%2Fhealth-history",
        "%2Foauth2%2Fauthorize%3Fa%0D%0Ab",
        "%2Foauth2%2Fauthorize",
        "",
    ):
        someone = Person(app.address)
        someone.browser.cookies.set("fhirstore-waiting", f"9999999999.{kept}")
        assert someone.sign_in(application, user).headers["location"] == "/health-history"
