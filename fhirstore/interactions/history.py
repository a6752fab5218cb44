"""history of a resource, a type, or all: http://hl7.org/fhir/DSTU2/http.html#history."""

from __future__ import annotations

from urllib.parse import quote

from fhirstore.errors import BadRequest, NotFound
from fhirstore.interactions.bundles import Link, history_bundle
from fhirstore.interactions.paging import PAGE, page_size
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.search.kinds.date import interval
from fhirstore.store.contract import HistoryPage, HistoryPlace, HistoryQuery

_PARAMETERS = ("_since", "_at", "_count", PAGE)
_TRANSPORT = ("_format", "_pretty", "access_token")


async def history(request: Request, context: Context) -> Reply:
    """Versions newest first, deletions too, in pages. Raises NotFound for a resource that never was."""
    query = _query(request, context)
    page = await context.resources.history(query)
    if request.id and page.total == 0 and await context.resources.current(request.type, request.id) is None:
        raise NotFound(f"There is no {request.type} with this id.")
    return Reply(200, history_bundle(page, context.base, _links(request, context, query, page)))


def _query(request: Request, context: Context) -> HistoryQuery:
    given = _given(request)
    at = _interval("_at", given["_at"]) if "_at" in given else None
    return HistoryQuery(
        type=request.type or None,
        id=request.id or None,
        since=_interval("_since", given["_since"])[0] if "_since" in given else None,
        before=at[1] if at else None,
        until=at[0] if at else None,
        after=_place(context, _question(request), given[PAGE]) if PAGE in given else None,
        count=page_size(given.get("_count"), context.limits),
    )


def _given(request: Request) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in request.query:
        if name in _TRANSPORT:
            continue
        if name not in _PARAMETERS:
            raise BadRequest(f"A history has no parameter {name[:64]!r}; it has _since, _at and _count.")
        given[name] = value
    return given


def _interval(name: str, text: str) -> tuple[int, int]:
    """The milliseconds that a date or time covers, the end excluded. Raises BadRequest."""
    covered = interval(text)
    if covered is None:
        raise BadRequest(f"{name} must be a date, a dateTime or an instant.")
    return covered[0] // 1000, -(-covered[1] // 1000)


def _question(request: Request) -> str:
    """What a page token is bound to: everything but the page itself."""
    asked = sorted((name, value) for name, value in _given(request).items() if name in {"_since", "_at"})
    return f"history {request.type}/{request.id} {asked}"


def _place(context: Context, question: str, token: str) -> HistoryPlace:
    updated, type, id, number = context.cursors.read(context.caller.user, question, token)
    return HistoryPlace(int(updated or 0), str(type), str(id), int(number or 0))


def _links(request: Request, context: Context, query: HistoryQuery, page: HistoryPage) -> list[Link]:
    address = "/".join(part for part in (context.base, request.type, request.id, "_history") if part)
    asked = [(name, value) for name, value in _given(request).items() if name != PAGE]
    links = [Link("self", _address(address, [*asked, *((PAGE, v) for n, v in request.query if n == PAGE)]))]
    if page.more and page.versions:
        last = page.versions[-1]
        place = (last.updated, last.type, last.id, last.number)
        token = context.cursors.write(context.caller.user, _question(request), place)
        links.append(Link("next", _address(address, [*asked, (PAGE, token)])))
    return links


def _address(address: str, query: list[tuple[str, str]]) -> str:
    if not query:
        return address
    return address + "?" + "&".join(f"{quote(name)}={quote(value, safe=':')}" for name, value in query)
