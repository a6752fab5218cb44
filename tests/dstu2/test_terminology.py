"""What is in a value set, told as far as the code systems at hand reach."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.terminology import (
    BeyondReach,
    Terminology,
    ValueSet,
    read_value_set,
    shipped_urls,
)

FHIR = "http://hl7.org/fhir"
GENDERS = f"{FHIR}/ValueSet/administrative-gender"
ACT_CODE = f"{FHIR}/v3/ActCode"
ACCOUNT_CODES = {"ACCTRECEIVABLE", "CASH", "CC", "PBILLACCT", "AE", "DN", "DV", "MC", "V"}
ANIMALS = "http://example.org/animals"

# Value sets whose official expansion differs, and why.
OFFICIAL_DIFFERENCES = {
    f"{FHIR}/ValueSet/v3-Confidentiality": "leaves out the deprecated codes of the published code system",
}

SHIPPED = Terminology()


def value_set(**members: Any) -> ValueSet:
    return read_value_set({"resourceType": "ValueSet", "status": "draft", **members})


def composed(*include: dict[str, Any], **parts: Any) -> ValueSet:
    return value_set(compose={"include": list(include), **parts})


def animals(**members: Any) -> ValueSet:
    """animal (abstract) > mammal > cat, dog; bird; and one that stands alone."""
    mammal = {"code": "mammal", "concept": [{"code": "cat", "display": "Cat"}, {"code": "dog", "display": "Dog"}]}
    concepts = [{"code": "animal", "abstract": True, "concept": [mammal, {"code": "bird"}]}, {"code": "plush"}]
    system = {"system": ANIMALS, "caseSensitive": True, "concept": concepts, **members}
    return value_set(url=f"{ANIMALS}/vs", codeSystem=system)


def of_animals(*rules: tuple[str, str, str]) -> dict[str, Any]:
    return {"system": ANIMALS, "filter": [dict(zip(("property", "op", "value"), rule, strict=True)) for rule in rules]}


def codes(given: ValueSet, terminology: Terminology = SHIPPED) -> list[str]:
    return [concept.code for concept in terminology.expand(given)]


def shipped(url: str) -> ValueSet:
    found = SHIPPED.value_set(url)
    assert found is not None, url
    return found


def test_nothing_is_read_until_a_value_set_is_asked_for() -> None:
    program = (
        "import fhirstore.app, fhirstore.cli\n"
        "from fhirstore.dstu2.terminology import shipped\n"
        "assert shipped._blocks.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=50)


def test_every_shipped_value_set_can_be_read_and_is_named_by_its_url() -> None:
    assert len(shipped_urls()) == 1016
    assert all(shipped(url).url == url for url in shipped_urls())


def test_unknown_urls_are_not_found_and_not_kept() -> None:
    assert SHIPPED.value_set(f"{FHIR}/ValueSet/none") is None
    assert SHIPPED.code_system("") is None


def test_expansions_are_those_of_the_publication(definitions: Path) -> None:
    with gzip.open(definitions / "definitions" / "expansions.json.gz") as body:
        official = {entry["resource"]["url"]: entry["resource"] for entry in json.load(body)["entry"]}
    assert len(official) == 147
    for url, resource in official.items():
        expected = [(each["system"], each["code"]) for each in resource["expansion"]["contains"]]
        ours = [(concept.system, concept.code) for concept in SHIPPED.expand(shipped(url))]
        if url in OFFICIAL_DIFFERENCES:
            assert set(expected) < set(ours), url
        else:
            assert ours == expected, url


def test_displays_are_those_of_the_official_expansions_where_their_code_systems_are_shipped(definitions: Path) -> None:
    with gzip.open(definitions / "definitions" / "expansions.json.gz") as body:
        for entry in json.load(body)["entry"]:
            ours = SHIPPED.expand(shipped(entry["resource"]["url"]))
            displays = {(concept.system, concept.code): concept.display for concept in ours}
            for each in entry["resource"]["expansion"]["contains"]:
                if SHIPPED.code_system(each["system"]):
                    assert displays[each["system"], each["code"]] == " ".join(each["display"].split())


def test_the_codes_of_required_bindings_are_what_their_value_sets_expand_to() -> None:
    checked = 0
    for type in catalog.resource_types():
        for element in catalog.elements(type):
            binding = element.binding
            if binding and binding.codes and (known := SHIPPED.value_set(binding.value_set)):
                allowed = {concept.code for concept in SHIPPED.expand(known)}
                assert {code.rpartition("|")[2] for code in binding.codes} <= allowed, element.path
                checked += 1
    assert checked > 100


def test_a_filter_takes_a_concept_and_all_below_it_and_an_exclude_takes_some_away_again() -> None:
    supplies = shipped(f"{FHIR}/ValueSet/v3-ActPharmacySupplyType")
    found = codes(supplies)
    assert "_ActPharmacySupplyType" not in found
    assert {"DF", "FF", "FFC", "RF"} <= set(found)
    assert SHIPPED.find(supplies, ACT_CODE, "FFC")
    assert SHIPPED.find(supplies, ACT_CODE, "_ActPharmacySupplyType") is None
    assert SHIPPED.find(supplies, ACT_CODE, "CASH") is None


def test_imports_are_part_of_a_value_set() -> None:
    answers = shipped(f"{FHIR}/ValueSet/yesnodontknow")
    found = [(concept.system.removeprefix(FHIR), concept.code, concept.display) for concept in SHIPPED.expand(answers)]
    assert found == [
        ("/v2/0136", "N", "No"),
        ("/v2/0136", "Y", "Yes"),
        ("/data-absent-reason", "asked", "Don't know"),
    ]
    assert SHIPPED.find(answers, f"{FHIR}/v2/0136", "Y")
    assert SHIPPED.find(answers, f"{FHIR}/data-absent-reason", "unknown") is None


def test_hierarchies_go_up_and_down_and_over_additional_parents() -> None:
    act_codes = SHIPPED.code_system(ACT_CODE)
    assert act_codes is not None
    assert set(act_codes.below("_ActAccountCode")) == {"_ActAccountCode"} | ACCOUNT_CODES
    assert act_codes.above("AE") == ("AE", "CC", "_ActAccountCode")
    # Its place is below _ActCoverageQuantityLimitCode; COVMX says besides that it subsumes it.
    assert set(act_codes.above("LFEMX")) >= {"_ActCoverageQuantityLimitCode", "COVMX", "_ActCoverageLimitCode"}
    assert "LFEMX" in act_codes.below("COVMX")


def test_abstract_concepts_are_told_apart() -> None:
    act_codes = SHIPPED.code_system(ACT_CODE)
    assert act_codes is not None
    assert [act_codes.find(code).abstract for code in ("_ActAccountCode", "CASH")] == [True, False]  # type: ignore[union-attr]


def test_case_does_not_matter_where_the_code_system_says_so() -> None:
    yes_no = shipped(f"{FHIR}/ValueSet/v2-0136")
    assert SHIPPED.find(yes_no, f"{FHIR}/v2/0136", "y").code == "Y"  # type: ignore[union-attr]
    assert SHIPPED.find(shipped(GENDERS), f"{FHIR}/administrative-gender", "Male") is None
    all_of_it = {"system": f"{FHIR}/v2/0136"}
    excluding = composed(all_of_it, exclude=[{**all_of_it, "concept": [{"code": "y"}]}])
    assert codes(excluding) == ["N"]
    assert SHIPPED.find(excluding, f"{FHIR}/v2/0136", "Y") is None


def test_of_codes_that_differ_in_case_alone_the_exact_one_is_found() -> None:
    bookings = SHIPPED.code_system(f"{FHIR}/v2/0278")
    assert bookings is not None
    assert [bookings.find(code).code for code in ("Booked", "BOOKED")] == ["Booked", "BOOKED"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (("concept", "is-a", "mammal"), ["mammal", "cat", "dog"]),
        (("code", "is-a", "cat"), ["cat"]),
        (("concept", "is-not-a", "mammal"), ["animal", "bird", "plush"]),
        (("concept", "=", "bird"), ["bird"]),
        (("concept", "in", "bird, dog"), ["dog", "bird"]),
        (("concept", "not-in", "cat,dog"), ["animal", "mammal", "bird", "plush"]),
        (("parent", "=", "animal"), ["mammal", "bird"]),
    ],
)
def test_each_filter_that_is_supported_selects_its_concepts(rule: tuple[str, str, str], expected: list[str]) -> None:
    terminology = Terminology([animals()])
    given = composed(of_animals(rule))
    assert codes(given, terminology) == expected
    every = {"animal", "mammal", "cat", "dog", "bird", "plush"}
    assert {code for code in every if terminology.find(given, ANIMALS, code)} == set(expected)


@pytest.mark.parametrize(
    "rule",
    [
        ("concept", "regex", "(a+)+$"),
        ("colour", "=", "black"),
        ("concept", "is-a", "unicorn"),
        ("concept", "none", "cat"),
    ],
)
def test_a_filter_that_is_not_supported_is_refused_and_not_passed_over(rule: tuple[str, str, str]) -> None:
    terminology = Terminology([animals()])
    with pytest.raises(BeyondReach, match="A filter"):
        terminology.expand(composed(of_animals(rule)))
    with pytest.raises(BeyondReach, match="A filter"):
        terminology.find(composed(of_animals(rule)), ANIMALS, "cat")


def test_all_filters_of_an_include_must_be_kept_and_includes_add_up() -> None:
    both = of_animals(("concept", "is-a", "animal"), ("concept", "is-not-a", "mammal"))
    found = codes(composed(both, of_animals(("concept", "=", "cat"))), Terminology([animals()]))
    assert found == ["animal", "bird", "cat"]


def test_listed_concepts_keep_their_order_and_their_own_words() -> None:
    listed = [{"code": "dog", "display": "Hound"}, {"code": "cat"}, {"code": "dog"}]
    found = Terminology([animals()]).expand(composed({"system": ANIMALS, "concept": listed}))
    assert [(concept.code, concept.display) for concept in found] == [("dog", "Hound"), ("cat", "Cat")]


def test_a_whole_system_can_be_excluded_even_one_that_is_not_held() -> None:
    included = {"system": "http://snomed.info/sct", "concept": [{"code": "1"}]}
    given = composed(included, {"system": ANIMALS}, exclude=[{"system": "http://snomed.info/sct"}])
    terminology = Terminology([animals()])
    assert "1" not in codes(given, terminology)
    assert terminology.find(given, "http://snomed.info/sct", "1") is None
