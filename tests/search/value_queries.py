"""A query for each search parameter, made of the value that a document holds."""

from __future__ import annotations

from random import Random
from typing import Any

from fhirstore.dstu2 import catalog
from tests.search import brute, brute_ordered, random_records
from tests.search.brute_paths import EXTRA, Document, Value, pairs, values
from tests.search.random_records import escaped


def query_for(document: Document, parameter: catalog.SearchParameter) -> str | None:
    """What finds a document by its own value of a parameter; None where it holds none that can be asked for."""
    type_ = document["resourceType"]
    if parameter.usage in {"nearby", "distance"}:
        place = document.get("position", {})
        return f"{place['latitude']}:{place['longitude']}" if {"latitude", "longitude"} <= place.keys() else None
    if parameter.type == "composite":
        known = catalog.search_parameters(type_)
        for sides in pairs(document, parameter):
            texts = [_text(side, known[name], document) for side, name in zip(sides, parameter.components, strict=True)]
            if None not in texts:
                return "$".join(str(text) for text in texts)
        return None
    texts = [_text(value, parameter, document) for value in values(document, type_, parameter.name)]
    return next((text for text in texts if text), None)


def _text(value: Value, parameter: catalog.SearchParameter, document: Document) -> str | None:
    held, kind = value
    match parameter.type:
        case "token":
            return next((f"{escaped(s)}|{escaped(c)}" if s else escaped(c) for s, c in brute.codes(value)), None)
        case "string":
            return next((escaped(each) for each in brute.strings(value) if brute.fold(each)), None)
        case "date":
            return _date(held, kind)
        case "number":
            if kind != "Quantity":
                return str(held)
            return "gt0" if held.get("value", 0) > 0 else None  # a duration, in a unit of its own
        case "quantity":
            return _quantity(held, kind)
        case "reference":
            return _reference(value, parameter, document)
        case "uri":
            return escaped(held)
    raise AssertionError(parameter.type)


def _date(held: Any, kind: str) -> str | None:
    if kind in {"date", "dateTime", "instant"}:
        return str(held)
    if kind == "Timing":
        period = held.get("repeat", {}).get("boundsPeriod", {})
        return next((f"ap{event}" for event in held.get("event", [])), None) or _date(period, "Period")
    if kind == "Period" and brute_ordered.date((held, kind), "ge0001"):
        return f"ap{held.get('start') or held['end']}"
    return None


def _quantity(held: Any, kind: str) -> str | None:
    if kind != "Quantity" or "value" not in held or "comparator" in held:
        return None
    return f"{held['value']}|{escaped(held.get('system', ''))}|{escaped(held.get('code') or held.get('unit', ''))}"


def _reference(value: Value, parameter: catalog.SearchParameter, document: Document) -> str | None:
    for address in brute.addresses(value):
        kind = brute.type_of(address, document)
        if (not parameter.targets or kind is None or kind in parameter.targets) and (kind or ":" in address):
            return escaped(address)
    return None


def with_value(type_: str, parameter: catalog.SearchParameter) -> Document:
    """A generated document of which `query_for` makes a query."""
    random = Random(parameter.name)
    known = catalog.search_parameters(type_)
    for _ in range(400):
        document: Document = {"resourceType": type_, "id": f"with-{parameter.name}".replace("_", "any-")}
        if parameter.usage in {"nearby", "distance"}:
            return {**document, "position": {"latitude": 1, "longitude": 2}}
        for name in parameter.components or (parameter.name,):
            paths = EXTRA.get((type_, name)) or known[name].paths
            random_records.plant(random, document, type_, random.choice(paths))
        if query_for(document, parameter):
            return document
    raise AssertionError(f"no value for {type_}.{parameter.name}")
