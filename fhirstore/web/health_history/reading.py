"""A record as these pages read it: documents out of the answers of interactions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from fhirstore.dstu2.json_format import parse
from fhirstore.errors import Failure
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.timeline import SOURCES, TIMELINE
from fhirstore.presentation.origin import Origin, origin_of
from fhirstore.search.query import PAGE
from fhirstore.web.record import Query, Record

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of documents; `older` is the token of the next page, "" after the last."""

    documents: Sequence[Document]
    older: str = ""


async def timeline(record: Record, query: Query) -> Found:
    return found_in(await record.carry_out(TIMELINE, query=query))


async def search(record: Record, type: str, *query: tuple[str, str]) -> Sequence[Document]:
    """One page of a search."""
    return found_in(await record.ask("GET", type, query)).documents


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
    origins = (origin_of(each) for each in found_in(await record.carry_out(SOURCES)).documents)
    return sorted(origins, key=lambda origin: origin.name.casefold())


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
