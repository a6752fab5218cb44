"""Random entries and random plans that meet often: both draw from the same small pools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fhirstore.search.entries import ContainedEntries, Entries, Range
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    ById,
    ByKey,
    ByRange,
    ByUpdate,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    HasWord,
    InRange,
    KeyScan,
    Limit,
    LinkedFrom,
    LinksTo,
    Not,
    OfType,
    Order,
    Plan,
    RangeScan,
    Updated,
    WithIds,
)
from tests.search.memory import Item

TYPES = ["Patient", "Observation", "Practitioner"]
IDS = [f"{letter}{number}" for letter in "aBc-." for number in range(3)]
INNER_IDS = ["c1", "c2"]
WORDS = ["final", "~final", "été", "blood", "~blood", "7"]
TEXTS = ["", "a", "ab", "a|b", "é", "\U0001f600", "�", "z\x1fZ", "%", "_", "'", '"', "$gt"]
NUMBERS = ["0", "13999~", "2", "350001", "35000105", "3500011", "3500012", "35001", "4"]
DATES = [-(2**62), -5, 0, 1, 2, 1000, 2**53 + 1, 2**53 + 2, 2**62]
PREFIXES = [".code=", ".code:", ".code~", ".subject=", ".code"]


@dataclass(frozen=True)
class Stored:
    """A resource as it is given to a store."""

    type: str
    id: str
    updated: int
    entries: Entries

    def item(self) -> Item:
        siblings: dict[str, Item] = {}
        for each in self.entries.contained:
            siblings[each.id] = Item(each.type, f"{self.id}#{each.id}", self.updated, each.entries, siblings)
        return Item(self.type, self.id, self.updated, self.entries, siblings)


def record(random: Random, size: int) -> list[Stored]:
    """Different resources, in the order of type and id."""
    names = random.sample(sorted((type_, id_) for type_ in TYPES for id_ in IDS), size)
    return [Stored(type_, id_, random.randint(1, 6), entries(random, type_)) for type_, id_ in sorted(names)]


def entries(random: Random, type_: str, *, inside: bool = False) -> Entries:
    keys = {_key(random, type_) for _ in range(random.randint(0, 6))}
    ranges = {_range(random, type_) for _ in range(random.randint(0, 3))}
    words = {random.choice(WORDS) for _ in range(random.randint(0, 3))}
    contained: tuple[ContainedEntries, ...] = ()
    if not inside and random.random() < 0.4:
        held = random.sample(INNER_IDS, random.randint(1, 2))
        kinds = {id_: random.choice(TYPES) for id_ in held}
        contained = tuple(ContainedEntries(kinds[id_], id_, entries(random, kinds[id_], inside=True)) for id_ in held)
    return Entries(tuple(keys), tuple(ranges), tuple(words), contained)


def _key(random: Random, type_: str) -> str:
    kind = random.random()
    if kind < 0.5:
        return f"{type_}{random.choice(PREFIXES[:3])}{random.choice(TEXTS)}"
    if kind < 0.9:
        return f"{type_}.subject={_address(random)}"
    return random.choice(["_tag:x", "compartment=Patient/a1"])


def _address(random: Random) -> str:
    if random.random() < 0.2:
        return f"#{random.choice(INNER_IDS)}"
    if random.random() < 0.1:
        return random.choice(["urn:oid:1.2", "Patient/a1/_history/2", "http://x/Patient/a1", "no-slash"])
    return f"{random.choice(TYPES)}/{random.choice(IDS)}"


def _range(random: Random, type_: str) -> Range:
    if random.random() < 0.5:
        low, high = sorted(random.sample(DATES, 2))
        return Range(f"{type_}.date", low, high)
    low_text, least, most, high_text = sorted(random.choices(NUMBERS, k=4))
    if least == most:
        most += "!"
        high_text = max(high_text, most)
    return Range(f"{type_}.value{random.choice(['', '^g', '^m'])}", low_text, high_text, least, most)


def plan(random: Random) -> Plan:
    types = tuple(random.sample(TYPES, random.choice([0, 1, 1, 1, 2])))
    main = types[0] if types else random.choice(TYPES)
    orders = tuple(_order(random, main) for _ in range(random.choice([0, 0, 1, 1, 2, 3])))
    population = random.choice(["resources"] * 4 + ["contained", "both"])
    return Plan(types, filter_(random, main, 3), orders, population)  # type: ignore[arg-type]


def filter_(random: Random, type_: str, depth: int) -> Filter:
    """A filter that asks mostly for what there is."""
    choice = random.random()
    if depth and choice < 0.4:
        parts = tuple(filter_(random, type_, depth - 1) for _ in range(random.randint(0, 3)))
        choices: list[Filter] = [AllOf(parts), AllOf(parts), AnyOf(parts), Not(filter_(random, type_, depth - 1))]
        return random.choice(choices)
    if depth and choice < 0.55:
        other = random.choice(TYPES)
        if random.random() < 0.2:
            kinds = tuple(random.sample(TYPES, random.randint(0, 2)))
            return Contains(kinds, filter_(random, kinds[0] if kinds else other, depth - 1))
        if random.random() < 0.5:
            kinds = tuple(random.sample(TYPES, random.randint(0, 2)))
            inner = filter_(random, kinds[0] if kinds else other, depth - 1)
            beyond = filter_(random, kinds[0], 0) if kinds and random.random() < 0.3 else AllOf()
            return LinksTo(f"{type_}.subject", kinds, inner, beyond)
        return LinkedFrom(other, f"{other}.subject", filter_(random, other, depth - 1))
    return random.choice(_LEAVES)(random, type_)


def _limits(random: Random, of_dates: bool) -> tuple[Limit, ...]:
    columns = ["low", "high"] if of_dates else ["low", "high", "least", "most"]
    pool: list[int | str] = [*DATES] if of_dates else [*NUMBERS, "350001!"]
    return tuple(
        Limit(random.choice(columns), random.choice(["<", "<=", ">", ">="]), random.choice(pool))  # type: ignore[arg-type]
        for _ in range(random.randint(0, 3))
    )


def _in_range(random: Random, type_: str) -> Filter:
    of_dates = random.random() < 0.5
    name = f"{type_}.date" if of_dates else f"{type_}.value{random.choice(['', '^g', '^none'])}"
    return InRange(name, _limits(random, of_dates))


def _range_scan(random: Random, type_: str) -> Filter:
    wanted = random.choice(["", "^", "m", "value"])
    return RangeScan(f"{type_}.value", lambda name: wanted in name, _limits(random, of_dates=False))


def _key_scan(random: Random, type_: str) -> Filter:
    wanted = random.choice(["a", "b", "é", "code", "Patient"])
    return KeyScan(f"{type_}{random.choice(PREFIXES)}", lambda key: wanted in key)


def _updated(random: Random, type_: str) -> Filter:
    return Updated(random.choice([None, 1, 3]), random.choice([None, 4, 6]))


_LEAVES: list[Callable[[Random, str], Filter]] = [
    lambda random, type_: HasKey(tuple(_key(random, type_) for _ in range(random.randint(0, 3)))),
    lambda random, type_: HasKey((_key(random, type_),)),
    lambda random, type_: HasPrefix(f"{type_}{random.choice(PREFIXES)}{random.choice(['', '', 'a', 'Patient/', 'é'])}"),
    _key_scan,
    _in_range,
    _in_range,
    _range_scan,
    lambda random, type_: OfType(tuple(random.sample(TYPES, random.randint(0, 2)))),
    lambda random, type_: WithIds(tuple(random.sample([*IDS, *INNER_IDS], random.randint(0, 6)))),
    _updated,
    lambda random, type_: HasWord(tuple(random.sample(WORDS, random.randint(0, 2)))),
]


def _order(random: Random, type_: str) -> Order:
    descending = random.random() < 0.5
    choices: list[Order] = [
        ByKey(f"{type_}{random.choice(PREFIXES)}", descending),
        ByRange(f"{type_}.date", "low", "high", descending),
        ByRange(f"{type_}.value", "least", "most", descending),
        ByRange(f"{type_}.value^g", "low", "high", descending),
        ById(descending),
        ByUpdate(descending),
    ]
    return random.choice(choices)
