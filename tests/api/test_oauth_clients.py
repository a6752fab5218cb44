"""The authorization server as libraries see it that people use: Authlib, requests-oauthlib and joserfc."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import KeySet
from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]

from tests.builders import patient
from tests.clients import ApplicationClient, UserClient, http
from tests.server import AppServer
from tests.smart import REDIRECT, Person, came_back, new_app

SCOPE = "openid fhirUser profile offline_access launch/patient patient/*.read"


@pytest.fixture
def person(application: ApplicationClient, user: UserClient) -> Person:
    user.create(patient())
    someone = Person(application.address)
    someone.sign_in(application, user)
    return someone


@pytest.fixture
def openid(server: AppServer) -> dict[str, Any]:
    """What a library finds out by itself."""
    known: dict[str, Any] = http.get(f"{server.address}/.well-known/openid-configuration").json()
    return known


@pytest.fixture
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """These libraries refuse to speak without TLS, which nothing here does."""
    for library in ("OAUTHLIB", "AUTHLIB"):
        monkeypatch.setenv(f"{library}_INSECURE_TRANSPORT", "1")


def claims_of(openid: dict[str, Any], token: str, client_id: str, **expected: object) -> dict[str, Any]:
    """The claims of an id token, checked as an application checks them."""
    keys = KeySet.import_key_set(http.get(openid["jwks_uri"]).json())
    decoded = jwt.decode(token, keys, algorithms=openid["id_token_signing_alg_values_supported"])
    required: Any = {name: {"essential": True, "value": value} for name, value in expected.items()}
    issuer: Any = {"essential": True, "value": openid["issuer"]}
    jwt.JWTClaimsRegistry(iss=issuer, aud={"essential": True, "value": client_id}, **required).validate(decoded.claims)
    return decoded.claims


@pytest.fixture
def authlib(server: AppServer, plain_http: None) -> Iterator[Any]:
    """A browser app with PKCE."""
    client_id = new_app(server).client.client_id
    options = {"redirect_uri": REDIRECT, "scope": SCOPE, "code_challenge_method": "S256"}
    with AuthlibSession(client_id, token_endpoint_auth_method="none", **options) as session:
        yield session


def test_authlib_signs_a_user_in_reads_refreshes_and_revokes(
    authlib: Any, openid: dict[str, Any], person: Person, user: UserClient, server: AppServer
) -> None:
    verifier, endpoint = "v" * 48, f"{server.address}/dstu2"
    url, state = authlib.create_authorization_url(
        openid["authorization_endpoint"], code_verifier=verifier, aud=endpoint, nonce="n-0S6_WzA2Mj"
    )
    location = person.allow(person.open(url)).headers["location"]
    token = authlib.fetch_token(
        openid["token_endpoint"], authorization_response=location, state=state, code_verifier=verifier
    )
    ann = f"{endpoint}/Patient/{token['patient']}"
    claims = claims_of(openid, token["id_token"], authlib.client_id, nonce="n-0S6_WzA2Mj", fhirUser=ann, profile=ann)
    assert claims["sub"] == str(user.id)
    assert authlib.get(ann).json()["id"] == token["patient"]
    refreshed = authlib.refresh_token(openid["token_endpoint"], refresh_token=token["refresh_token"])
    assert refreshed["access_token"] != token["access_token"]
    assert "nonce" not in claims_of(openid, refreshed["id_token"], authlib.client_id, sub=claims["sub"])
    assert authlib.get(ann).status_code == 200
    gone = authlib.revoke_token(openid["revocation_endpoint"], token=refreshed["refresh_token"])
    assert gone.status_code == 200
    assert authlib.get(ann).status_code == 401


def test_requests_oauthlib_exchanges_a_code_and_refreshes_by_itself(
    server: AppServer, openid: dict[str, Any], person: Person, plain_http: None
) -> None:
    app = new_app(server, public=False)
    secrets = {"client_id": app.client.client_id, "client_secret": app.client.client_secret}
    kept: list[dict[str, Any]] = []
    refreshing = {"auto_refresh_url": openid["token_endpoint"], "auto_refresh_kwargs": secrets}
    options = {"redirect_uri": REDIRECT, "scope": SCOPE.split(), "pkce": "S256", "token_updater": kept.append}
    with OAuth2Session(app.client.client_id, **options, **refreshing) as session:
        url, _ = session.authorization_url(openid["authorization_endpoint"], aud=f"{server.address}/fhir/dstu2")
        location = person.allow(person.open(url)).headers["location"]
        token = session.fetch_token(
            openid["token_endpoint"],
            authorization_response=location,
            client_secret=app.client.client_secret,
        )
        ann = f"{server.address}/fhir/dstu2/Patient/{token['patient']}"
        assert session.get(ann).json()["id"] == token["patient"]
        session.token = {**token, "expires_at": 1}
        assert session.get(ann).status_code == 200
        assert kept[0]["access_token"] != token["access_token"]


def test_one_key_signs_all_id_tokens_and_nothing_of_its_secret_half_is_told(
    server: AppServer, openid: dict[str, Any], person: Person, user: UserClient
) -> None:
    app = new_app(server)
    code = came_back(person.allow(person.open(app.asks("openid fhirUser"))))["code"]
    issued = app.exchange(code).json()
    assert issued.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    claims = claims_of(openid, issued["id_token"], app.client.client_id)
    assert set(claims) <= set(openid["claims_supported"])
    (key,) = http.get(openid["jwks_uri"]).json()["keys"]
    assert key.keys() == {"kty", "n", "e", "use", "alg", "kid"}
    user.create(patient())
    issued = app.exchange(person.code(app.asks("openid fhirUser", prompt="consent"))).json()
    claims = claims_of(openid, issued["id_token"], app.client.client_id)
    assert "fhirUser" not in claims, "of two people in a record nobody knows who the user is"
