"""fhir.resources as second opinion: asked only where it is sound, and never able to do harm."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from fhirstore.dstu2 import catalog, json_format, second_opinion
from fhirstore.dstu2.second_opinion import FAULTS, MAX_VALUES, UNENFORCED, ask
from fhirstore.dstu2.validate import check
from fhirstore.dstu2.xml_slots import by_property
from fhirstore.errors import Issue
from tests.dstu2 import smallest
from tests.dstu2.examples import MISSING, example_names, read_example, small_documents

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


@pytest.mark.skipif(not example_names(), reason=MISSING)
def test_over_the_official_examples_each_disagreement_with_the_gate_is_in_a_table() -> None:
    asked = 0
    for name in example_names():
        document = json_format.parse(read_example(name))
        opinion = ask(document)
        if opinion is None:
            continue
        asked += 1
        faults = [issue for issue in check(document) if issue.refuses]
        assert {issue.path for issue in opinion} <= {issue.path for issue in faults}, name
        silent = {issue.code for issue in faults if issue.path not in {other.path for other in opinion}}
        assert silent <= UNENFORCED.keys(), name
    assert asked > 600


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("structure", {"colour": "red"}),
        ("structure", {"active": "true"}),
        ("structure", {"name": []}),
        ("required", {"communication": [{"preferred": True}]}),
        ("code-invalid", {"gender": "x"}),
        ("invariant", {"contact": [{"relationship": [{"text": "aunt"}]}]}),
        ("value", {"deceasedDateTime": "2015-02-07T13:28:17"}),
        ("too-long", {"name": [{"text": "x" * 2_000_000}]}),
    ],
)
def test_each_kind_of_fault_listed_as_unenforced_is_refused_by_the_gate_alone(
    code: str, members: dict[str, Any]
) -> None:
    assert code in UNENFORCED
    document = patient(**members)
    assert {issue.code for issue in check(document) if issue.refuses} == {code}
    assert ask(document) == []


WRONG: list[Any] = ["", " ", "two  b", 1, -1, True, None, [], {}, [1], ["x"], {"x": 1}, "2015-02-30", "é\n", 10**30]


@pytest.mark.skipif(not example_names(), reason=MISSING)
def test_whatever_the_library_refuses_among_mutated_examples_the_gate_refuses_too() -> None:
    random = Random(20151024)
    originals = small_documents(4000)
    refused = 0
    for _ in range(1500):
        document = copy.deepcopy(random.choice(originals))
        holder, key = random.choice([place for place in inner_places(document) if place[1] != "resourceType"])
        if random.random() < 0.3:
            del holder[key]
        else:
            holder[key] = random.choice(WRONG)
        if ask(document):
            refused += 1
            assert any(issue.refuses for issue in check(document)), (document["resourceType"], key)
    assert refused > 300


def inner_places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key or index) of a document."""
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from inner_places(node[key])


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

    def complaints(_: str, copied: dict[str, Any]) -> list[Issue]:
        shown.append(copied)
        return []

    monkeypatch.setattr(second_opinion, "_complaints", complaints)
    hostile = "AAAA " * 20 + "!"
    ask({"resourceType": "Binary", "contentType": "x/y", "content": hostile})
    ask(patient(photo=[{"data": hostile, "hash": hostile}], extension=[{"valueBase64Binary": hostile}]))
    assert [len(copied) for copied in shown] == [3, 3]
    assert "!" not in repr(shown)


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
