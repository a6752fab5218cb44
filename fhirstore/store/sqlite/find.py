"""Plan → page of matches. Searches that find few are fetched and sorted; those that find many are walked along."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice, repeat, zip_longest

from fhirstore.errors import BadRequest
from fhirstore.search.plan import AllOf, HasKey, HasPrefix, LinksTo, Plan
from fhirstore.store.contract import Found, Match, Page, Version
from fhirstore.store.cursors import Place
from fhirstore.store.ordering import Valued, comes_after, ordered
from fhirstore.store.sqlite import question
from fhirstore.store.sqlite.columns import SortedColumn, after, columns_of, place_of
from fhirstore.store.sqlite.conditions import Conditions
from fhirstore.store.sqlite.ordering import CONTAINED_COLUMNS, RESOURCE_COLUMNS, Row, valued
from fhirstore.store.sqlite.question import MANY, NONE, OneRange, Part, Question, Way
from fhirstore.store.sqlite.statements import array
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
        way = self._resources.split(self._plan.filter)
        few = self._all <= self._question.few or (way.rows is not None and way.rows.most <= self._question.few)
        columns = columns_of(self._plan.order, self._plan.types)
        if columns and (few or columns[0].name != "type"):
            return self._page_by_columns(columns, way if few else None, page)
        if few:
            return self._page_of(self._all_rows(), page)
        total = self._count_many() if page.total else None
        return self._chosen(self._walk.along(self._plan.filter, self._plan.order, page.after), page, total)

    def _page_by_columns(self, columns: Sequence[SortedColumn], way: Way | None, page: Page) -> Found:
        """What columns of its own put into order is found, ordered and fetched by one statement."""
        found = self._by_columns(columns, way, page) if page.count and (way is None or way.rows is not NONE) else []
        more, chosen = len(found) > page.count, found[: page.count]
        places = [place_of(version, self._plan.order) for version in (chosen if page.places else chosen[-1:])]
        matches = tuple(map(Match, chosen, repeat(None), places) if page.places else map(Match, chosen))
        return Found(matches, self._total(way, page, found), places[-1] if more and places else None)

    def _total(self, way: Way | None, page: Page, found: Sequence[Version]) -> int | None:
        """How many there are on all pages, which a page with room for more tells by itself."""
        if not page.total:
            return None
        if 0 < page.count >= len(found) and page.after is None and (found or not page.skip):
            return page.skip + len(found)
        return self._count_few(way) if way else self._count_many()

    def _by_columns(self, columns: Sequence[SortedColumn], way: Way | None, page: Page) -> list[Version]:
        index = f"{self._resources.table}_by_{'time' if columns[0].name == 'updated' else 'id'}"
        found = self._resources.reached("r", way or Way(None, None, self._resources.parts(self._plan.filter)), index)
        beyond = after("r", columns, self._plan.order, page.after)
        order = ", ".join(f"r.{column}" for column in columns)
        # The bodies of those on the page alone, or sorting would carry those of all.
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM (SELECT r.rid FROM {found.text} AND {beyond.text} ORDER BY {order}"
            " LIMIT ? OFFSET ?) AS s CROSS JOIN resources AS r ON r.rid = s.rid AND r.owner = ?",
            (*found.values, *beyond.values, page.count + 1, page.skip, self._owner),
        ).fetchall()
        return [read_version(row) for row in rows]

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

    def _count_many(self) -> int:
        if self._plan.filter == AllOf():
            return self._all
        # Of very many rows, a condition is rather asked of all ranges at once than of each row's own.
        self._question.counting = True
        try:
            return self._count_few(self._resources.split(self._plan.filter))
        finally:
            self._question.counting = False

    def _count_few(self, way: Way) -> int:
        rows = way.rows
        if rows is not None and not way.rest and self._says_its_type(way.part):
            if rows.distinct and rows.most < MANY:
                return rows.most
            once = "" if rows.distinct else "DISTINCT "
            select, values = f"SELECT count({once}rid) FROM ({rows.sql.text})", rows.sql.values
        else:
            found = self._resources.reached("r", way)
            select, values = f"SELECT count(*) FROM {found.text}", found.values
        total: int = self._connection.execute(select, values).fetchone()[0]
        return total

    def _says_its_type(self, filter_: Part | None) -> bool:
        """Whether what a filter finds is of the plan's types in any case, so that its rows need not be looked at."""
        match filter_:
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
