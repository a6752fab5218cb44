"""The entries of a batch or transaction: taken apart, each matched to its interaction.

http://hl7.org/fhir/DSTU2/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from fhirstore.dstu2.json_format import dump
from fhirstore.dstu2.levels import Level
from fhirstore.dstu2.rewriting import Kind, texts
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.incoming import accept_document
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import INTERACTIONS, Interaction, Match, Table

_TABLE = Table(INTERACTIONS)
_METHODS = ("DELETE", "POST", "PUT", "GET")
"""In the order in which they are carried out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: where it stood, what it asks for, the address by which other entries refer to it, and what its
    resource says that may refer to them."""

    position: int
    method: str
    interaction: Interaction
    request: Request
    full_url: str = ""
    texts: Sequence[tuple[Kind, str]] = ()

    @property
    def references(self) -> list[str]:
        """The text of every `Reference.reference` in its resource, contained ones included."""
        return [text for kind, text in self.texts if kind == "reference"]

    @property
    def order(self) -> tuple[int, int]:
        return _METHODS.index(self.method), self.position

    @property
    def by_criteria(self) -> bool:
        return self.interaction.by_criteria(self.request)

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.position}]"


def bundle_entries(bundle: Mapping[str, Any], context: Context) -> list[Any]:
    """The raw entries. Raises BadRequest where they are not a list of objects, or too many."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _refused("The entries of a Bundle are a list of objects.", "structure", "Bundle.entry")
    if len(entries) > context.limits.bundle_entries:
        raise _refused(
            f"A Bundle may have up to {context.limits.bundle_entries:,} entries.", "too-long", "Bundle.entry"
        )
    return entries


def read_entry(position: int, entry: Mapping[str, Any], context: Context) -> Entry:
    """Match one entry. Raises BadRequest, NotFound, MethodNotAllowed, with the entry's place in each issue."""
    place = f"Bundle.entry[{position}]"
    asked = entry.get("request")
    if not isinstance(asked, dict):
        raise _refused("An entry needs a request.", "required", f"{place}.request")
    method, url = asked.get("method"), asked.get("url")
    if method not in _METHODS:
        raise _refused("The method must be GET, POST, PUT or DELETE.", "value", f"{place}.request.method")
    if not isinstance(url, str) or not url:
        raise _refused("The request needs a url.", "required", f"{place}.request.url")
    path, _, query = url.removeprefix(context.base).partition("?")
    try:
        match = _TABLE.match(method, unquote(path))
        request = _request(match, asked, query, entry.get("resource"), context.level)
    except Failure as failure:
        raise placed(failure, place) from failure
    full_url = entry.get("fullUrl")
    return Entry(
        position,
        method,
        match.interaction,
        request,
        full_url if isinstance(full_url, str) else "",
        texts(request.incoming.document) if request.incoming else (),
    )


def placed(failure: Failure, place: str) -> Failure:
    """The same failure, its issues told where in the Bundle they arose."""
    issues = [
        Issue(issue.severity, issue.code, issue.message, f"{place}.resource.{issue.path}" if issue.path else place)
        for issue in failure.issues
    ]
    return type(failure)(failure.reason, issues, failure.headers)


def _request(match: Match, asked: Mapping[str, Any], query: str, resource: Any, level: Level) -> Request:
    def text(name: str) -> str | None:
        value = asked.get(name)
        return value if isinstance(value, str) else None

    body, incoming = b"", None
    if match.interaction.takes_resource:
        if not isinstance(resource, dict):
            raise BadRequest("This entry needs a resource.")
        incoming = accept_document(match.type, match.id, resource, level)
    elif match.interaction.method == "POST" and isinstance(resource, dict):
        body = dump(resource)  # an operation's parameters
    return Request(
        type=match.type,
        id=match.id,
        vid=match.vid,
        linked=match.linked,
        query=parse_qsl(query, keep_blank_values=True) if query else (),
        body=body,
        incoming=incoming,
        if_match=text("ifMatch"),
        if_none_match=text("ifNoneMatch"),
        if_modified_since=text("ifModifiedSince"),
        if_none_exist=text("ifNoneExist"),
    )


def _refused(reason: str, code: str, path: str) -> BadRequest:
    return BadRequest(reason, [Issue("error", code, reason, path)])
