"""search over a type, a compartment, or everything: http://hl7.org/fhir/DSTU2/search.html."""

from __future__ import annotations

from collections.abc import Sequence

from fhirstore.dstu2.catalog import compartments
from fhirstore.dstu2.outcome import operation_outcome
from fhirstore.errors import Issue, NotFound
from fhirstore.interactions.bundles import bundle, search_entries
from fhirstore.interactions.including import INCLUDED_LIMIT, included
from fhirstore.interactions.known_value_sets import value_sets_for
from fhirstore.interactions.paging import Asked, skip_of
from fhirstore.interactions.part import cut_all
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.shown import addressed, shown
from fhirstore.search.context import Context as SearchContext
from fhirstore.search.query import Search, read_search
from fhirstore.store.contract import Found, Page


async def search(request: Request, context: Context) -> Reply:
    """A page of what matches, with what is included. Raises BadRequest for a parameter it does not understand."""
    type = _searched_type(request)
    asked = read_search(
        type,
        request.query,
        await search_context(type, request.query, context),
        compartment=_compartment(request),
        lenient="handling=lenient" in (request.prefer or "").replace(" ", ""),
    )
    page = _page(request, context, asked)
    found = await context.resources.find(asked.plan, Page(page.count, page.place(context), asked.skip))
    entries = await _entries(found, asked, context)
    links = page.links(context, found.next, len(found.matches))
    return Reply(200, bundle("searchset", entries, links, found.total))


async def search_context(type: str | None, pairs: Sequence[tuple[str, str]], context: Context) -> SearchContext:
    """What a query means here and now, with the value sets that it names."""
    return SearchContext(context.base, context.clock() * 1000, await value_sets_for(type, pairs, context))


def _searched_type(request: Request) -> str | None:
    if request.linked:
        return None if request.linked == "*" else request.linked
    return request.type or None


def _compartment(request: Request) -> tuple[str, str] | None:
    if not request.linked:
        return None
    if request.type not in compartments():
        raise NotFound(f"DSTU2 has no compartment of {request.type}.")
    return request.type, request.id


def _page(request: Request, context: Context, asked: Search) -> Asked:
    path = "/".join(part for part in (context.base, request.type, request.id, request.linked) if part)
    pairs = [pair for pair in asked.applied if pair[0] != "_skip"]
    count = 0 if asked.summary == "count" else asked.count
    return Asked(path, pairs, count, asked.page, skip_of(asked, context))


async def _entries(found: Found, asked: Search, context: Context) -> list[bytes]:
    matches = shown(found.matches)
    parts = cut_all([(each.address, each.version.body) for each in matches], asked.summary, asked.elements)
    entries, issues = search_entries(context.base, parts, "match"), asked.ignored
    if asked.includes:
        also = await included([match.version for match in matches], asked.includes, context)
        parts = cut_all(addressed(also.versions), asked.summary, asked.elements)
        entries += search_entries(context.base, parts, "include")
        issues = (*issues, _CUT) if also.cut else issues
    return entries + _outcome_entry(issues)


_CUT = Issue("warning", "too-costly", f"More is included than is sent along: {INCLUDED_LIMIT:,} resources at most.")


def _outcome_entry(ignored: Sequence[Issue]) -> list[bytes]:
    if not ignored:
        return []
    return [b'{"resource":%b,"search":{"mode":"outcome"}}' % operation_outcome(ignored)]
