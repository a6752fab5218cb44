"""Conditional create, update and delete: the match and the write are one step that no other writer can get between.

http://hl7.org/fhir/DSTU2/http.html#2.1.0.10.2, #cond-update, #2.1.0.12.1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from msgspec import structs

from fhirstore.errors import BadRequest, NotFound, PreconditionFailed
from fhirstore.interactions.create import create
from fhirstore.interactions.delete import delete
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.search import search_context
from fhirstore.interactions.update import update
from fhirstore.interactions.write import Write
from fhirstore.search.query import TRANSPORT, matches_nothing_else, read_search
from fhirstore.store.contract import Page, Resources, Version


@dataclass(frozen=True, slots=True)
class Settled:
    """A conditional request once its criteria are settled: with an id, and with what to do, or with what exists."""

    request: Request
    write: Callable[[Request, Context], Write] | None = None
    existing: Version | None = None


async def perform_conditional(method: str, request: Request, context: Context) -> Reply:
    """Match and write in one transaction; of parallel equal requests exactly one finds nothing."""

    async def work(inside: Resources) -> Reply:
        within = structs.replace(context, resources=inside)
        replies = [await _carry_out(settled, within) for settled in await settle(method, request, within)]
        return replies[0]

    return await context.resources.transact(work, locks=[lock_of(method, request)])


async def settle(method: str, request: Request, context: Context) -> Sequence[Settled]:
    """What the request comes to, given what matches now: one thing, or several resources to delete.

    Raises PreconditionFailed where several match, NotFound where there is nothing to delete, BadRequest for criteria
    that are not understood or that everything would match.
    """
    several = method == "DELETE" and context.limits.conditional_delete == "multiple"
    matches = await _matches(method, request, context, several=several)
    if method == "DELETE":
        if not matches:
            raise NotFound(f"No {request.type} matches the criteria.")
        return [Settled(structs.replace(request, id=match.id), delete) for match in matches]
    if not matches:
        return [Settled(structs.replace(request, id=context.new_id()), create)]
    # An id in the body is the client's own name for the resource: the criteria say which one it is.
    settled = structs.replace(request, id=matches[0].id)
    return [Settled(settled, update) if method == "PUT" else Settled(settled, existing=matches[0])]


def criteria_of(method: str, request: Request) -> Sequence[tuple[str, str]]:
    """The criteria of a conditional request, whether they stand in its query or in If-None-Exist.

    Those are written `identifier=…`, `?identifier=…` or `Patient?identifier=…`. Raises BadRequest where another type
    stands there.
    """
    given = request.query
    if method == "POST":
        address, mark, query = (request.if_none_exist or "").strip().partition("?")
        if not mark or "=" in address:
            address, query = "", f"{address}{mark}{query}"
        if address.strip("/").rpartition("/")[2] not in {"", request.type}:
            raise BadRequest(f"If-None-Exist must ask for the type that is created, {request.type}.")
        given = parse_qsl(query, keep_blank_values=True)
    return [pair for pair in given if pair[0] not in TRANSPORT]


def lock_of(method: str, request: Request) -> str:
    return f"{request.type}?{sorted(criteria_of(method, request))}"


async def match_one(type: str, pairs: Sequence[tuple[str, str]], context: Context) -> Version | None:
    """The one resource that criteria name, None where none does. Raises PreconditionFailed for several."""
    matches = await _find(type, pairs, context, count=2)
    if len(matches) > 1:
        raise PreconditionFailed(f"More than one {type} matches the criteria.")
    return matches[0] if matches else None


async def _matches(method: str, request: Request, context: Context, *, several: bool) -> Sequence[Version]:
    criteria = criteria_of(method, request)
    if several:
        return await _find(request.type, criteria, context, count=1000, whole=True)
    match = await match_one(request.type, criteria, context)
    return [match] if match else []


async def _find(
    type: str, pairs: Sequence[tuple[str, str]], context: Context, count: int, *, whole: bool = False
) -> Sequence[Version]:
    """The first `count` matches, or, a page of so many after the other, all of them."""
    if matches_nothing_else(pairs):
        raise BadRequest("A conditional request needs criteria.")
    if any(name == "_contained" and value != "false" for name, value in pairs):
        raise BadRequest("A conditional request cannot be about contained resources.")
    # Never lenient: a mistyped criterion would match what it should not.
    plan = read_search(type, pairs, await search_context(type, pairs, context)).plan
    page = Page(count, total=False, own=True)  # what others share cannot be written
    found = await context.resources.find(plan, page)
    matches = list(found.matches)
    while whole and found.next is not None:
        found = await context.resources.find(plan, replace(page, after=found.next))
        matches += found.matches
    return [match.version for match in matches]


async def _carry_out(settled: Settled, context: Context) -> Reply:
    if settled.write is None:
        return existing_reply(settled)
    write = settled.write(settled.request, context)
    written = await context.resources.change(write.change)
    assert written is not None
    return write.reply(written)


def existing_reply(settled: Settled) -> Reply:
    """What a conditional create answers when the resource is there: 200, and where."""
    assert settled.existing is not None
    return Reply(200, settled.existing.body, settled.existing, location=True)
