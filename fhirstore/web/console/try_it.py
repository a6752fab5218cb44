"""A page that goes through the API step by step: the command for each, and what this server answers to it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Form, Request, Response

from fhirstore.store.accounts import Application
from fhirstore.web.console.applications import ApplicationOf
from fhirstore.web.loopback import Answer, ask
from fhirstore.web.pages import DeveloperPage, VisitOf
from fhirstore.web.rendering import page

router = APIRouter(prefix="/applications/{client_id}/try", route_class=DeveloperPage)

_OBSERVATION = """\
{
  "resourceType": "Observation",
  "status": "final",
  "code": {
    "coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]
  },
  "effectiveDateTime": "2026-01-15",
  "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
}"""
_FHIR_JSON = "application/json+fhir"
_FORM = "application/x-www-form-urlencoded"
_IN_SEARCH = "/?&=%$:|,~+"
_SHOWN_MOST = 20_000

Line = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Entered:
    """What stands in the page's fields, from one step to the next; nothing of it is kept by the server."""

    client_id: str
    client_secret: str = ""
    app_user_id: str = "try-me"
    code: str = ""
    access_token: str = ""
    observation: str = _OBSERVATION
    search: str = "Observation?code=29463-7"


@dataclass(frozen=True, slots=True)
class Step:
    """One request: as it is sent, and as `curl` sends it. `form` is sent as a form, `body` as it is."""

    name: str
    title: str
    method: str
    address: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: str = ""

    def curl(self, base: str) -> str:
        """To be pasted into a shell that knows CLIENT_SECRET; the rest stands in it."""
        lines = [f"curl {shlex.quote(base + self.address)}"]
        for name, value in (self.form or {}).items():
            lines.append(f"-d {_shown(name, value)}")
        for name, value in (self.headers or {}).items():
            lines.append(f"-H {shlex.quote(f'{name}: {value}')}")
        if self.body:
            lines.append(f"-d {shlex.quote(self.body)}")
        return " \\\n  ".join(lines)


@router.get("")
async def show(request: Request, application: ApplicationOf, visit: VisitOf) -> Response:
    return _try_page(request, application, visit.base, Entered(application.client_id))


@router.post("")
async def run(
    request: Request,
    application: ApplicationOf,
    visit: VisitOf,
    step: Line,
    client_secret: Line = "",
    app_user_id: Line = "",
    code: Line = "",
    access_token: Line = "",
    observation: Annotated[str, Form(max_length=50_000)] = "",
    search: Line = "",
) -> Response:
    """Runs one step and carries what it gave over to the next."""
    entered = Entered(
        application.client_id,
        client_secret.strip(),
        app_user_id.strip(),
        code.strip(),
        access_token.strip(),
        observation.replace("\r\n", "\n"),
        search.strip(),
    )
    wanted = next((each for each in steps(entered) if each.name == step), None)
    if wanted is None:
        return _try_page(request, application, visit.base, entered)
    answer = await _send(request, wanted)
    return _try_page(request, application, visit.base, _carry(entered, answer), step, answer)


def steps(entered: Entered) -> list[Step]:
    client = {"client_id": entered.client_id, "client_secret": entered.client_secret}
    bearer = {"Authorization": f"Bearer {entered.access_token}"}
    typed = {**bearer, "Content-Type": _FHIR_JSON}
    grant = {**client, "grant_type": "authorization_code", "code": entered.code}
    named = {**client, "app_user_id": entered.app_user_id}
    return [
        Step("user", "Create a user", "POST", "/user-management/v1/user", named),
        Step("code", "Get a new code for a user you have", "POST", "/user-management/v1/user/auth-code", named),
        Step("token", "Exchange the code for a token", "POST", "/oauth2/token", grant),
        Step("post", "Post an Observation", "POST", "/dstu2/Observation", None, typed, entered.observation),
        Step("search", "Search", "GET", f"/dstu2/{quote(entered.search, safe=_IN_SEARCH)}", None, bearer),
    ]


async def _send(request: Request, step: Step) -> Answer:
    headers = {"Host": request.headers.get("host", "localhost"), **(step.headers or {})}
    body = step.body
    if step.form is not None:
        headers["Content-Type"], body = _FORM, urlencode(step.form)
    encoded = body.encode()
    if step.method == "POST":
        headers["Content-Length"] = str(len(encoded))
    return await ask(request.app, request.scope, step.method, step.address, headers, encoded)


def _carry(entered: Entered, answer: Answer) -> Entered:
    """The code and the token of an answer, where it has one, in the fields of the next step."""
    try:
        told = msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return entered
    given = {name: told[name] for name in ("code", "access_token") if isinstance(told.get(name), str)}
    return replace(entered, **given)


def _try_page(
    request: Request, application: Application, base: str, entered: Entered, ran: str = "", answer: Answer | None = None
) -> Response:
    shown = [(step, step.curl(base)) for step in steps(entered)]
    result = answer and {"status": answer.status, "body": _pretty(answer.body)}
    return page(
        request, "console/try_it.html", application=application, entered=entered, steps=shown, ran=ran, result=result
    )


def _shown(name: str, value: str) -> str:
    """A field of a form in the shell's words; the secret is left to the shell."""
    if name == "client_secret":
        return '"client_secret=$CLIENT_SECRET"'
    return shlex.quote(urlencode({name: value}))


def _pretty(body: bytes) -> str:
    try:
        text = msgspec.json.format(body, indent=2).decode()
    except msgspec.DecodeError:
        text = body.decode(errors="replace")
    return text if len(text) <= _SHOWN_MOST else text[:_SHOWN_MOST] + "\n…"
