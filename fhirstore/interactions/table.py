"""The interactions: each method and path of the RESTful API, what it does, and what it takes to be allowed.

http://hl7.org/fhir/DSTU2/http.html. The same rows serve HTTP, the entries of Bundles and the Conformance.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import structs

from fhirstore.caller import Access
from fhirstore.dstu2.catalog import resource_types
from fhirstore.errors import MethodNotAllowed, NotFound
from fhirstore.interactions.create import create
from fhirstore.interactions.delete import delete
from fhirstore.interactions.document import document
from fhirstore.interactions.everything import everything
from fhirstore.interactions.history import history
from fhirstore.interactions.judge import judge
from fhirstore.interactions.meta import meta, meta_add, meta_delete
from fhirstore.interactions.read import read, vread
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.search import search
from fhirstore.interactions.unified import unified
from fhirstore.interactions.update import update
from fhirstore.interactions.validate import validate
from fhirstore.interactions.value_set import expand, lookup, validate_code
from fhirstore.interactions.write import Write


@dataclass(frozen=True, slots=True)
class Interaction:
    """A row of the table. `code` is the name that a Conformance uses, an operation's with its $; `path` has {type},
    {id}, {vid} and {linked} (a type, or * for all) as places.

    Either `run` answers it, or `write` says what to change, or it is `conditional`: criteria say on what. `access` is
    None where the parts are judged one by one, and `narrows` says that it is about whatever the caller may read of
    the record; `types` are those that an operation is for, () for all.
    """

    code: str
    method: str
    path: str
    access: Access | None
    run: Callable[[Request, Context], Awaitable[Reply]] | None = None
    write: Callable[[Request, Context], Write] | None = None
    takes_resource: bool = False
    conditional: bool = False
    types: tuple[str, ...] = ()
    narrows: bool = False

    def asked_type(self, request: Request) -> str:
        """Of which type it takes to be allowed to see or write something; "" for any."""
        if self.narrows or request.linked == "*":
            return ""
        return request.linked or request.type

    def by_criteria(self, request: Request) -> bool:
        """Whether criteria say what this request is about. Only a create heeds If-None-Exist."""
        return self.conditional or (self.code == "create" and bool(request.if_none_exist))


class Match(msgspec.Struct, frozen=True, gc=False):
    """Which interaction a method and path ask for, and of what."""

    interaction: Interaction
    type: str = ""
    id: str = ""
    vid: str = ""
    linked: str = ""

    def fill(self, request: Request) -> Request:
        return structs.replace(request, type=self.type, id=self.id, vid=self.vid, linked=self.linked)


class Table:
    """Rows, found by method and path in the time of a dictionary look-up."""

    def __init__(self, rows: Sequence[Interaction]) -> None:
        self.rows = rows
        self._by_shape: dict[str, dict[str, Interaction]] = {}
        for row in rows:
            self._by_shape.setdefault(row.path, {})[row.method] = row

    def match(self, method: str, path: str) -> Match:
        """Find the interaction for a path below the base, such as `Patient/123`. HEAD is asked as GET.

        Raises NotFound for an address that leads nowhere, MethodNotAllowed (with Allow) for one that knows other
        methods.
        """
        shape = path.strip("/").split("/")
        found = ["", "", "", ""]
        for position, segment in enumerate(shape[:4]):
            if segment[:1] not in _OWN:
                found[position], shape[position] = segment, _PLACES[position]
        rows = self._by_shape.get("/".join(shape))
        if rows is None:
            raise NotFound("There is nothing at this address.")
        type, id, linked, vid = found
        if type:
            type = _type(type)
        if linked and linked != "*":
            linked = _type(linked)
        row = rows.get("GET" if method == "HEAD" else method)
        if row is None:
            raise MethodNotAllowed("This address does not know this method.", headers={"Allow": _allowed(rows)})
        if row.types and type not in row.types:
            raise NotFound("This type does not know this operation.")
        return Match(row, type, id, vid, linked)


_RECORDED = ("Patient", "Encounter")

INTERACTIONS: Sequence[Interaction] = (
    Interaction("read", "GET", "{type}/{id}", "read", read),
    Interaction("vread", "GET", "{type}/{id}/_history/{vid}", "read", vread),
    Interaction("update", "PUT", "{type}/{id}", "write", write=update, takes_resource=True),
    Interaction("delete", "DELETE", "{type}/{id}", "write", write=delete),
    Interaction("history-instance", "GET", "{type}/{id}/_history", "read", history),
    Interaction("history-type", "GET", "{type}/_history", "read", history),
    Interaction("history-system", "GET", "_history", "read", history),
    Interaction("search-type", "GET", "{type}", "read", search),
    Interaction("search-type", "GET", "{type}/_search", "read", search),
    Interaction("search-type", "POST", "{type}/_search", "read", search),
    Interaction("search-type", "GET", "{type}/{id}/{linked}", "read", search),
    Interaction("search-system", "GET", "", "read", search),
    Interaction("search-system", "GET", "_search", "read", search),
    Interaction("search-system", "POST", "_search", "read", search),
    Interaction("update", "PUT", "{type}", "write", conditional=True, takes_resource=True),
    Interaction("delete", "DELETE", "{type}", "write", conditional=True),
    Interaction("$everything", "GET", "{type}/{id}/$everything", "read", everything, types=_RECORDED, narrows=True),
    Interaction("$everything", "POST", "{type}/{id}/$everything", "read", everything, types=_RECORDED, narrows=True),
    Interaction("$everything", "GET", "{type}/$everything", "read", everything, types=("Patient",), narrows=True),
    Interaction("$everything", "POST", "{type}/$everything", "read", everything, types=("Patient",), narrows=True),
    Interaction("$unified", "GET", "{type}/$unified", "read", unified, types=("Patient",), narrows=True),
    Interaction("$unified", "GET", "{type}/{id}/$unified", "read", unified, types=("Patient",), narrows=True),
    Interaction("$judge", "POST", "{type}/$judge", "write", judge, types=("Basic",)),
    Interaction("$meta", "GET", "$meta", "read", meta),
    Interaction("$meta", "POST", "$meta", "read", meta),
    Interaction("$meta", "GET", "{type}/$meta", "read", meta),
    Interaction("$meta", "POST", "{type}/$meta", "read", meta),
    Interaction("$meta", "GET", "{type}/{id}/$meta", "read", meta),
    Interaction("$meta", "POST", "{type}/{id}/$meta", "read", meta),
    Interaction("$meta", "GET", "{type}/{id}/_history/{vid}/$meta", "read", meta),
    Interaction("$meta-add", "POST", "{type}/{id}/$meta-add", "write", write=meta_add),
    Interaction("$meta-delete", "POST", "{type}/{id}/$meta-delete", "write", write=meta_delete),
    Interaction("$document", "GET", "{type}/{id}/$document", "read", document, types=("Composition",)),
    Interaction("$document", "POST", "{type}/{id}/$document", "read", document, types=("Composition",)),
    Interaction("create", "POST", "{type}", "write", write=create, takes_resource=True),
    Interaction("$validate", "POST", "{type}/$validate", "read", validate),
    Interaction("$validate", "POST", "{type}/{id}/$validate", "read", validate),
    Interaction("$validate", "GET", "{type}/{id}/$validate", "read", validate),
    Interaction("$expand", "GET", "{type}/$expand", "read", expand, types=("ValueSet",)),
    Interaction("$expand", "POST", "{type}/$expand", "read", expand, types=("ValueSet",)),
    Interaction("$expand", "GET", "{type}/{id}/$expand", "read", expand, types=("ValueSet",)),
    Interaction("$expand", "POST", "{type}/{id}/$expand", "read", expand, types=("ValueSet",)),
    Interaction("$lookup", "GET", "{type}/$lookup", "read", lookup, types=("ValueSet",)),
    Interaction("$lookup", "POST", "{type}/$lookup", "read", lookup, types=("ValueSet",)),
    Interaction("$validate-code", "GET", "{type}/$validate-code", "read", validate_code, types=("ValueSet",)),
    Interaction("$validate-code", "POST", "{type}/$validate-code", "read", validate_code, types=("ValueSet",)),
    Interaction("$validate-code", "GET", "{type}/{id}/$validate-code", "read", validate_code, types=("ValueSet",)),
    Interaction("$validate-code", "POST", "{type}/{id}/$validate-code", "read", validate_code, types=("ValueSet",)),
)
"""What can be asked for alone, and as an entry of a Bundle."""

_TYPES = {name: type for type in resource_types() for name in (type.lower(), type)}


def _type(segment: str) -> str:
    """A type by its name; clients of 1upHealth write it in lower case."""
    type = _TYPES.get(segment) or _TYPES.get(segment.lower())
    if type is None:
        raise NotFound("DSTU2 has no resource type of this name.")
    return type


_PLACES = ("{type}", "{id}", "{linked}", "{vid}")
"""What stands at each position of a path."""

_OWN = frozenset({"_", "$", ""})
"""With one of these begin words of the API, which stand for themselves."""


def _allowed(rows: Mapping[str, Interaction]) -> str:
    return ", ".join([*rows, "HEAD"] if "GET" in rows else rows)
