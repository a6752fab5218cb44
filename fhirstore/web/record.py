"""A user's record as pages see it: asked through the same doorway as the API, scoped and audited like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.dstu2.levels import Level
from fhirstore.interactions import request as asked
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.served import TABLE
from fhirstore.interactions.table import Interaction
from fhirstore.store.contract import Store
from fhirstore.store.scope import scope_of
from fhirstore.web.pages import UserOf
from fhirstore.web.visits import base_of

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RecordParts:
    """What a record is read and written with; `app.create_app` puts it into the application's state."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    level: Level
    limits: asked.Limits


class Record:
    """What one user may ask of the FHIR API, without a token and without HTTP between."""

    def __init__(self, parts: RecordParts, caller: Caller, base: str) -> None:
        store = parts.store
        self.caller = caller
        self._context = asked.Context(
            caller,
            store.within(scope_of(caller), caller.author),
            parts.clock,
            parts.new_id,
            store.cursors,
            base,
            caller.level or parts.level,
            parts.limits,
        )

    async def ask(self, method: str, path: str, query: Query = (), body: bytes = b"") -> Reply:
        """One interaction, as `GET Observation` or `GET Patient/1/_history`. Raises what the API would answer."""
        match = TABLE.match(method, path)
        request = match.fill(asked.Request(query=query, body=body))
        return await perform(match.interaction, request, self._context)

    async def carry_out(self, interaction: Interaction, type: str = "", id: str = "", query: Query = ()) -> Reply:
        """An interaction that is made for pages and is in no table, through the same doorway."""
        return await perform(interaction, asked.Request(type=type, id=id, query=query), self._context)


async def record_of(request: Request, caller: UserOf) -> Record:
    """The record of the user who is signed in. Raises Unauthorized."""
    parts: RecordParts = request.app.state.record_parts
    return Record(parts, caller, f"{base_of(request)}/dstu2")


RecordOf = Annotated[Record, Depends(record_of)]
