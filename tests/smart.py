"""Both sides of an authorization: an app that asks by SMART on FHIR, and somebody at a browser who is asked."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer

REDIRECT = "https://app.example/back"
LAUNCH = "https://app.example/launch?kept=1"
READING = "patient/*.read launch/patient"


@dataclass(frozen=True)
class SmartApp:
    """An application that another one's users may let in; where it is public, it proves itself by its verifier."""

    client: ApplicationClient
    public: bool
    redirect_uri: str = REDIRECT
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def address(self) -> str:
        return self.client.address

    @property
    def challenge(self) -> str:
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    def asks(self, scope: str | None = READING, /, **parameters: str | None) -> str:
        """The address that it sends its user to; a parameter that is None is left out."""
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": "a state & more",
            "aud": f"{self.address}/dstu2",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **parameters,
        }
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return f"{self.address}/oauth2/authorize?{query}"

    def token(self, **form: str) -> httpx.Response:
        """A request at the token endpoint, with the secret where the app can keep one."""
        credentials = {"client_id": self.client.client_id} if self.public else self.client.credentials
        return http.post(f"{self.address}/oauth2/token", data={**credentials, **form})

    def exchange(self, code: str, **form: str) -> httpx.Response:
        given = {"code": code, "redirect_uri": self.redirect_uri, "code_verifier": self.verifier, **form}
        return self.token(grant_type="authorization_code", **given)

    def refresh(self, refresh_token: str, **form: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    def get(self, token: str, path: str, prefix: str = "/dstu2") -> httpx.Response:
        return http.get(f"{self.address}{prefix}/{path}", headers={"Authorization": f"Bearer {token}"})


def new_app(server: AppServer, *, public: bool = True, name: str = "Growth Chart", **options: Any) -> SmartApp:
    uris = {"redirect_uris": [REDIRECT], "launch_uri": LAUNCH, **options}
    client = new_application(server, name, public=public, **uris)
    return SmartApp(client, public, uris["redirect_uris"][0])


class Person:
    """Somebody at a browser: it keeps cookies, and shows what it is sent without running it."""

    def __init__(self, address: str) -> None:
        self.address = address
        # Connections are not kept, so that nobody has to close them.
        self.browser = httpx.Client(
            verify=False, trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def open(self, url: str) -> httpx.Response:
        """What an address answers; redirects are not followed."""
        return self.browser.get(url)

    def sign_in(self, application: ApplicationClient, user: UserClient) -> httpx.Response:
        """By a link that the user's own application asks for; answers where it leads on to."""
        answer = application.manage("POST", "user/sign-in-link", oneup_user_id=user.id)
        assert answer.status_code == 200, answer.text
        return self.send(self.open(answer.json()["url"]))

    def send(self, page: httpx.Response, **fields: str | list[str]) -> httpx.Response:
        """Send the form of a page back, with some fields other than they are there."""
        form = Form.of(page)
        return self.browser.post(str(page.url.join(form.action)), data={**form.fields, **fields})

    def allow(self, page: httpx.Response, *, without: Collection[str] = (), **fields: str) -> httpx.Response:
        """Press Allow, with the ticks taken off some words."""
        ticked = [word for word in Form.of(page).ticks if word not in without]
        return self.send(page, answer="allow", allowed_word=ticked, **fields)

    def code(self, url: str, **fields: str) -> str:
        """Open an app's request and allow all of it."""
        page = self.open(url)
        assert page.status_code == 200, page.text
        return came_back(self.allow(page, **fields))["code"]


def came_back(answer: httpx.Response, redirect_uri: str = REDIRECT) -> dict[str, str]:
    """What an app is told at its redirect URI."""
    assert answer.status_code == 303, answer.text
    address, _, query = answer.headers["location"].partition("?")
    assert address == redirect_uri
    told = parse_qs(query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in told.values())
    return {name: values[0] for name, values in told.items()}


def launch_parameters(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


class Form(HTMLParser):
    """The last form of a page: where it goes, its fields that are set, what can be ticked and chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.ticks: list[str] = []
        self.choices: list[str] = []

    @classmethod
    def of(cls, page: httpx.Response) -> Form:
        form = cls()
        form.feed(page.text)
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.fields, self.ticks, self.choices = given.get("action", ""), {}, [], []
        elif tag == "input" and given["type"] == "hidden":
            assert given["name"] not in self.fields
            self.fields[given["name"]] = given["value"]
        elif tag == "input":
            (self.ticks if given["type"] == "checkbox" else self.choices).append(given["value"])
