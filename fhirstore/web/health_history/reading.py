"""A record as these pages read it: documents out of the answers of interactions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from fhirstore.dstu2.json_format import parse
from fhirstore.errors import Failure
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.timeline import SOURCES, TIMELINE
from fhirstore.presentation.cards import title_of
from fhirstore.presentation.lines import local_target
from fhirstore.presentation.origin import Origin, named, origin_of, without_a_name
from fhirstore.search.query import PAGE
from fhirstore.web.record import Query, Record

Document = Mapping[str, Any]

_MEDICATION = "medicationReference"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of documents; `older` is the token of the next page, "" after the last."""

    documents: Sequence[Document]
    older: str = ""


async def read(record: Record, address: str) -> Document:
    """One resource by its "Type/id". Raises what the API would answer."""
    return (await with_names(record, [parse((await record.ask("GET", quote(address))).body)]))[0]


async def timeline(record: Record, query: Query) -> Found:
    found = found_in(await record.carry_out(TIMELINE, query=query))
    return Found(await with_names(record, found.documents), found.older)


async def search(record: Record, type: str, *query: tuple[str, str]) -> Sequence[Document]:
    """One page of a search."""
    return await with_names(record, found_in(await record.ask("GET", type, query)).documents)


async def search_all(record: Record, *asked: tuple[str, Query]) -> list[Sequence[Document]]:
    """Several searches side by side, each by type and query; what may not be read is left out."""

    async def one(type: str, query: Query) -> Sequence[Document]:
        try:
            return await search(record, type, *query)
        except Failure:
            return ()

    return list(await asyncio.gather(*(one(type, query) for type, query in asked)))


async def sources(record: Record) -> Sequence[Origin]:
    """Who wrote the record, by name."""
    documents = await with_names(record, found_in(await record.carry_out(SOURCES)).documents)
    origins = (origin_of(each) for each in documents)
    return sorted(origins, key=lambda origin: origin.name.casefold())


async def with_names(record: Record, documents: Sequence[Document]) -> Sequence[Document]:
    """The same, with the names of what they only point at: medications, and applications that are their sources."""
    return await _with_medications(record, await _with_applications(record, documents))


async def _with_medications(record: Record, documents: Sequence[Document]) -> Sequence[Document]:
    ids = dict.fromkeys(id for each in documents if (id := _nameless_medication(each)))
    if not ids:
        return documents
    query = [("_id", ",".join(ids)), ("_count", str(len(ids)))]
    (found,) = await search_all(record, ("Medication", query))
    names = {each.get("id"): title_of(each) for each in found}
    return [
        {**each, _MEDICATION: {**each[_MEDICATION], "display": names[id]}}
        if (id := _nameless_medication(each)) in names
        else each
        for each in documents
    ]


def _nameless_medication(document: Document) -> str:
    """The id of the Medication that a resource is about, where it does not say what that is called."""
    reference = document.get(_MEDICATION)
    if not isinstance(reference, dict) or reference.get("display"):
        return ""
    target = local_target(reference.get("reference"))
    return target.removeprefix("Medication/") if target.startswith("Medication/") else ""


async def _with_applications(record: Record, documents: Sequence[Document]) -> Sequence[Document]:
    clients = {each for each in map(without_a_name, documents) if each}
    applications = [await record.accounts.application(each) for each in clients]
    names = {each.client_id: each.name for each in applications if each is not None}
    return [named(each, names[client]) if (client := without_a_name(each)) in names else each for each in documents]


def found_in(reply: Reply) -> Found:
    """The documents in a searchset."""
    bundle = parse(reply.body)
    documents = [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]
    return Found(documents, _older(bundle.get("link", ())))


def older_than(reply: Reply) -> str:
    """The token of the page after a searchset, "" after the last."""
    return _older(msgspec.json.decode(reply.body, type=_Links).link)


class _Links(msgspec.Struct):
    link: list[dict[str, str]] = []


def _older(links: Sequence[Mapping[str, str]]) -> str:
    following = [link["url"] for link in links if link["relation"] == "next"]
    return parse_qs(urlsplit(following[0]).query)[PAGE][0] if following else ""
