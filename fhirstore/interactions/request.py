"""What is asked, free of HTTP: a request of the FHIR RESTful API as an interaction sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import msgspec

from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.dstu2.levels import Level
from fhirstore.dstu2.sources import Stated, application_source
from fhirstore.interactions.incoming import Incoming
from fhirstore.interactions.notes import Notes
from fhirstore.interactions.own_trail import OwnTrail
from fhirstore.interactions.unified_views import View, fresh_view
from fhirstore.store.contract import Resources
from fhirstore.store.cursors import Cursors


def is_minimal(prefer: str | None) -> bool:
    """Whether a Prefer header says that the client wants no copy of what it wrote:
    http://hl7.org/fhir/DSTU2/http.html#return."""
    return prefer is not None and "return=minimal" in prefer.replace(" ", "")


class Request(msgspec.Struct, frozen=True, gc=False):
    """One request, from HTTP or from an entry of a Bundle.

    `type`, `id` and `vid` are the parts of the path, `linked` the type looked for in a compartment; `query` the
    decoded pairs after the question mark, in order; `body` is JSON, and `incoming` the resource in it, once it is
    accepted. The preconditions and `prefer` are the headers' texts as they came (http://hl7.org/fhir/DSTU2/http.html).
    """

    type: str = ""
    id: str = ""
    vid: str = ""
    linked: str = ""
    query: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    incoming: Incoming | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_none_exist: str | None = None
    prefer: str | None = None

    @property
    def number(self) -> int:
        """The number of the version in the path; 0, which is no version's, for what is no number."""
        return int(self.vid) if self.vid.isascii() and self.vid.isdigit() and len(self.vid) < 16 else 0

    @property
    def minimal(self) -> bool:
        """Whether the client wants no copy of what it wrote."""
        return is_minimal(self.prefer)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask for."""

    page: int = 1000
    default_page: int = 10
    default_history: int = 100
    bundle_entries: int = 5000
    conditional_delete: Literal["single", "multiple"] = "single"
    referential_integrity: bool = False


class Context(msgspec.Struct, frozen=True):
    """What an interaction may use: the caller's own resources and nobody else's, time, new ids, the limits.

    `base` is the address under which this request reached the server, without a slash at its end; `level` says how
    strictly what is written is judged; `named_source` is the URI that the request names for all that it writes; `notes`
    take down for the trail what is done, and `own_trail` is that of the caller's record. `view` is what is known of
    the unified record of just these resources, and `renew` makes the same context with blank notes.
    """

    caller: Caller
    resources: Resources
    clock: Clock
    new_id: Callable[[], str]
    cursors: Cursors
    base: str
    level: Level = "official"
    limits: Limits = Limits()
    named_source: str | None = None
    notes: Notes | None = None
    own_trail: Callable[[], OwnTrail] | None = None
    view: Callable[[], Awaitable[View]] = fresh_view
    renew: Callable[[], Context] | None = None

    def apart(self) -> Context:
        """The same for one of several interactions that are carried out at once: it has notes of its own."""
        return self.renew() if self.renew is not None else self

    @property
    def source(self) -> Stated:
        return _stated(self.caller.client_id, self.named_source)


@lru_cache(1_000)
def _stated(client_id: str, named: str | None) -> Stated:
    return Stated(application_source(client_id), named)
