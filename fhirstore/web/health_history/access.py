"""The access log: who read or changed what in the record, and when, out of its AuditEvents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.interactions.accesses import ACCESSES, ACCESSES_SHOWN
from fhirstore.presentation.labels import type_words
from fhirstore.presentation.lines import local_target
from fhirstore.presentation.moments import When, when_of
from fhirstore.presentation.values import first_said
from fhirstore.web.health_history.reading import Document
from fhirstore.web.pages import UserPage
from fhirstore.web.record import RecordOf
from fhirstore.web.rendering import page

_DONE = {
    "read": "Read", "vread": "Read an older version", "update": "Changed", "delete": "Deleted", "create": "Wrote",
    "history-instance": "Looked at the versions", "history-type": "Looked at versions",
    "history-system": "Looked at versions", "search-type": "Searched", "search-system": "Searched",
    "transaction": "Wrote several entries",
    "share": "Shared", "unshare": "Stopped sharing",
    "grant": "Let an application in", "grant-revoke": "Showed an application out",
    "$unified": "Compared the sources", "$judge": "Judged what is the same", "$everything": "Read everything",
    "$import": "Brought entries in", "$export": "Took the record along", "operation": "Carried out an operation",
}  # fmt: skip

router = APIRouter(prefix="/health-history", route_class=UserPage)


@dataclass(frozen=True, slots=True)
class Access:
    """One line of the log; `target` is the "Type/id" that it was about, where it was about one, and `about` the types
    that it was about."""

    when: When | None
    what: str
    about: tuple[str, ...]
    target: str
    who: str
    failed: bool

    @property
    def alike(self) -> object:
        """What lines have in common that are told as one: all that a page looks up, for example."""
        return self.when and self.when.text, self.what, self.who, self.failed, self.target


@router.get("/access")
async def access(request: Request, record: RecordOf, after: str = "") -> Response:
    reply = await record.carry_out(ACCESSES, "AuditEvent", query=[("after", after)] if after else [])
    documents: list[Document] = msgspec.json.decode(reply.body)
    clients = {each for document in documents for each in _clients(document)}
    applications = [await record.accounts.application(each) for each in clients]
    names = {each.client_id: each.name for each in applications if each is not None}
    return page(
        request, "health_history/access.html", lines=told_once(_access(each, names) for each in documents),
        older=f"/health-history/access?after={documents[-1]['id']}" if len(documents) == ACCESSES_SHOWN else "",
        first=not after,
    )  # fmt: skip


def _access(document: Document, names: Mapping[str, str]) -> Access:
    event = document.get("event")
    event = event if isinstance(event, dict) else {}
    codes = [str(each.get("code")) for each in _parts(event, "subtype")]
    done = next((_DONE[code] for code in reversed(codes) if code in _DONE), "") or first_said(document, "event.subtype")
    target = next(_targets(document), "")
    who = next((names[each] for each in _clients(document) if each in names), "") or first_said(
        document, "participant.name", "participant.altId"
    )
    return Access(
        when_of(document),
        done or first_said(document, "event.type"),
        tuple(type_words(each) for each in _types(document, target)),
        target,
        who,
        str(event.get("outcome", "0")) != "0",
    )


def told_once(lines: Iterable[Access]) -> list[Access]:
    """Lines that follow each other and are alike become one, about all that they were about."""
    told = []
    for _, group in groupby(lines, key=lambda each: each.alike):
        held = list(group)
        told.append(replace(held[0], about=tuple(dict.fromkeys(about for each in held for about in each.about))))
    return told


def _types(document: Document, target: str) -> list[str]:
    """The type of the target, or of what was searched for."""
    if target:
        return [target.partition("/")[0]]
    return [name for each in _parts(document, "object") if is_resource_type(name := str(each.get("name", "")))]


def _targets(document: Document) -> Iterator[str]:
    for each in _parts(document, "object"):
        reference = each.get("reference")
        target = local_target(reference.get("reference")) if isinstance(reference, dict) else ""
        if target:
            yield target


def _clients(document: Document) -> Iterator[str]:
    for each in _parts(document, "participant"):
        identifier = each.get("userId")
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            yield identifier["value"]


def _parts(document: Document, name: str) -> list[dict[str, Any]]:
    held = document.get(name)
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
