"""SMART on FHIR: what an app may ask for and how, and what is told to whom where it asks for something else."""

from __future__ import annotations

from dataclasses import replace

from tests.api.test_smart import ann, app, person
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer
from tests.smart import REDIRECT, Person, SmartApp, came_back, new_app

__all__ = ["ann", "app", "person"]


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
