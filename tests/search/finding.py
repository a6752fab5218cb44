"""What tests of search ask: which of some documents does a query find?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fhirstore.search.context import Context, ValueSets
from fhirstore.search.query import Search, read_search
from tests.search import memory

BASE = "http://here.example.org/fhir"
NOW = 1_451_606_400_000_000
"""2016-01-01T00:00:00Z"""


def asked(query: str, *, lenient: bool = False, value_sets: ValueSets | None = None) -> Search:
    """The search in a relative URL ("Patient?name=peter"); its query is taken apart as a web server does it."""
    type_, _, text = query.partition("?")
    pairs = parse_qsl(text, keep_blank_values=True)
    return read_search(type_ or None, pairs, Context(BASE, NOW, value_sets), lenient=lenient)


def found(query: str, documents: Iterable[Mapping[str, Any]], *, value_sets: ValueSets | None = None) -> list[str]:
    """The ids that a query finds, in its order."""
    items = [memory.item(document, base=BASE) for document in documents]
    return [each.id for each in memory.find(asked(query, value_sets=value_sets).plan, items)]


def patients(**by_id: Any) -> list[dict[str, Any]]:
    """Patients with these properties, by id."""
    return [{"resourceType": "Patient", "id": id_, **properties} for id_, properties in by_id.items()]


def observations(**by_id: Any) -> list[dict[str, Any]]:
    """Observations with these properties, by id."""
    return [{"resourceType": "Observation", "id": id_, **properties} for id_, properties in by_id.items()]
