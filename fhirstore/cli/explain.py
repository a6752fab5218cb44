"""`fhirstore explain`: how a search is understood, and how the database answers it. For administrators."""

from __future__ import annotations

import sys
from pprint import pformat
from typing import Annotated
from urllib.parse import parse_qsl

import typer

from fhirstore.cli.database import Database, fail, read_settings, with_store
from fhirstore.clock import now
from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.terminology import Terminology
from fhirstore.errors import BadRequest
from fhirstore.interactions.known_value_sets import KnownValueSets
from fhirstore.search.context import Context
from fhirstore.search.query import Search, read_search
from fhirstore.store.contract import Page, Store
from fhirstore.store.scope import Scope


def explain(
    search: Annotated[str, typer.Argument(help='As in an address: "Observation?code=8480-6&_sort:desc=date".')],
    user: Annotated[int, typer.Option("--user", help="In whose record (the user's number, oneup_user_id).")],
    database: Database = None,
) -> None:
    """Show the plan of a search, the statements that answer it, and by which indexes they find their rows."""
    asked = _understood(search)

    async def run(store: Store) -> list[str]:
        if await store.accounts.user(user) is None:
            fail("There is no user of this number.")
        page = Page(asked.count, skip=asked.skip)
        return list(await store.indexing.explain(Scope(user), asked.plan, page))

    lines = with_store(read_settings(database=database), run)
    sys.stdout.write(f"{pformat(asked.plan, width=110)}\n\n")
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _understood(search: str) -> Search:
    type, _, query = search.strip("/").partition("?")
    if type and not is_resource_type(type):
        fail("DSTU2 has no resource type of this name.")
    context = Context(now=now() * 1000, value_sets=KnownValueSets(Terminology(), {}))
    try:
        return read_search(type or None, parse_qsl(query, keep_blank_values=True), context)
    except BadRequest as failure:
        fail(failure.reason)
