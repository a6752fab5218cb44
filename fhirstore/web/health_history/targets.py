"""What the lines of a resource refer to, called by its name where the reference itself does not say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fhirstore.presentation.cards import title_of
from fhirstore.presentation.labels import type_words
from fhirstore.presentation.lines import Line
from fhirstore.web.health_history.reading import search_all
from fhirstore.web.record import Record

_TARGETS_LIMIT = 100


async def with_targets(record: Record, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The same lines; of what is not in the record, or not for this reader, only the type is said, as before."""
    by_type: dict[str, dict[str, None]] = {}
    for target in list(dict.fromkeys(_nameless(lines)))[:_TARGETS_LIMIT]:
        type, _, id = target.partition("/")
        by_type.setdefault(type, {})[id] = None
    asked = [(type, [("_id", ",".join(ids)), ("_count", str(len(ids)))]) for type, ids in by_type.items()]
    found = await search_all(record, *asked) if asked else []
    names = {f"{each['resourceType']}/{each['id']}": title_of(each) for documents in found for each in documents}
    return tuple(_named(lines, names)) if names else lines


def _nameless(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        if line.target and line.text == type_words(line.target.partition("/")[0]):
            yield line.target
        yield from _nameless(line.lines)


def _named(lines: Iterable[Line], names: Mapping[str, str]) -> Iterator[Line]:
    for line in lines:
        nameless = line.target in names and line.text == type_words(line.target.partition("/")[0])
        yield replace(line, text=names[line.target] if nameless else line.text, lines=tuple(_named(line.lines, names)))
