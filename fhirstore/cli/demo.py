"""`fhirstore demo`: a made-up record to look at, and the link that opens it."""

from __future__ import annotations

import sys

from fhirstore.auth.sign_in import FIRST_LINK_SECONDS, user_link
from fhirstore.cli.database import Database, public_address, read_settings, with_store
from fhirstore.clock import now
from fhirstore.demo.making import make_demo
from fhirstore.settings import Settings
from fhirstore.store.contract import Store

HEALTH_HISTORY = "/health-history"


def demo(database: Database = None) -> None:
    """Make a user with a made-up record of six years, and print a link that opens it while the server runs.

    Each call prints a new link, which works once, within an hour; the record is made at the first.
    """
    settings = read_settings(database=database)
    sys.stdout.write(demo_link(settings))


def demo_link(settings: Settings) -> str:
    """Two lines of plain text: what is there, and where to open it."""

    async def make(store: Store) -> str:
        user = await make_demo(store, now)
        return await user_link(store.sessions, user, HEALTH_HISTORY, now(), FIRST_LINK_SECONDS)

    return f"""\
A made-up health record is ready. This link opens it, once, within an hour:
{public_address(settings)}/sign-in/{with_store(settings, make, new=True)}
"""
