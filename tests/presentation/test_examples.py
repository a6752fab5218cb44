"""Every official example can be said in words, and so can what is broken in ways that the gate would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import parse
from fhirstore.errors import BadRequest
from fhirstore.presentation.cards import card_of
from fhirstore.presentation.changes import changes
from fhirstore.presentation.kinds import KINDS
from fhirstore.presentation.lines import LINES_LIMIT, Line, lines_of
from fhirstore.presentation.origin import origin_of
from fhirstore.presentation.plots import plot
from fhirstore.presentation.series import by_unit, series_of
from tests.dstu2.examples import MISSING, PUBLISHED

_ALIKE = ("valueset-", "extension-")
"""Hundreds of examples that are very much alike; one in five will do."""


@cache
def examples() -> tuple[dict[str, Any], ...]:
    folder = PUBLISHED / "examples" / "json"
    if not folder.is_dir():
        pytest.skip(MISSING)
    return tuple(_read(folder))


def _read(folder: Any) -> Iterator[dict[str, Any]]:
    for number, path in enumerate(sorted(folder.glob("*.json"))):
        if path.name.startswith(_ALIKE) and number % 5:
            continue
        try:
            document = parse(path.read_bytes())
        except BadRequest:
            continue
        if "resourceType" in document:
            yield document


def flat(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        yield line
        yield from flat(line.lines)


def test_every_example_has_a_title_a_kind_and_no_line_without_words() -> None:
    assert len(examples()) > 300
    for document in examples():
        card = card_of(document)
        assert card.title.strip(), document["resourceType"]
        assert card.kind in KINDS
        lines = list(flat(lines_of(document)))
        assert len(lines) <= LINES_LIMIT
        assert all(line.label and (line.text or line.lines) for line in lines), document.get("id")


def test_what_an_example_says_is_among_its_lines() -> None:
    """A string that stands in a resource stands in its lines too, whatever element it is in."""
    for document in examples():
        if document["resourceType"] not in {"Patient", "Condition", "Immunization", "Encounter", "Procedure"}:
            continue
        said = "\n".join(f"{line.text} {line.note}" for line in flat(lines_of(document)))
        for text in _texts({name: value for name, value in document.items() if name not in {"text", "contained"}}):
            assert text in said, (document["resourceType"], document.get("id"), text)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """Displays, texts and comments: what somebody wrote for people to read."""
    if isinstance(value, dict):
        # Of a concept with a text, and of a reference or coding, one way to say it is enough.
        shown = ("text",) if isinstance(value.get("text"), str) else tuple(value)
        for key in shown:
            yield from _texts(value[key], key)
    elif isinstance(value, list):
        for each in value[:1] if name == "coding" else value:
            yield from _texts(each, name)
    elif isinstance(value, str) and name in {"display", "text", "comment", "description", "lotNumber"}:
        yield value


def test_nothing_that_is_broken_makes_it_raise() -> None:
    random = Random(20)
    for document in examples()[::3]:
        broken = {name: _broken(each, random) for name, each in document.items()}
        broken["resourceType"] = document["resourceType"]
        card_of(broken)
        lines_of(broken)
        origin_of(broken)
        changes(document, broken)
        for group in by_unit(series_of([broken, document])):
            plot(group)


def _broken(value: Any, random: Random) -> Any:
    """The same with a tenth of its values replaced by values of another form."""
    if random.random() < 0.1:
        return random.choice(
            [None, True, 7, -1, "", "text", "9999-99-99", [], {}, [None], [{}], [["x"]], {"coding": 3}]
        )
    if isinstance(value, dict):
        return {name: _broken(each, random) for name, each in value.items()} | {"value": random.choice([{}, [1]])}
    if isinstance(value, list):
        return [_broken(each, random) for each in value]
    return value


@pytest.mark.parametrize("type", catalog.resource_types())
def test_a_resource_that_says_nothing_is_called_by_its_type(type: str) -> None:
    card = card_of({"resourceType": type, "id": "1"})
    assert (card.title, card.value, card.when) == (card.type_words, "", None)
    assert lines_of({"resourceType": type, "id": "1"}) == ()


def test_a_very_long_value_set_ends_after_so_many_lines() -> None:
    concepts = [{"code": f"c{number}", "display": f"Concept {number}"} for number in range(5000)]
    lines = lines_of({"resourceType": "ValueSet", "codeSystem": {"system": "urn:x", "concept": concepts}})
    assert len(list(flat(lines))) <= LINES_LIMIT
