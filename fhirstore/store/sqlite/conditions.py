"""Plan filters → SQL, in two forms: a condition on a row, and a SELECT of the rows for which a filter holds.

The owner stands in every SELECT, and nothing that was asked stands in its text: keys become numbers of the dictionary,
everything else is bound. Of the parts of a conjunction, the one with the fewest rows is selected by; the others are
asked of those rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirstore.dstu2.catalog import resource_types
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    HasWord,
    KeyScan,
    LinkedFrom,
    LinksTo,
    Not,
    OfType,
    RangeScan,
    Updated,
    WithIds,
    all_of,
    end,
)
from fhirstore.store.sqlite.names import CONTAINED, RANGE, TYPE
from fhirstore.store.sqlite.question import (
    MANY,
    NONE,
    SCATTERED,
    OneRange,
    Part,
    Question,
    Rows,
    Way,
    as_one_range,
    both,
    conjuncts,
    cost,
    updated,
)
from fhirstore.store.sqlite.spans import Clauses, Held, probe
from fhirstore.store.sqlite.spans import select as select_ranges
from fhirstore.store.sqlite.statements import ALWAYS, BESIDE, NEVER, NO_ROWS, Sql, among, either, every, union


class Conditions:
    """The conditions of a search over resources of some types (none: all), or over those contained in resources."""

    def __init__(self, question: Question, types: Sequence[str] = (), *, contained: bool = False) -> None:
        self._question = question
        self._owner = question.owner
        self.types = types
        self.contained = contained
        self.table = "contained" if contained else "resources"
        self._mark = CONTAINED if contained else ""
        self._rows: dict[tuple[Part, bool], Rows | None] = {}

    def select(self, columns: Sequence[str], filter_: Filter) -> Sql:
        """SELECT columns of the rows for which a filter holds, by way of the best index."""
        row = self._question.alias()
        found = self.reached(row, self.split(self.parts(filter_)))
        names = ", ".join(f"{row}.{column} AS {column}" for column in columns)
        return Sql(f"SELECT {names} FROM {found.text}", found.values)

    def reached(self, row: str, way: Way, index: str = "") -> Sql:
        """FROM what, WHERE all holds; where no rows lead there, along an index."""
        chosen = self.source(row, way.rows, index or f"{self.table}_by_id")
        asked = self.all_hold(way.rest, row, way.most)
        return Sql(f"{chosen.text} AND {asked.text}", (*chosen.values, *asked.values))

    def source(self, row: str, rows: Rows | None, index: str) -> Sql:
        """FROM what, WHERE it is the owner's and of the types asked for."""
        where = every([Sql(f"{row}.owner = ?", (self._owner,)), self.of_type(row)])
        if rows is None:
            return Sql(f"{self.table} AS {row} INDEXED BY {index} WHERE {where.text}", where.values)
        # Without an index: only by the rids, which are its own.
        if rows.distinct:
            chosen = f"({rows.sql.text}) AS s CROSS JOIN {self.table} AS {row} NOT INDEXED ON {row}.rid = s.rid"
            return Sql(f"{chosen} WHERE {where.text}", (*rows.sql.values, *where.values))
        chosen = f"{self.table} AS {row} NOT INDEXED WHERE {row}.rid IN ({rows.sql.text}) AND {where.text}"
        return Sql(chosen, (*rows.sql.values, *where.values))

    def of_type(self, row: str) -> Sql:
        return self._of_type(self.types, row)

    def split(self, parts: Sequence[Part]) -> Way:
        """By way of the part that has the fewest rows, the rest asked of those."""
        best: tuple[Rows, Part] | None = None
        for part in parts:
            rows = self.rows(part)
            if rows is not None and (best is None or rows.most < best[0].most):
                best = rows, part
                if rows.most <= self._question.few:
                    break
        if best is None:
            return Way(None, None, parts)
        return Way(*best, [part for part in parts if part is not best[1]])

    def parts(self, filter_: Part) -> list[Part]:
        """What must hold together, the cheapest first. Of a name that no resource has two ranges of, all is one."""
        joined: dict[str, OneRange] = {}
        others: list[Part] = []
        for part in conjuncts(filter_):
            if isinstance(part, Updated) and others and isinstance(others[-1], Updated):
                others[-1] = both(others[-1], part)
            elif not isinstance(part, OneRange):
                others.append(part)
            elif part.name not in joined:
                joined[part.name] = part
            elif self._is_single(part.name):
                joined[part.name] = OneRange(part.name, joined[part.name].clauses + part.clauses)
            else:
                others.append(part)
        return sorted([*joined.values(), *others], key=cost)

    # A filter as a condition on a row

    def all_hold(self, parts: Sequence[Part], row: str, most: int = MANY) -> Sql:
        return every([self.holds(part, row, most) for part in parts])

    def holds(self, filter_: Part, row: str, most: int = MANY) -> Sql:
        """An expression that says whether a filter holds for the row that is called `row`, one of `most` at most."""
        self._question.add_part()
        filter_ = as_one_range(filter_)
        match filter_:
            case AllOf():
                return self.all_hold(self.parts(filter_), row, most)
            case AnyOf(parts):
                return either([self.holds(part, row, most) for part in parts])
            case Not(part):
                asked = self.holds(part, row, most)
                return Sql(f"NOT ({asked.text})", asked.values)
            case OfType(types):
                return self._of_type(types, row) if types else NEVER
            case WithIds(ids):
                return among(f"{row}.inner" if self.contained else f"{row}.id", ids) if ids else NEVER
            case Updated():
                return updated(filter_, row)
            case OneRange(name, clauses) if self._is_probed(filter_, most):
                return self._probe(row, name, clauses)
        rows = self.rows(filter_)
        assert rows is not None
        if rows.names and (len(rows.names) <= BESIDE or isinstance(filter_, HasKey)):
            return self._has_key(rows.names, row)
        if self._question.is_many(rows) and not self._question.counting:
            # Each row's own ranges are looked at rather than a set made of all that match.
            match filter_:
                case OneRange(name, clauses):
                    return self._probe(row, name, clauses)
                case RangeScan(prefix, accepts, limits):
                    return probe(row, self._ranges_like(prefix, accepts), ((limits,),))
        # The plus keeps SQLite from coming by these rows instead of those that were chosen.
        return NEVER if rows is NONE else Sql(f"+{row}.rid IN ({rows.sql.text})", rows.sql.values)

    def asks_rid_alone(self, filter_: Part, most: int) -> bool:
        """Whether what is asked of rows, so many at most, while all are counted, is asked of their rids alone."""
        match as_one_range(filter_):
            case AllOf(parts) | AnyOf(parts):
                return all(self.asks_rid_alone(part, most) for part in parts)
            case Not(part):
                return self.asks_rid_alone(part, most)
            case OneRange() as asked:
                return not self._is_probed(asked, most)
            case asked:
                return not isinstance(asked, OfType | WithIds | Updated)

    def _is_probed(self, asked: OneRange, most: int) -> bool:
        """Whether so few rows' own ranges are looked at, rather than all that match gathered."""
        rows = self.rows(asked) if self._question.counting else None
        matching = rows.most if rows else self._question.name(self._mark + RANGE + asked.name).uses
        return most < matching // SCATTERED

    def _of_type(self, types: Sequence[str], row: str) -> Sql:
        return among(f"{row}.type", types) if types else ALWAYS

    def _has_key(self, numbers: Sequence[int], row: str) -> Sql:
        named = among("name", numbers)
        text = f"EXISTS (SELECT 1 FROM keys WHERE owner = ? AND {named.text} AND rid = {row}.rid)"
        return Sql(text, (self._owner, *named.values))

    # A filter as a selection of rows

    def rows(self, filter_: Part) -> Rows | None:
        """The rows for which a filter holds; None where no index leads to them."""
        asked = as_one_range(filter_), self._question.counting and not isinstance(filter_, HasKey)
        if asked not in self._rows:
            self._question.add_part()
            self._rows[asked] = self._rows_of(asked[0])
        return self._rows[asked]

    def _rows_of(self, filter_: Part) -> Rows | None:
        match filter_:
            case AllOf():
                return self._all(filter_)
            case AnyOf(parts):
                return self._any(parts)
            case HasKey(keys):
                return self._question.keyed(*self._numbers(keys))
            case HasPrefix(prefix):
                return self._question.prefixed(self._mark + prefix)
            case KeyScan(prefix, accepts):
                return self._question.keyed(
                    *self._question.numbers(self._question.accepted(self._mark, prefix, accepts))
                )
            case OneRange(name, clauses):
                single = self._is_single(name)
                sole = single and filter_ == self._question.sole
                return self._ranged(self._ranges(name), clauses, single=single, sole=sole)
            case RangeScan(prefix, accepts, limits):
                return self._ranged(self._ranges_like(prefix, accepts), ((limits,),))
            case HasWord(words):
                return self._worded(words)
            case LinksTo():
                return self._linking(filter_)
            case LinkedFrom():
                return self._linked(filter_)
            case Contains():
                return self._containing(filter_)
            case WithIds(ids):
                return self._identified(ids)
            case Updated() if not self.contained:
                return self._recent(filter_)
        return None

    def _all(self, filter_: AllOf) -> Rows | None:
        rows, _, rest = self.split(self.parts(filter_))
        if rows is None or not rest:
            return rows
        row = self._question.alias()
        asked = self.all_hold(rest, row, rows.most)
        text = f"SELECT {row}.rid FROM {self.table} AS {row} NOT INDEXED WHERE {row}.rid IN ({rows.sql.text})"
        values = (*rows.sql.values, self._owner, *asked.values)
        return Rows(Sql(f"{text} AND {row}.owner = ? AND {asked.text}", values), rows.most)

    def _any(self, parts: Sequence[Filter]) -> Rows | None:
        found = [self.rows(part) for part in parts]
        known = [rows for rows in found if rows is not None]
        if len(known) < len(found):
            return None
        return Rows(union([rows.sql for rows in known]), sum(rows.most for rows in known)) if known else NONE

    def _numbers(self, texts: Sequence[str]) -> tuple[list[int], int]:
        return self._question.numbers([self._mark + text for text in texts])

    def _is_single(self, name: str) -> bool:
        return self._question.is_single(self._mark + RANGE + name)

    def _probe(self, row: str, name: str, clauses: Clauses) -> Sql:
        return probe(row, self._ranges(name), clauses, single=self._is_single(name))

    def _ranges(self, name: str) -> Held:
        return self._question.ranges((self._mark + RANGE + name,))

    def _ranges_like(self, prefix: str, accepts: Callable[[str], bool]) -> Held:
        return self._question.ranges(self._question.accepted(self._mark + RANGE, prefix, accepts))

    def _ranged(self, held: Held, clauses: Clauses, *, single: bool = False, sole: bool = False) -> Rows:
        select = select_ranges(self._owner, held, clauses)
        return NONE if select == NO_ROWS else self._question.scanned(select, distinct=single, sole=sole)

    def _worded(self, words: Sequence[str]) -> Rows:
        """Words are looked for in one compact row a resource: an index of them would double the cost of a write."""
        found = either([Sql("instr(words, ?)", (f" {word} ",)) for word in words])
        rid, side = ("-rid", "<") if self.contained else ("rid", ">")
        text = f"SELECT {rid} FROM texts WHERE owner = ? AND rid {side} 0 AND ({found.text})"
        return Rows(Sql(text, (self._owner, *found.values)), MANY)

    def _linking(self, link: LinksTo) -> Rows:
        """Rows with a key that ends in the address of a resource, here or contained, for which `inner` holds."""
        if not link.types:
            return NONE
        there = self._about(link.types).select(("owner", "type", "id"), all_of((link.inner, link.beyond)))
        key = f"{self._mark}{link.name}="
        far = Sql(
            f"SELECT k.rid FROM ({there.text}) AS t"
            " CROSS JOIN names AS n ON n.owner = t.owner AND n.text = ? || t.type || '/' || t.id"
            " CROSS JOIN keys AS k ON k.owner = n.owner AND k.name = n.id",
            (*there.values, key),
        )
        return self._question.counted(union([far, self._linking_inside(link)]))

    def _linking_inside(self, link: LinksTo) -> Sql:
        """The same for contained resources, of which most records have none."""
        types = [f"{CONTAINED}{TYPE}{type_}" for type_ in link.types]
        if not self._question.numbers(types)[0]:
            return NO_ROWS
        inside = self._about(link.types, contained=True).select(("owner", "inner", "container"), link.inner)
        # What a "#" address means depends on where it stands: the rows of one container refer to one another.
        here = "(SELECT rid FROM contained AS c WHERE c.owner = t.owner AND c.container = t.container)"
        return Sql(
            f"SELECT k.rid FROM ({inside.text}) AS t"
            " CROSS JOIN names AS n ON n.owner = t.owner AND n.text = ? || t.inner"
            " CROSS JOIN keys AS k ON k.owner = n.owner AND k.name = n.id"
            f" AND k.rid {f'IN {here}' if self.contained else '= t.container'}",
            (*inside.values, f"{self._mark}{link.name}=#"),
        )

    def _about(self, types: tuple[str, ...], *, contained: bool = False) -> Conditions:
        """The conditions of another step of a chain; equal steps are taken once."""
        steps = self._question.steps
        step: Conditions | None = steps.get((types, contained))
        if step is None:
            step = steps[types, contained] = Conditions(self._question, types, contained=contained)
        return step

    def _linked(self, link: LinkedFrom) -> Rows:
        """Rows whose address stands in a key of a resource for which `inner` holds."""
        if self.contained:
            return NONE
        there = self._about((link.type,)).select(("owner", "keys"), link.inner)
        key = f"{link.name}="
        address = f"substr(n.text, {len(key) + 1})"
        text = (
            f"SELECT r.rid FROM ({there.text}) AS s CROSS JOIN json_each(s.keys) AS j"
            " CROSS JOIN names AS n ON n.id = j.value AND n.owner = s.owner AND n.text >= ? AND n.text < ?"
            " CROSS JOIN resources AS r ON r.owner = n.owner"
            f" AND r.type = substr({address}, 1, instr({address}, '/') - 1)"
            f" AND r.id = substr({address}, instr({address}, '/') + 1)"
        )
        return self._question.counted(Sql(text, (*there.values, key, end(key))))

    def _containing(self, asked: Contains) -> Rows:
        """Rows of what contains a resource for which `inner` holds. A contained one contains none."""
        if self.contained:
            return NONE
        inside = Conditions(self._question, asked.types, contained=True).select(("container",), asked.inner)
        return self._question.counted(Sql(f"SELECT container AS rid FROM ({inside.text})", inside.values))

    def _identified(self, ids: Sequence[str]) -> Rows:
        types = self.types or resource_types()
        column = "inner" if self.contained else "id"
        where = every([Sql("owner = ?", (self._owner,)), among("type", types), among(column, ids)])
        if self.contained:
            return Rows(Sql(f"SELECT rid FROM contained WHERE {where.text}", where.values), MANY)
        found = Sql(f"SELECT rid FROM resources WHERE {where.text}", where.values)
        return Rows(found, len(types) * len(ids), distinct=True)

    def _recent(self, asked: Updated) -> Rows:
        where = every([Sql("owner = ?", (self._owner,)), updated(asked, "resources"), self.of_type("resources")])
        found = Sql(f"SELECT rid FROM resources INDEXED BY resources_by_time WHERE {where.text}", where.values)
        return self._question.scanned(found, distinct=True, sole=asked == self._question.sole)
