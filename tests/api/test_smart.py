"""SMART on FHIR over real HTTP: a user is asked at a browser, and the app gets what was allowed, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer
from tests.smart import REDIRECT, Form, Person, SmartApp, came_back, new_app

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
    for text in ("Growth Chart", "Read everything in the record of Ann Smith", "born 1980-02-29", "app.example"):
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


def test_an_app_may_post_its_request(app: SmartApp, person: Person, ann: str) -> None:
    """SMART's authorize-post: the browser is led to the question."""
    address, _, query = app.asks().partition("?")
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
    answer = person.browser.post(address, content=query, headers=form)
    assert answer.status_code == 303
    page = person.open(app.address + answer.headers["location"])
    assert came_back(person.allow(page))["code"]


UNSURE: list[dict[str, str | None]] = [
    {"client_id": "none"},
    {"client_id": None},
    {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": REDIRECT + "/"},
    {"redirect_uri": REDIRECT + "?code=1"},
]


def test_where_app_or_address_are_unsure_only_the_user_is_told(app: SmartApp, person: Person) -> None:
    twice = f"{app.asks()}&redirect_uri=https%3A%2F%2Fevil.example%2F"
    for address in (twice, *(app.asks(**{"response_type": "token", **wrong}) for wrong in UNSURE)):
        answer = person.open(address)
        assert (answer.status_code, "location" in answer.headers) == (400, False), address
        assert "This did not work" in answer.text


FAULTS: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"aud": "https://evil.example/dstu2"}, "invalid_request"),
    ({"aud": "/dstu2"}, "invalid_request"),
    ({"launch": "unknown"}, "invalid_scope"),
    ({"scope": "nonsense"}, "invalid_scope"),
    ({"scope": "launch/patient"}, "invalid_scope"),
    ({"request": "x"}, "request_not_supported"),
    ({"request_uri": "x"}, "request_uri_not_supported"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"nonce": "x" * 2001}, "invalid_request"),
]


def test_every_other_fault_is_told_to_the_app(app: SmartApp, person: Person) -> None:
    for wrong, error in FAULTS:
        told = came_back(person.open(app.asks(**wrong)))
        assert (told["error"], told["state"]) == (error, "a state & more"), wrong
        assert "code" not in told


def test_the_app_names_this_servers_endpoint_by_either_address(app: SmartApp, person: Person, ann: str) -> None:
    for aud in ("/dstu2", "/fhir/dstu2", "/dstu2/"):
        assert person.open(app.asks(aud=app.address + aud)).status_code == 200
    assert person.open(app.asks(aud=None)).status_code == 200, "clients of plain OAuth2 know of no aud"


def test_a_redirect_uri_keeps_its_own_query(server: AppServer, person: Person, ann: str) -> None:
    uri = "https://app.example/back?tenant=a%26b&empty="
    app = new_app(server, redirect_uris=[uri])
    location = person.allow(person.open(app.asks(state=None))).headers["location"]
    assert location.startswith("https://app.example/back?tenant=a%26b&empty=&code=")
    assert "state" not in location


def test_prompt_none_asks_nobody_anything(app: SmartApp, person: Person, ann: str) -> None:
    assert came_back(Person(app.address).open(app.asks(prompt="none")))["error"] == "login_required"
    assert came_back(person.open(app.asks(prompt="none")))["error"] == "consent_required"
    person.code(app.asks())
    assert came_back(person.open(app.asks(prompt="none")))["code"]


def test_a_code_is_of_no_use_to_another_app_or_without_its_verifier(
    app: SmartApp, server: AppServer, person: Person, ann: str
) -> None:
    code = person.code(app.asks())
    thief = replace(new_app(server), verifier=app.verifier)
    assert thief.exchange(code).json()["error"] == "invalid_grant"
    assert app.exchange(code, code_verifier="a" * 43).json()["error"] == "invalid_grant"
    assert app.exchange(code, redirect_uri="https://app.example/").json()["error"] == "invalid_grant"
    assert app.exchange(code).status_code == 200


