"""The value sets that a request names: the caller's own, gathered beforehand, and the shipped ones.

http://hl7.org/fhir/DSTU2/valueset.html. Own ones are stored resources, found by their URL or id, with all that they
import; another user's are not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from fhirstore.dstu2.json_format import reread
from fhirstore.dstu2.terminology import (
    EXPANSION_LIMIT,
    Budget,
    CodeSystem,
    Terminology,
    TooCostly,
    ValueSet,
    is_shipped,
    read_value_set,
)
from fhirstore.errors import BadRequest, Unprocessable
from fhirstore.interactions.request import Context
from fhirstore.search.context import Code, ValueSets
from fhirstore.search.context import Context as SearchContext
from fhirstore.search.kinds import uri
from fhirstore.search.parameters import parameter
from fhirstore.search.plan import ByUpdate, Filter, Plan, any_of
from fhirstore.search.query import read_search
from fhirstore.store.contract import Page, Version

_REFERENCE = re.compile(r"ValueSet/([A-Za-z0-9.-]{1,64})")
_ASKING = (":in", ":not-in", ":above", ":below")
_NAMES_LIMIT = 100
_OWN_LIMIT = 50
_BYTES_LIMIT = 20_000_000
_URL_LIMIT = 2000


class KnownValueSets:
    """What a request may ask of value sets; searches use it as their `ValueSets`."""

    def __init__(self, terminology: Terminology, by_reference: Mapping[str, ValueSet]) -> None:
        self.terminology = terminology
        self._by_reference = by_reference
        self._budget = Budget()
        self._codes = 0

    def value_set(self, name: str) -> ValueSet | None:
        """By URL, or as "ValueSet/id" for one of the caller's own."""
        return self._by_reference.get(name) or self.terminology.value_set(name)

    def codes(self, value_set: str) -> Iterable[Code] | None:
        """Raises BadRequest for a value set that is known and cannot be told in full."""
        found = self.value_set(value_set)
        return None if found is None else self._told(lambda: self._expanded(found))

    def below(self, system: str, code: str) -> Iterable[Code] | None:
        known = self.terminology.code_system(system)
        return None if known is None else self._told(lambda: _coded(known, known.below(known.spelling(code))))

    def above(self, system: str, code: str) -> Iterable[Code] | None:
        known = self.terminology.code_system(system)
        return None if known is None else self._told(lambda: _coded(known, known.above(known.spelling(code))))

    def _expanded(self, value_set: ValueSet) -> Sequence[Code]:
        concepts = self.terminology.expand(value_set, self._budget)
        return [(concept.system, concept.code) for concept in concepts if not concept.abstract]

    def _told(self, tell: Callable[[], Sequence[Code]]) -> Sequence[Code]:
        """Count what a search is told: a filter holds it all, and a value set can be named a thousand times."""
        try:
            if self._codes <= EXPANSION_LIMIT:
                codes = tell()
                self._codes += len(codes)
            if self._codes > EXPANSION_LIMIT:
                raise TooCostly(f"The search asks for more than {EXPANSION_LIMIT:,} codes.")
        except Unprocessable as refusal:
            raise BadRequest(refusal.reason, refusal.issues) from refusal
        return codes


def _coded(system: CodeSystem, codes: Iterable[str]) -> Sequence[Code]:
    return [(system.url, code) for code in codes]


async def known_value_sets(
    context: Context, names: Collection[str] = (), systems: Iterable[str] = (), given: Sequence[ValueSet] = ()
) -> KnownValueSets:
    """Gather what is needed to tell of value sets (by URL, or as "ValueSet/id") and code systems (by URL).

    `given` are value sets that came with the request. Raises TooCostly where it takes too many or too large ones.
    """
    gathering = _Gathering(context)
    if len(names) > _NAMES_LIMIT:
        raise TooCostly("The request names too many value sets.")
    for each in given:
        gathering.take(each)
    for name in names:
        await gathering.ask(name)
    gathering.systems.update(systems)
    await gathering.complete()
    return KnownValueSets(Terminology([*given, *gathering.own]), gathering.by_reference)


async def value_sets_for(type: str | None, pairs: Sequence[tuple[str, str]], context: Context) -> ValueSets | None:
    """The value sets and code systems that a search asks about; None for a search that asks about none.

    Which ones, compiling the search tells: where there may be some, it is compiled once for that alone.
    """
    asking = [pair for pair in pairs if pair[0].endswith(_ASKING) or pair[0] == "_filter"]
    if not asking:
        return None
    asked = _Asked()
    try:
        read_search(type, asking, SearchContext(context.base, context.clock() * 1000, asked), lenient=True)
        return await known_value_sets(context, asked.names, asked.systems)
    except Unprocessable as refusal:
        raise BadRequest(refusal.reason, refusal.issues) from refusal
    except BadRequest:
        return None  # compiling it in earnest will say the same, in its own place


class _Asked:
    """Notes what a search asks, in place of answering."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.systems: set[str] = set()

    def codes(self, value_set: str) -> Iterable[Code]:
        self.names[value_set] = None
        return ()

    def below(self, system: str, code: str) -> Iterable[Code]:
        self.systems.add(system)
        return ()

    above = below


class _Gathering:
    """Finds own value sets, and what these name in turn, until nothing is named that was not looked for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked_for: set[tuple[str, str]] = set()
        self._bytes = 0
        self._own: dict[str, ValueSet] = {}
        self.urls: set[str] = set()
        self.systems: set[str] = set()
        self.by_reference: dict[str, ValueSet] = {}

    @property
    def own(self) -> Iterable[ValueSet]:
        return self._own.values()

    def take(self, value_set: ValueSet) -> None:
        """Note what a value set names."""
        self.urls.update(value_set.imports)
        self.systems.update(part.system for part in (*value_set.include, *value_set.exclude))

    async def ask(self, name: str) -> None:
        reference = _REFERENCE.fullmatch(name)
        if reference is None:
            self.urls.add(name)
        else:
            version = await self._context.resources.current("ValueSet", reference.group(1))
            if version is not None and not version.deleted:
                self.by_reference[name] = self._read(version)

    async def complete(self) -> None:
        while filter := self._next():
            # The newest of several with one URL is the one that counts.
            plan = Plan(("ValueSet",), filter, (ByUpdate(True),))
            found = await self._context.resources.find(plan, Page(_OWN_LIMIT, total=False))
            for match in found.matches:
                self._read(match.version)
            if found.next is not None or len(self._own) > _OWN_LIMIT:
                raise TooCostly("The request leads to too many value sets.")

    def _next(self) -> Filter | None:
        """Who defines what was named and not yet looked for; None where that is nothing."""
        names = {("url", url) for url in self.urls}
        names |= {("system", system) for system in self.systems if not is_shipped(system)}
        fresh = sorted(each for each in names - self._looked_for if 0 < len(each[1]) <= _URL_LIMIT)
        self._looked_for |= names
        if len(self._looked_for) > _NAMES_LIMIT:
            raise TooCostly("The request leads to too many value sets and code systems.")
        if not fresh:
            return None
        return any_of(tuple(uri.exactly(parameter("ValueSet", kind), (name,)) for kind, name in fresh))

    def _read(self, version: Version) -> ValueSet:
        if version.id not in self._own:
            self._bytes += len(version.body)
            if self._bytes > _BYTES_LIMIT:
                raise TooCostly("The value sets that the request leads to are too large.")
            self._own[version.id] = read_value_set(reread(version.body))
            self.take(self._own[version.id])
        return self._own[version.id]
