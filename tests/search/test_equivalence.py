"""Plans over entries find what a brute-force reading of the specification finds in the documents."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore.dstu2 import catalog
from fhirstore.search.context import Context
from fhirstore.search.query import read_search
from tests.search import brute, brute_ordered, memory, random_records
from tests.search.brute_paths import Document

CONTEXT = Context(brute.BASE, int(brute_ordered.NOW.timestamp()) * 1_000_000)
EXAMPLES, QUERIES = 300, 24
FAVOURITES = [
    "Observation",
    "Patient",
    "CarePlan",
    "DiagnosticOrder",
    "DocumentReference",
    "Group",
    "Encounter",
    "Condition",
]


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 2**40))
def test_every_kind_modifier_and_prefix_finds_what_the_specification_says(seed: int) -> None:
    """7,200 random queries over random resources of every type: no difference."""
    random = Random(seed)
    type_ = random.choice(FAVOURITES if seed % 2 else catalog.resource_types())
    documents = [random_records.resource(random, type_, f"p{number}") for number in range(12)]
    items = [memory.item(document, base=brute.BASE) for document in documents]
    for _ in range(QUERIES):
        name, modifier, text = _plain_query(random, type_)
        plan = read_search(type_, [(f"{name}:{modifier}" if modifier else name, text)], CONTEXT).plan
        found = [each.id for each in memory.find(plan, items)]
        wanted = sorted(each["id"] for each in documents if brute.matches(each, name, modifier, text))
        assert found == wanted, f"{type_}?{name}:{modifier}={text}\n{plan.filter}"


def _record(random: Random) -> list[Document]:
    kinds = ["Patient", "Practitioner", "Observation", "Organization", "CarePlan"]
    return [
        random_records.resource(random, kind, f"p{number}", likelihood=0.4) for kind in kinds for number in range(1, 4)
    ]


def _plain_query(random: Random, type_: str) -> tuple[str, str | None, str]:
    while True:
        asked = random_records.query(random, type_)
        if asked is not None:
            return asked


@settings(max_examples=150)
@given(st.integers(0, 2**40))
def test_chains_and_reverse_chains_find_what_two_steps_by_hand_find(seed: int) -> None:
    random = Random(seed)
    documents = _record(random)
    items = [memory.item(document, base=brute.BASE) for document in documents]
    for _ in range(6):
        link, target = random.choice(
            [
                ("subject", "Patient"),
                ("patient", "Patient"),
                ("performer", "Practitioner"),
                ("performer", "Organization"),
            ]
        )
        name, modifier, text = _plain_query(random, target)
        asked = f"{name}:{modifier}" if modifier else name
        chained = read_search("Observation", [(f"{link}:{target}.{asked}", text)], CONTEXT).plan
        wanted = [
            each["id"]
            for each in documents
            if each["resourceType"] == "Observation" and _refers(each, link, target, documents, (name, modifier, text))
        ]
        assert [each.id for each in memory.find(chained, items)] == sorted(wanted), f"{link}:{target}.{asked}={text}"

        name, modifier, text = _plain_query(random, "Observation")
        asked = f"{name}:{modifier}" if modifier else name
        reverse = read_search(target, [(f"_has:Observation:{link}:{asked}", text)], CONTEXT).plan
        matching = [
            each
            for each in documents
            if each["resourceType"] == "Observation" and brute.matches(each, name, modifier, text)
        ]
        wanted = [
            each["id"]
            for each in documents
            if each["resourceType"] == target and any(_names(m, link, f"{target}/{each['id']}") for m in matching)
        ]
        assert [each.id for each in memory.find(reverse, items)] == sorted(wanted), (
            f"_has:Observation:{link}:{asked}={text}"
        )


def _names(document: Document, link: str, address: str) -> bool:
    return brute.matches(document, link, None, address)


def _refers(
    document: Document, link: str, target: str, documents: list[Document], asked: tuple[str, str | None, str]
) -> bool:  # fmt: skip
    """To a resource here, or to one that it contains."""
    here = [
        each
        for each in documents
        if each["resourceType"] == target and _names(document, link, f"{target}/{each['id']}")
    ]
    inside = [
        each
        for each in document.get("contained", [])
        if each["resourceType"] == target and _names(document, link, f"#{each['id']}")
    ]
    return any(brute.matches({**each}, *asked) for each in [*here, *inside])


@settings(max_examples=100)
@given(st.integers(0, 2**40))
def test_criteria_that_are_repeated_must_all_hold(seed: int) -> None:
    random = Random(seed)
    type_ = random.choice(FAVOURITES)
    documents = [random_records.resource(random, type_, f"p{number}") for number in range(12)]
    items = [memory.item(document, base=brute.BASE) for document in documents]
    asked = [_plain_query(random, type_) for _ in range(random.randint(2, 3))]
    pairs = [(f"{name}:{modifier}" if modifier else name, text) for name, modifier, text in asked]
    found = [each.id for each in memory.find(read_search(type_, pairs, CONTEXT).plan, items)]
    assert found == sorted(
        each["id"] for each in documents if all(brute.matches(each, *criterion) for criterion in asked)
    )