def test_an_application_with_a_secret_may_do_without_a_challenge(server: AppServer, person: Person, ann: str) -> None:
    app = new_app(server, public=False)
    bare = app.asks(code_challenge=None, code_challenge_method=None)
    given = {"grant_type": "authorization_code", "code": person.code(bare), "redirect_uri": REDIRECT}
    without = http.post(f"{app.address}/oauth2/token", data={**given, "client_id": app.client.client_id})
    assert (without.status_code, without.json()["error"]) == (401, "invalid_client")
    assert app.token(**given).json()["patient"] == ann


def test_a_user_who_is_switched_off_is_asked_nothing_and_gives_nothing(
    app: SmartApp, application: ApplicationClient, person: Person, user: UserClient, ann: str
) -> None:
    code, issued = person.code(app.asks("patient/*.read offline_access")), app.asks("patient/*.read offline_access")
    tokens = app.exchange(came_back(person.open(issued))["code"]).json()
    page = person.open(app.asks("user/*.*"))
    application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert person.open(app.asks()).status_code == 401
    assert person.allow(page).status_code in {401, 403}
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.get(tokens["access_token"], f"Patient/{ann}").status_code == 401


def test_what_the_users_own_application_keeps_of_the_user_is_not_told_to_an_app(
    app: SmartApp, person: Person, user: UserClient, ann: str
) -> None:
    token = app.exchange(person.code(app.asks("user/*.* patient/*.*"))).json()["access_token"]
    for path in ("me", "profile"):
        assert http.get(f"{app.address}/v1/{path}.json", params={"authentication_token": token}).status_code == 403
        own = http.get(f"{app.address}/v1/{path}.json", params={"authentication_token": user.access_token})
        assert own.status_code == 200
    changed = {"authentication_token": token, "profile": {"gender": "F"}}
    assert http.post(f"{app.address}/v1/profile.json", json=changed).status_code == 403


def test_introspection_tells_whom_a_token_is_about(
    server: AppServer, person: Person, user: UserClient, ann: str
) -> None:
    app = new_app(server, public=False)
    token = app.exchange(person.code(app.asks())).json()["access_token"]
    known = app.client.post("introspect", token=token).json()
    assert (known["active"], known["patient"], known["sub"]) == (True, ann, str(user.id))
    assert new_application(server).post("introspect", token=token).json() == {"active": False}


def test_the_conformance_and_the_metadata_lead_to_the_endpoints_that_are_there(server: AppServer) -> None:
    known = http.get(f"{server.address}/.well-known/smart-configuration").json()
    for prefix in ("/dstu2", "/fhir/dstu2"):
        security = http.get(f"{server.address}{prefix}/metadata").json()["rest"][0]["security"]
        assert "SMART-on-FHIR" in {coding["code"] for coding in security["service"][0]["coding"]}
        (uris,) = [each for each in security["extension"] if each["url"].endswith("StructureDefinition/oauth-uris")]
        told = {each["url"]: each["valueUri"] for each in uris["extension"]}
        assert told["authorize"] == known["authorization_endpoint"]
        assert told["token"] == known["token_endpoint"]
        assert told["manage"] == known["management_endpoint"]
        for name, address in told.items():
            method = "GET" if name in {"authorize", "manage"} else "POST"
            assert http.request(method, address).status_code in {400, 401}, name
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect"} <= set(known["capabilities"])
    openid = http.get(f"{known['issuer']}/.well-known/openid-configuration").json()
    server_metadata = http.get(f"{known['issuer']}/.well-known/oauth-authorization-server").json()
    assert server_metadata.items() <= openid.items()
    assert {"openid", "fhirUser", "launch/patient", "offline_access", "patient/*.read"} <= set(
        openid["scopes_supported"]
    )
