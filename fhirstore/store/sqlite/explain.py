"""How a search is answered: the statements that are run for it, and SQLite's own plan of each."""

from __future__ import annotations

import sqlite3

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Page
from fhirstore.store.sqlite.find import find


def explain(connection: sqlite3.Connection, owner: int, plan: Plan, page: Page) -> list[str]:
    """Run the search and tell of each statement, with its values, by which indexes its rows were reached."""
    statements: dict[str, None] = {}
    connection.set_trace_callback(statements.setdefault)
    try:
        find(connection, owner, plan, page)
    finally:
        connection.set_trace_callback(None)
    return [line for statement in statements for line in (statement, *_query_plan(connection, statement))]


def _query_plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
        return []
    depth = {0: 0}
    lines = []
    for id, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall():
        depth[id] = depth.get(parent, 0) + 1
        lines.append("    " + "  " * depth[id] + detail)
    return lines
