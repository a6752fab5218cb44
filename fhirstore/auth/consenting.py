"""A user is asked whether an application may have what it asks for, once; what was allowed stands until taken back.

http://docs.smarthealthit.org/authorization. A page shows the question and hands in the answer; nothing here knows
of HTTP.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from fhirstore.auth import scopes
from fhirstore.auth.authorization import AuthorizationRequest, refused
from fhirstore.auth.patients import Person, patient_of, patients_of
from fhirstore.auth.secrets import digest
from fhirstore.auth.tokens import issue_code
from fhirstore.errors import BadRequest, Forbidden
from fhirstore.store.accounts import User
from fhirstore.store.consents import Consent
from fhirstore.store.contract import Store


@dataclass(frozen=True, slots=True)
class Question:
    """What a user is asked for: a scope, and where it is about one of several people, which of them."""

    request: AuthorizationRequest
    user: User
    scope: str
    people: Sequence[Person] = ()


async def ask(store: Store, request: AuthorizationRequest, user: User, now: int) -> Question:
    """What there is to ask this user. Raises RefusedAuthorization, and Forbidden for a user who is switched off."""
    if not user.active:
        raise Forbidden("This user is switched off.")
    scope = request.asked.scope
    if not scopes.is_about_a_patient(scope):
        return Question(request, user, scope)
    people = await _people(store, request, user, now)
    if not people:
        scope = scopes.without_patient(scope)
    if not _is_worth_asking(scope):
        raise refused(request, "invalid_scope", "There is no patient in this record yet")
    return Question(request, user, scope, people)


async def stands(store: Store, question: Question) -> bool:
    """Whether the user has allowed as much before, so that there is nothing left to ask."""
    if question.request.prompt & {"consent", "login", "select_account"} or len(question.people) > 1:
        return False
    if not _comes_back_safely(question.request):
        return False
    about, client_id = {person.id for person in question.people}, question.request.application.client_id
    return any(
        consent.client_id == client_id
        and (consent.patient in about or not about)
        and scopes.covers(consent.scope, question.scope)
        for consent in await store.consents.consents(question.user.id)
    )


async def allow(store: Store, question: Question, words: Collection[str], patient: str | None, now: int) -> str:
    """The user allows some words of the scope, about this patient: answers a code.

    What is kept is that and what was allowed before, but for what touches on anything that was not allowed this time;
    where that is less than before, all that was given before is taken back. Raises RefusedAuthorization where nothing
    is allowed or the launch was used, and BadRequest for a patient who was not to be chosen from.
    """
    request, user = question.request, question.user
    scope = scopes.only(question.scope, words)
    if not _is_worth_asking(scope):
        raise refused(request, "access_denied", "The user allowed nothing of it")
    patient = _chosen(question, patient) if scopes.is_about_a_patient(scope) else None
    if request.launch is not None and await store.consents.take_launch(digest(request.launch)) is None:
        raise refused(request, "invalid_request", "The launch was used before")
    await _keep(store, question, scope, patient, now)
    asked = replace(request.asked, scope=scope, patient=patient)
    return await issue_code(store.accounts, user, now, asked)


async def allow_again(store: Store, question: Question, now: int) -> str:
    """A code for what stands. Raises RefusedAuthorization where the launch was used."""
    only = question.people[0].id if question.people else None
    return await allow(store, question, question.scope.split(), only, now)


async def _keep(store: Store, question: Question, scope: str, patient: str | None, now: int) -> None:
    user, client_id = question.user.id, question.request.application.client_id
    denied = scopes.without(question.scope, scope)
    if await _was_allowed_elsewhere(store, question, patient, denied):
        await store.consents.withdraw(user, client_id)
    before = await store.consents.consent(user, client_id, patient)
    if before is None:
        await store.consents.allow(Consent(user, client_id, patient, scope, now))
        return
    rest = [word for word in before.scope.split() if not (scopes.covers(scope, word) or scopes.overlaps(word, denied))]
    kept = " ".join([scope, *rest])
    if scopes.covers(before.scope, kept) and scopes.covers(kept, before.scope):
        return  # the same in other words: it stands since it was first said
    less = not scopes.covers(kept, before.scope)
    await store.consents.allow(replace(before, scope=kept, since=now), anew=less)


async def _was_allowed_elsewhere(store: Store, question: Question, patient: str | None, denied: str) -> bool:
    """Whether what is denied of the whole record was allowed together with something about another patient."""
    return any(
        consent.client_id == question.request.application.client_id
        and consent.patient != patient
        and scopes.overlaps(scopes.of_whole_record(consent.scope), scopes.of_whole_record(denied))
        for consent in await store.consents.consents(question.user.id)
    )


async def _people(store: Store, request: AuthorizationRequest, user: User, now: int) -> Sequence[Person]:
    """Whom it can be about: the launch's patient, or everybody of the record."""
    if request.launch is None:
        return await patients_of(store, user.id)
    launch = await store.consents.launch(digest(request.launch))
    known = launch is not None and launch.expires > now and launch.client_id == request.application.client_id
    if launch is None or not known or launch.user != user.id:
        # One answer for all of them: whose launch it is, is nobody else's business.
        raise refused(request, "invalid_request", "The launch is unknown, over, or not for this user and application")
    if launch.patient is None:
        return await patients_of(store, user.id)
    person = await patient_of(store, user.id, launch.patient)
    return [person] if person else []


def _chosen(question: Question, patient: str | None) -> str:
    if patient is None and len(question.people) == 1:
        return question.people[0].id
    if patient not in {person.id for person in question.people}:
        raise BadRequest("Nobody of this record was chosen.")
    return patient


def _is_worth_asking(scope: str) -> bool:
    return scopes.opens_something(scope) or scopes.OPENID in scope.split()


def _comes_back_safely(request: AuthorizationRequest) -> bool:
    """Whether the answer surely reaches this application: any other on the same machine could take a scheme of its own
    or a local port (RFC 8252 §8.6), and only who is asked would notice."""
    return not request.application.public or request.destination.startswith("https://")
