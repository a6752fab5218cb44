"""The authorization endpoint: a user is asked whether an application may have what it asks for.

RFC 6749 §3.1 and §4.1, http://docs.smarthealthit.org/authorization. What goes back to the application goes to its
redirect URI; where that is not known for sure, only the user is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request, Response

from fhirstore.auth import consenting
from fhirstore.auth.authorization import AuthorizationRequest, RefusedAuthorization, refused, understand
from fhirstore.auth.consenting import Question
from fhirstore.auth.plain_words import lasting, sentence
from fhirstore.errors import BadRequest, Unauthorized
from fhirstore.interactions.consent_notes import note_consent
from fhirstore.store.accounts import User
from fhirstore.web.forms import limited
from fhirstore.web.pages import UserOrStrangerPage
from fhirstore.web.rendering import go, page
from fhirstore.web.visits import visit_of
from fhirstore.web.waiting import PLACE, wait

_DECISION = f"{PLACE}/decision"
_ALLOWED, _PATIENT, _ANSWER = "allowed_word", "chosen_patient", "answer"
_UNDERSTOOD = {
    *("response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "aud", "launch"),
    *("code_challenge", "code_challenge_method", "nonce", "prompt", "request", "request_uri"),
}
"""What an application may send, and the page sends again. Nothing else: it would stand beside the page's own fields."""

router = APIRouter(include_in_schema=False)
asking = APIRouter(route_class=UserOrStrangerPage)


@router.post(PLACE)
async def relay(request: Request) -> Response:
    """SMART's authorize-post: who is signed in, the browser tells only where it was led to."""
    form = await Request(request.scope, limited(request.receive)).form()
    return go(request, f"{PLACE}?{urlencode([(name, str(value)) for name, value in form.multi_items()])}")


@asking.get(PLACE)
async def show(request: Request) -> Response:
    return await _answer(request, request.query_params.multi_items(), _ask)


@asking.post(_DECISION)
async def decide(request: Request) -> Response:
    form = await request.form()
    return await _answer(request, [(name, str(value)) for name, value in form.multi_items()], _decide)


async def _answer(
    request: Request,
    given: Iterable[tuple[str, str]],
    work: Callable[[Request, AuthorizationRequest, Mapping[str, str]], Awaitable[Response]],
) -> Response:
    """What `work` answers to the application's request, or the refusal that the application is told."""
    parameters = _once(given)
    try:
        asked = await understand(request.app.state.store.accounts, parameters, _audiences(request))
        response = await work(request, asked, parameters)
    except RefusedAuthorization as refusal:
        told = {"error": refusal.error, "error_description": refusal.reason}
        response = _send_back(request, refusal.destination, refusal.state, told)
    # An app may have opened this in a window of its own, and wait there for the answer.
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


async def _ask(request: Request, asked: AuthorizationRequest, parameters: Mapping[str, str]) -> Response:
    store, now = request.app.state.store, request.app.state.clock()
    user = await _user(request)
    if user is None:
        if "none" in asked.prompt:
            raise refused(asked, "login_required", "The user is not signed in")
        wait(request)
        return page(request, "authorize_sign_in.html", 401, application=asked.application, again=str(request.url.query))
    question = await consenting.ask(store, asked, user, now)
    if await consenting.stands(store, question):
        code = await consenting.allow_again(store, question, now)
        return _send_back(request, asked.destination, asked.state, {"code": code})
    if "none" in asked.prompt:
        raise refused(asked, "consent_required", "The user must be asked")
    return _question(request, question, parameters)


async def _decide(request: Request, asked: AuthorizationRequest, _: Mapping[str, str]) -> Response:
    store, now, form = request.app.state.store, request.app.state.clock(), await request.form()
    user = await _user(request)
    if user is None:
        raise Unauthorized("You are signed out. Go back to the application and begin again.")
    if form.get(_ANSWER) != "allow":
        raise refused(asked, "access_denied", "The user said no")
    question = await consenting.ask(store, asked, user, now)
    words, patient = [str(word) for word in form.getlist(_ALLOWED)], form.get(_PATIENT)
    code = await consenting.allow(store, question, words, str(patient) if patient else None, now)
    request.app.state.bearers.forget(user.id)  # what was allowed before may be more than this
    note_consent(request.app.state.doorway, "grant", user, asked.application.client_id)
    return _send_back(request, asked.destination, asked.state, {"code": code})


def _question(request: Request, question: Question, parameters: Mapping[str, str]) -> Response:
    people, scope = question.people, question.scope
    whose = (people[0].name or "one person") if len(people) == 1 else "the person you choose"
    return page(
        request,
        "authorize.html",
        # The answer leads on to the application, and that may lead on further.
        form_action=sorted({"https:", f"{urlsplit(question.request.destination).scheme}:"}),
        application=question.request.application,
        place=_DECISION,
        sentences=[(word, sentence(word, whose)) for word in scope.split()],
        lasting=lasting(scope),
        people=people,
        parameters=parameters,
        destination=urlsplit(question.request.destination).netloc,
    )


async def _user(request: Request) -> User | None:
    caller = visit_of(request).caller
    user: User | None = await request.app.state.store.accounts.user(caller.user) if caller is not None else None
    return user


def _once(given: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The request's parameters by name; whoever sends one twice may mean either (RFC 6749 §3.1). Raises BadRequest."""
    found: dict[str, str] = {}
    for name, value in given:
        if name not in _UNDERSTOOD:
            continue
        if name in found:
            raise BadRequest("A parameter of this request was sent twice.")
        found[name] = value
    return found


def _audiences(request: Request) -> list[str]:
    return [visit_of(request).base + prefix for prefix in request.app.state.fhir_prefixes]


def _send_back(request: Request, destination: str, state: str | None, told: Mapping[str, str]) -> Response:
    """To the redirect URI, which keeps the query that it was registered with (RFC 6749 §4.1.2)."""
    parts = urlsplit(destination)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *told.items()]
    if state is not None:
        query.append(("state", state))
    return go(request, parts._replace(query=urlencode(query)).geturl())


router.include_router(asking)
