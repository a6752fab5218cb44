"""Plan → page of matches. Searches that find few are fetched and sorted; those that find many are walked along."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice, repeat, zip_longest
from typing import Any

from fhirstore.errors import BadRequest
from fhirstore.search.plan import AllOf, HasKey, HasPrefix, LinksTo, Plan, Updated
from fhirstore.store.contract import Found, Match, Page
from fhirstore.store.cursors import Place
from fhirstore.store.ordering import Valued, comes_after, ordered
from fhirstore.store.sqlite import question
from fhirstore.store.sqlite.columns import SortedColumn, after, columns_of, place_of
from fhirstore.store.sqlite.conditions import Conditions
from fhirstore.store.sqlite.ordering import CONTAINED_COLUMNS, RESOURCE_COLUMNS, Row, valued
from fhirstore.store.sqlite.question import MANY, NONE, OneRange, Part, Question, Way
from fhirstore.store.sqlite.statements import Sql, array
from fhirstore.store.sqlite.versions import COLUMNS, read_version
from fhirstore.store.sqlite.walk import Walk


def find(connection: sqlite3.Connection, owner: int, plan: Plan, page: Page) -> Found:
    """Raises BadRequest for a plan that is too large for one statement."""
    try:
        return _Search(connection, owner, plan).page(page)
    except sqlite3.OperationalError as error:
        if "too " in str(error) or "stack overflow" in str(error):
            raise BadRequest("The search is too large to be answered at once.") from error
        raise


class _Search:
    def __init__(self, connection: sqlite3.Connection, owner: int, plan: Plan) -> None:
        self._connection = connection
        self._owner = owner
        self._plan = plan
        self._question = Question(connection, owner)
        self._question.learn(question.texts_of(plan))
        self._resources = Conditions(self._question, plan.types)
        self._walk = Walk(self._question, self._resources)
        self._all = sum(uses for _, uses in self._walk.types())
        self._question.few = question.few_of(self._all)

    def page(self, page: Page) -> Found:
        if self._plan.population != "resources":
            return self._page_of(self._all_rows(), page)
        parts = self._resources.parts(self._plan.filter)
        self._question.sole = parts[0] if page.total and len(parts) == 1 else None
        way = self._resources.split(parts)
        few = self._all <= self._question.few or (way.rows is not None and way.rows.most <= self._question.few)
        columns = columns_of(self._plan.order, self._plan.types)
        if columns and (few or columns[0].name != "type"):
            return self._page_by_columns(columns, way, page, few=few)
        if few:
            return self._page_of(self._all_rows(), page)
        total = self._total(way, few=False) if page.total else None
        return self._chosen(self._walk.along(self._plan.filter, self._plan.order, page.after), page, total)

    def _page_by_columns(self, columns: Sequence[SortedColumn], way: Way, page: Page, *, few: bool) -> Found:
        """A page of what columns of its own put into order: found, ordered and fetched by one statement."""
        total = self._known_total(way) if page.total else None
        counts = page.total and total is None
        if total == 0 or page.count == 0:
            return Found((), self._total(way, few=few) if counts else total)
        along = way if few else Way(None, None, self._resources.parts(self._plan.filter))
        rows = self._rows_by_columns(columns, along, page, counts=counts and few)
        if counts and len(rows) <= page.count and page.after is None and (rows or not page.skip):
            total = page.skip + len(rows)
        elif counts:
            total = rows[0][-1] if rows and few else self._total(way, few=few)
        more, found = len(rows) > page.count, [read_version(row[:-1]) for row in rows[: page.count]]
        places = [place_of(version, self._plan.order) for version in (found if page.places else found[-1:])]
        matches = tuple(map(Match, found, repeat(None), places) if page.places else map(Match, found))
        return Found(matches, total, places[-1] if more else None)

    def _rows_by_columns(
        self, columns: Sequence[SortedColumn], way: Way, page: Page, *, counts: bool
    ) -> Sequence[Sequence[Any]]:
        """COLUMNS of a page and of one more, in order; with the number of all there are where `counts` asks for it."""
        index = f"{self._resources.table}_by_{'time' if columns[0].name == 'updated' else 'id'}"
        reached = self._resources.reached("r", way, index)
        row, with_, from_, count = "r", "", f"{reached.text} AND", "NULL"
        if counts:
            with_ = f"WITH found AS MATERIALIZED (SELECT r.rid, r.type, r.id, r.updated FROM {reached.text}) "
            row, from_, count = "s", "found AS s WHERE", "(SELECT count(*) FROM found AS s)"
        beyond = after(row, columns, self._plan.order, page.after)
        order = ", ".join(f"{row}.{each}" for each in columns)
        # The bodies of those on the page alone, or sorting would carry those of all.
        return self._connection.execute(
            f"{with_}SELECT {COLUMNS}, {count}"
            f" FROM (SELECT {row}.rid FROM {from_} {beyond.text} ORDER BY {order} LIMIT ? OFFSET ?) AS s"
            " CROSS JOIN resources AS r ON r.rid = s.rid AND r.owner = ?",
            (*reached.values, *beyond.values, page.count + 1, page.skip, self._owner),
        ).fetchall()

    def _page_of(self, found: Sequence[Valued[Row]], page: Page) -> Found:
        """A page of all that is found, in order."""
        rows = (each.item for each in found if comes_after(each, page.after, self._plan.order))
        return self._chosen(rows, page, len(found))

    def _chosen(self, rows: Iterable[Row], page: Page, total: int | None) -> Found:
        if page.count == 0:
            return Found((), total)
        chosen = list(islice(rows, page.skip, page.skip + page.count + 1))
        more, chosen = len(chosen) > page.count, chosen[: page.count]
        places = [each.place for each in self._valued(chosen if page.places else chosen[-1:])]
        return Found(self._matches(chosen, places if page.places else ()), total, places[-1] if more else None)

    def _all_rows(self) -> list[Valued[Row]]:
        """All that is found, in order, where that is not much, or cannot be walked along."""
        plan = self._plan
        rows: list[Row] = []
        if plan.population != "contained":
            rows += self._fetch(self._resources, RESOURCE_COLUMNS)
        if plan.population != "resources":
            rows += self._fetch(Conditions(self._question, plan.types, contained=True), CONTAINED_COLUMNS)
        return ordered(self._valued(rows), plan.order)

    def _fetch(self, conditions: Conditions, columns: Sequence[str]) -> list[Row]:
        select = conditions.select(columns, self._plan.filter)
        return [Row(*row) for row in self._connection.execute(select.text, select.values).fetchall()]

    def _valued(self, rows: Sequence[Row]) -> list[Valued[Row]]:
        return valued(self._question, rows, self._plan.order)

    def _known_total(self, way: Way) -> int | None:
        """How many there are, where that is known without counting them."""
        if self._plan.filter == AllOf():
            return self._all
        rows = way.rows
        if rows is None or rows is NONE:
            return None if rows is None else 0
        is_exact = rows.distinct and rows.most < MANY and not way.rest and self._says_its_type(way.part)
        return rows.most if is_exact else None

    def _total(self, way: Way, *, few: bool) -> int:
        total = self._known_total(way)
        if total is not None:
            return total
        if few:
            return self._counted(way)
        # Of very many rows, a condition is rather asked of all ranges at once than of each row's own.
        self._question.counting = True
        try:
            return self._counted(self._resources.split(self._resources.parts(self._plan.filter)))
        finally:
            self._question.counting = False

    def _counted(self, way: Way) -> int:
        rows, resources = way.rows, self._resources
        typed = any(self._says_its_type(part) for part in (way.part, *way.rest))
        alone = self._question.counting and all(resources.asks_rid_alone(part, way.most) for part in way.rest)
        if rows and typed and (alone or not way.rest):
            # Of the indexes alone: to look at a resource's row takes as long as to look at many of theirs.
            asked = resources.all_hold(way.rest, "s", way.most)
            found = Sql(f"SELECT s.rid FROM ({rows.sql.text}) AS s WHERE {asked.text}", rows.sql.values + asked.values)
            counted = "count(*)" if rows.distinct else "count(DISTINCT rid)"
        else:
            reached = resources.reached("r", way)
            found, counted = Sql(f"SELECT r.rid FROM {reached.text}", reached.values), "count(*)"
        total: int = self._connection.execute(f"SELECT {counted} FROM ({found.text})", found.values).fetchone()[0]
        return total

    def _says_its_type(self, filter_: Part | None) -> bool:
        """Whether what a filter finds is of the plan's types in any case, so that its rows need not be looked at."""
        match filter_:
            case Updated():
                return True
            case HasKey(names):
                pass
            case HasPrefix(name) | OneRange(name) | LinksTo(name):
                names = (name,)
            case _:
                return False
        types = self._plan.types
        return not types or (len(types) == 1 and all(name.startswith(f"{types[0]}.") for name in names))

    def _matches(self, rows: Sequence[Row], places: Sequence[Place]) -> tuple[Match, ...]:
        rids = {row.container if row.inner else row.rid for row in rows}
        found = self._connection.execute(
            # By row: with its indexes to choose from, SQLite prefers to walk all of the owner's resources.
            f"SELECT rid, {COLUMNS} FROM resources NOT INDEXED"
            " WHERE owner = ? AND rid IN (SELECT value FROM json_each(?))",
            (self._owner, array(rids)),
        ).fetchall()
        versions = {rid: read_version(row) for rid, *row in found}
        return tuple(
            Match(versions[row.container if row.inner else row.rid], row.inner or None, place)
            for row, place in zip_longest(rows, places)
        )
