"""A user's record as pages see it: asked through the same doorway as the API, scoped and audited like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

from fhirstore.caller import Caller
from fhirstore.interactions import request as asked
from fhirstore.interactions.doorway import Doorway
from fhirstore.interactions.notes import REQUEST_ID
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.served import TABLE
from fhirstore.interactions.table import Interaction
from fhirstore.web.pages import UserOf
from fhirstore.web.visits import base_of

Query = Sequence[tuple[str, str]]


class Record:
    """What one user may ask of the FHIR API, without a token and without HTTP between."""

    def __init__(self, doorway: Doorway, caller: Caller, base: str, request_id: str = "", address: str = "") -> None:
        self.caller = caller
        self.accounts = doorway.store.accounts
        self._context = doorway.context(caller, base, doorway.notes(caller, request_id, address))

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
    doorway: Doorway = request.app.state.doorway
    request_id: str = request.scope.get(REQUEST_ID, "")
    address = request.client.host if request.client else ""
    return Record(doorway, caller, f"{base_of(request)}/dstu2", request_id, address)


RecordOf = Annotated[Record, Depends(record_of)]
