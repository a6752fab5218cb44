"""fhir.resources as second opinion: asked only where it is sound, and never able to do harm."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirstore.dstu2 import catalog, json_format, second_opinion
from fhirstore.dstu2.second_opinion import FAULTS, MAX_VALUES, ask
from fhirstore.dstu2.xml_slots import by_property
from tests.dstu2 import smallest

EXAMPLES = Path(__file__).parents[2] / ".." / "shared" / "dstu2" / "examples" / "json"
ELEMENT_FAULTS = sorted(path for path in FAULTS if "." in path)
TYPE_FAULTS = sorted(path for path in FAULTS if "." not in path)
# Where an element of a data type is met, and what must stand there for the fault to show.
HOSTS = {"ElementDefinition": ("DataElement", "element")}
PROVOKING = {"MedicationStatement.note": "two  blanks"}


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def test_what_the_library_accepts_has_no_issue() -> None:
    assert ask(patient(active=True, name=[{"family": ["Jansen"]}], birthDate="1974-12-25")) == []


def test_what_the_library_refuses_is_information_with_its_path_and_without_the_content() -> None:
    issues = ask(patient(name=[{"family": ["Jansen"]}, {"period": {"start": "secret"}}], active="secret"))
    assert issues is not None
    assert {issue.severity for issue in issues} == {"information"}
    assert {issue.path for issue in issues} == {"Patient.name[1].period.start", "Patient.active"}
    assert not any("secret" in issue.message for issue in issues)


@pytest.mark.parametrize("name", TYPE_FAULTS)
def test_each_listed_type_is_refused_by_the_library_and_therefore_not_asked_about(name: str) -> None:
    document = smallest.holding(name)
    assert ask(document) is None
    assert library_refuses(document)
    assert ask(patient(contained=[document])) is None
    assert ask({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": document}]}) is None


@pytest.mark.parametrize("path", ELEMENT_FAULTS)
def test_each_listed_element_is_refused_by_the_library_and_therefore_not_asked_about(path: str) -> None:
    root, *names = path.split(".")
    document = smallest.holding(*HOSTS.get(root, (root,)), *names)
    if path in PROVOKING:
        document[names[-1]] = PROVOKING[path]
    assert ask(document) is None
    assert library_refuses(document)


@pytest.mark.parametrize("text", ["text", " two  blanks \n"])
def test_every_element_that_is_not_listed_is_accepted_by_the_library_in_its_smallest_document(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(smallest.PRIMITIVES, "string", text)
    monkeypatch.setitem(smallest.PRIMITIVES, "markdown", text)
    seen: set[str] = set()
    for root in catalog.resource_types():
        if root not in FAULTS:
            for document in documents(root, root, (), seen):
                assert not ask(document), document
    assert len(seen) > 3000


def documents(root: str, shape: str, names: tuple[str, ...], seen: set[str]) -> Iterator[dict[str, Any]]:
    """One document for each property of each type and backbone that is met for the first time."""
    for name, slot in by_property(shape).items():
        if f"{shape}.{name}" not in seen:
            seen.add(f"{shape}.{name}")
            yield smallest.holding(root, *names, name)
            if slot.kind == "complex":
                yield from documents(root, slot.shape, (*names, name), seen)


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the official examples are not here")
def test_the_library_accepts_every_official_example_it_is_asked_about_save_two_with_an_id_too_long() -> None:
    asked = 0
    refused = set()
    for file in sorted(EXAMPLES.glob("*.json")):
        issues = ask(json_format.parse(file.read_bytes()))
        asked += issues is not None
        if issues:
            refused.add((file.stem, *(issue.path for issue in issues)))
    assert asked > 600
    assert refused == {
        ("observation-genetics-cg-prf-1a-Observation-chromosome-genomicstart", "SearchParameter.id"),
        ("observation-genetics-cg-prf-1a-Observation-gene-amino-acid-change", "SearchParameter.id"),
    }


def test_the_document_is_never_changed() -> None:
    document = patient(
        photo=[{"data": "AAAA"}],
        active="wrong",
        _birthDate={"fhir_comments": ["a remark"]},
        contained=[{"resourceType": "Basic", "code": {"text": "x"}}],
    )
    before = copy.deepcopy(document)
    ask(document)
    assert document == before


def test_no_base64_ever_reaches_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(second_opinion, "_complaints", lambda name, copied: shown.append(copied) or [])
    hostile = "AAAA " * 20 + "!"
    ask({"resourceType": "Binary", "contentType": "x/y", "content": hostile})
    ask(patient(photo=[{"data": hostile, "hash": hostile}], extension=[{"valueBase64Binary": hostile}]))
    assert len(shown) == 2
    assert not re.search("!", repr(shown))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"resourceType": None},
        {"resourceType": ["Patient"]},
        {"resourceType": "Patients"},
        {"resourceType": "HumanName"},
        {"resourceType": "DomainResource"},
        patient(contained=["text"], name=[[[]]], photo={"data": {}}, active=[{}], _active=[[]], contact=3),
        patient(contained=[{}]),
        patient(contained=[None]),
        patient(resource_type="Basic", unknown={"a": [1]}),
        patient(name=[{"text": "x"}] * (MAX_VALUES + 1)),
    ],
    ids=lambda document: str(document)[:30],
)
def test_malformed_documents_never_raise(document: dict[str, Any]) -> None:
    issues = ask(document)
    assert issues is None or all(issue.severity == "information" for issue in issues)


def test_a_document_nested_without_end_is_not_asked_about() -> None:
    document: dict[str, Any] = {"url": "x"}
    for _ in range(100_000):
        document = {"url": "x", "extension": [document]}
    assert ask(patient(extension=[document])) is None


def library_refuses(document: dict[str, Any]) -> bool:
    """Whether the library refuses a document that breaks no rule, or cannot read it at all."""
    from fhir.resources.DSTU2 import get_fhir_model_class

    try:
        get_fhir_model_class(document["resourceType"]).parse_obj(document)
    except (KeyError, ValueError):
        return True
    return False
