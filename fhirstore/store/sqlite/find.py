"""Plan → page of matches. Searches that find few are fetched and sorted; those that find many are walked along."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice

from msgspec import structs

from fhirstore.errors import BadRequest
from fhirstore.search.plan import AllOf, Filter, HasKey, HasPrefix, Plan
from fhirstore.store.contract import Found, Match, Page
from fhirstore.store.ordering import Valued, comes_after, ordered
from fhirstore.store.sqlite import question
from fhirstore.store.sqlite.conditions import Conditions
from fhirstore.store.sqlite.ordering import (
    CONTAINED_COLUMNS,
    RESOURCE_COLUMNS,
    Row,
    valued,
)
from fhirstore.store.sqlite.question import MANY, OneRange, Part, Question
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
        self._resources = Conditions(self._question, plan.types)
        self._walk = Walk(self._question, self._resources)
        self._all = sum(uses for _, uses in self._walk.types())
        self._question.few = question.few_of(self._all)

    def page(self, page: Page) -> Found:
        rows: Iterable[Row]
        few = self._few()
        if few is not None:
            total: int | None = len(few)
            rows = [each.item for each in few if comes_after(each, page.after, self._plan.order)]
        else:
            total = self._total() if page.total else None
            rows = self._walk.along(self._plan.filter, self._plan.order, page.after)
        if page.count == 0:
            return Found((), total)
        chosen = list(islice(rows, page.skip, page.skip + page.count + 1))
        more, chosen = len(chosen) > page.count, chosen[: page.count]
        matches, following = self._matches(chosen), self._valued(chosen[-1:])[0].place if more else None
        if page.places:
            places = [each.place for each in self._valued(chosen)]
            matches = tuple(structs.replace(match, place=place) for match, place in zip(matches, places, strict=True))
        return Found(matches, total, following)

    def _few(self) -> list[Valued[Row]] | None:
        """All that is found, in order, where that is not much, or cannot be walked along; None otherwise."""
        plan = self._plan
        rows: list[Row] = []
        if plan.population != "contained":
            best, _ = self._resources.split(plan.filter)
            few = self._question.few
            most = best.most if best else few + 1
            walkable = plan.population == "resources"
            if walkable and most > few and self._all > few:
                return None
            rows += self._fetch(self._resources, RESOURCE_COLUMNS)
        if plan.population != "resources":
            rows += self._fetch(Conditions(self._question, plan.types, contained=True), CONTAINED_COLUMNS)
        return ordered(self._valued(rows), plan.order)

    def _fetch(self, conditions: Conditions, columns: Sequence[str]) -> list[Row]:
        select = conditions.select(columns, self._plan.filter)
        return [Row(*row) for row in self._connection.execute(select.text, select.values)]

    def _valued(self, rows: Sequence[Row]) -> list[Valued[Row]]:
        return valued(self._connection, self._owner, rows, self._plan.order)

    def _total(self) -> int:
        filter_ = self._plan.filter
        if filter_ == AllOf():
            return self._all
        # Of very many rows, a condition is rather asked of all ranges at once than of each row's own.
        self._question.counting = True
        try:
            return self._counted(filter_)
        finally:
            self._question.counting = False

    def _counted(self, filter_: Filter) -> int:
        rows, rest = self._resources.split(filter_)
        if rows is not None and not rest and self._says_its_type(self._resources.parts(filter_)[0]):
            if rows.distinct and rows.most < MANY:
                return rows.most
            once = "" if rows.distinct else "DISTINCT "
            select, values = f"SELECT count({once}rid) FROM ({rows.sql.text})", rows.sql.values
        else:
            counted = self._resources.select(("rid",), filter_)
            select, values = f"SELECT count(*) FROM ({counted.text})", counted.values
        total: int = self._connection.execute(select, values).fetchone()[0]
        return total

    def _says_its_type(self, filter_: Part) -> bool:
        """Whether what a filter finds is of the plan's types in any case, so that its rows need not be looked at."""
        match filter_:
            case HasKey(names):
                pass
            case HasPrefix(name) | OneRange(name):
                names = (name,)
            case _:
                return False
        types = self._plan.types
        return not types or (len(types) == 1 and all(name.startswith(f"{types[0]}.") for name in names))

    def _matches(self, rows: Sequence[Row]) -> tuple[Match, ...]:
        rids = {row.container if row.inner else row.rid for row in rows}
        found = self._connection.execute(
            # By row: with its indexes to choose from, SQLite prefers to walk all of the owner's resources.
            f"SELECT rid, {COLUMNS} FROM resources NOT INDEXED"
            " WHERE owner = ? AND rid IN (SELECT value FROM json_each(?))",
            (self._owner, array(rids)),
        )
        versions = {rid: read_version(row) for rid, *row in found}
        return tuple(
            Match(versions[row.container], row.inner) if row.inner else Match(versions[row.rid]) for row in rows
        )
