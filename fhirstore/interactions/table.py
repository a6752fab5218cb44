"""The interactions: each method and path of the RESTful API, what it does, and what it takes to be allowed.

http://hl7.org/fhir/DSTU2/http.html. The same table serves HTTP, the entries of Bundles and the Conformance.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from fhirstore.caller import Access
from fhirstore.dstu2.catalog import resource_types
from fhirstore.errors import MethodNotAllowed, NotFound
from fhirstore.interactions.create import create
from fhirstore.interactions.delete import delete
from fhirstore.interactions.history import history_instance
from fhirstore.interactions.read import read, vread
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.update import update


@dataclass(frozen=True, slots=True)
class Interaction:
    """A row of the table. `code` is the name that a Conformance uses; `path` has {type}, {id} and {vid} as places."""

    code: str
    method: str
    path: str
    access: Access
    run: Callable[[Request, Context], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Match:
    """Which interaction a method and path ask for, and of what."""

    interaction: Interaction
    type: str = ""
    id: str = ""
    vid: str = ""


INTERACTIONS: Sequence[Interaction] = (
    Interaction("read", "GET", "{type}/{id}", "read", read),
    Interaction("vread", "GET", "{type}/{id}/_history/{vid}", "read", vread),
    Interaction("update", "PUT", "{type}/{id}", "write", update),
    Interaction("delete", "DELETE", "{type}/{id}", "write", delete),
    Interaction("history-instance", "GET", "{type}/{id}/_history", "read", history_instance),
    Interaction("create", "POST", "{type}", "write", create),
)

_BY_SHAPE: Mapping[str, Mapping[str, Interaction]] = {
    shape: {row.method: row for row in INTERACTIONS if row.path == shape}
    for shape in {row.path for row in INTERACTIONS}
}
_TYPES = {type.lower(): type for type in resource_types()}


def match(method: str, path: str) -> Match:
    """Find the interaction for a path below the base, such as `Patient/123`. HEAD is asked as GET.

    Raises NotFound for an address that leads nowhere, MethodNotAllowed (with Allow) for one that knows other methods.
    """
    segments = path.strip("/").split("/")
    shape = "/".join(map(_place, segments, range(len(segments))))
    rows = _BY_SHAPE.get(shape)
    if rows is None:
        raise NotFound("There is nothing at this address.")
    type = _TYPES.get(segments[0].lower())
    if type is None:
        raise NotFound("DSTU2 has no resource type of this name.")
    row = rows.get("GET" if method == "HEAD" else method)
    if row is None:
        raise MethodNotAllowed(f"This address does not know {method}.", headers={"Allow": _allowed(rows)})
    return Match(row, type, *segments[1::2])


def _place(segment: str, position: int) -> str:
    """The name of the place that a segment fills; words of the API, which start with _ or $, stand for themselves."""
    if segment[:1] in {"_", "$", ""}:
        return segment
    return ("{type}", "{id}", segment, "{vid}")[position] if position < 4 else segment


def _allowed(rows: Mapping[str, Interaction]) -> str:
    return ", ".join([*rows, "HEAD"] if "GET" in rows else rows)
