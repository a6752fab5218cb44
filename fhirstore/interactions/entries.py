"""The entries of a batch or transaction: taken apart, each matched to its interaction.

http://hl7.org/fhir/DSTU2/http.html#transaction
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from fhirstore.dstu2.bundle_parts import Bundle, Part
from fhirstore.dstu2.json_format import dump
from fhirstore.dstu2.levels import Level
from fhirstore.dstu2.rewriting import NAMES, Kind, parse_literal, texts
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.incoming import accept_document
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import INTERACTIONS, Interaction, Match, Table
from fhirstore.interactions.write import Write

_TABLE = Table(INTERACTIONS)
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3}
"""In which order methods are carried out."""
TEMPORARY = ("urn:uuid:", "urn:oid:")
_REFERENCES = re.compile(rb'"reference":"([^"]*)')
_NOTHING: Sequence[tuple[Kind, str]] = ()
ADDRESS_LIMIT = 65_536
"""Characters of an entry's url and of its criteria, as by HTTP: no more can be asked in a Bundle than alone."""
TOGETHER = 32
"""So many entries are read before others have their turn."""


class Entry(msgspec.Struct, frozen=True):
    """One entry: where it stood, what it asks for, the addresses by which other entries refer to it (`own_name` by the
    id that its resource has in the Bundle), and what its resource says that may refer to them. `write` is what is to
    be written, where that needs nothing of the others: the resource itself is gone then."""

    position: int
    method: str
    interaction: Interaction
    request: Request
    full_url: str = ""
    own_name: str = ""
    texts: Sequence[tuple[Kind, str]] = ()
    by_criteria: bool = False
    write: Write | None = None

    @property
    def references(self) -> list[str]:
        """Those of `texts` that are the text of a `Reference.reference`, also of contained resources."""
        return [text for kind, text in self.texts if kind == "reference"]

    @property
    def order(self) -> tuple[int, int]:
        return _ORDER[self.method], self.position

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.position}]"


def bundle_parts(bundle: Bundle, context: Context) -> Sequence[Part]:
    """The raw entries. Raises BadRequest where they are not a list of objects, or too many."""
    if bundle.parts is None:
        raise _refused("The entries of a Bundle are a list of objects.", "structure", "Bundle.entry")
    if len(bundle.parts) > context.limits.bundle_entries:
        raise _refused(
            f"A Bundle may have up to {context.limits.bundle_entries:,} entries.", "too-long", "Bundle.entry"
        )
    return bundle.parts


def names_of(parts: Sequence[Part]) -> frozenset[str]:
    """All by which entries may mean each other's resources."""
    names: set[str] = set()
    for part in parts:
        type, id = part.head()
        if isinstance(part.full_url, str):
            names.update(names_by_url(part.full_url, type))
        if isinstance(id, str):
            names.add(f"{type}/{id}")
    return frozenset(names)


def names_by_url(full_url: str, type: str) -> Sequence[str]:
    """By what others may mean a resource of this fullUrl."""
    if not full_url:
        return ()
    literal = parse_literal(full_url)
    if literal:
        return full_url, f"{literal.type}/{literal.id}"
    # A fullUrl that is a bare UUID is no address, but some clients send it, and refer to Patient/[uuid].
    return (full_url,) if ":" in full_url else (full_url, f"{type}/{full_url}")


def read_entry(position: int, part: Part, document: Any, names: frozenset[str], context: Context) -> Entry:
    """Match one entry, whose resource is read. Raises BadRequest, NotFound, MethodNotAllowed, with the entry's place
    in each issue."""
    place = f"Bundle.entry[{position}]"
    asked = part.request
    if not isinstance(asked, dict):
        raise _refused("An entry needs a request.", "required", f"{place}.request")
    method, url = asked.get("method"), asked.get("url")
    if not isinstance(method, str) or method not in _ORDER:
        raise _refused("The method must be GET, POST, PUT or DELETE.", "value", f"{place}.request.method")
    if not isinstance(url, str) or not url:
        raise _refused("The request needs a url.", "required", f"{place}.request.url")
    if len(url) > ADDRESS_LIMIT or len(str(asked.get("ifNoneExist"))) > ADDRESS_LIMIT:
        raise _refused("The url, or the criteria, are too long.", "too-long", f"{place}.request")
    path, _, query = url.removeprefix(context.base).partition("?")
    try:
        match = (_match if len(path) < 100 else _match.__wrapped__)(method, path)
        request = _request(match, asked, query, part, document, context.level)
    except Failure as failure:
        raise placed(failure, place) from failure
    full_url = part.full_url if isinstance(part.full_url, str) else ""
    own_name, said = "", _NOTHING
    if request.incoming:
        id = document.get("id")
        own_name = f"{request.type}/{id}" if isinstance(id, str) else ""
        said = _referring(document, part.text, full_url, names)
    criteria = match.interaction.by_criteria(request)
    return Entry(position, method, match.interaction, request, full_url, own_name, said, criteria)


@lru_cache(maxsize=256)  # the entries of a Bundle mostly ask for the same
def _match(method: str, path: str) -> Match:
    return _TABLE.match(method, unquote(path))


def _referring(document: Any, text: bytes, full_url: str, names: frozenset[str]) -> Sequence[tuple[Kind, str]]:
    """What a resource says that is a name of an entry's, or by criteria."""
    base = base_of(full_url)

    def leads(kind: Kind, said: str) -> bool:
        address = said.partition("#")[0]
        if kind in NAMES and not address.startswith(TEMPORARY):
            return False
        named = address in names or said in names or f"{base}/{address}" in names
        return named or (kind == "reference" and "?" in said)

    # A text without escapes, markup and names for a time leads somewhere by references alone, as they stand in it.
    plain = text and b"\\" not in text and b"<" not in text and b'"urn:' not in text
    if plain and not any(leads("reference", each.decode()) for each in _REFERENCES.findall(text)):
        return ()
    return [each for each in texts(document) if leads(*each)]


def base_of(full_url: str) -> str:
    """The address of the server that a fullUrl is of, "" for none."""
    literal = parse_literal(full_url) if full_url else None
    return literal.base if literal else ""


def placed(failure: Failure, place: str) -> Failure:
    """The same failure, its issues told where in the Bundle they arose."""
    issues = [
        Issue(issue.severity, issue.code, issue.message, f"{place}.resource.{issue.path}" if issue.path else place)
        for issue in failure.issues
    ]
    return type(failure)(failure.reason, issues, failure.headers)


def _request(match: Match, asked: Mapping[str, Any], query: str, part: Part, resource: Any, level: Level) -> Request:
    def text(name: str) -> str | None:
        value = asked.get(name)
        return value if isinstance(value, str) else None

    body, incoming = b"", None
    if match.interaction.takes_resource:
        if not isinstance(resource, dict):
            raise BadRequest("This entry needs a resource.")
        incoming = accept_document(match.type, match.id, resource, level, part.text)
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
