"""The catalog answers what the specification's own pages say."""

from __future__ import annotations

import pytest

from fhirstore.dstu2 import catalog


def element(path: str) -> catalog.Element:
    parent, _, _ = path.rpartition(".")
    return next(element for element in catalog.elements(parent) if element.path == path)


def test_there_are_94_concrete_resource_types() -> None:
    types = catalog.resource_types()
    assert len(types) == 94
    assert list(types) == sorted(types)
    assert catalog.is_resource_type("MedicationOrder")
    assert not catalog.is_resource_type("DomainResource")
    assert not catalog.is_resource_type("MedicationRequest")


def test_elements_come_in_official_order_with_the_inherited_ones_first() -> None:
    names = [element.name for element in catalog.elements("Patient")]
    assert names[:8] == [
        "id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension",
    ]  # fmt: skip
    assert names[8:12] == ["identifier", "active", "name", "telecom"]
    assert [element.name for element in catalog.elements("Binary")] == [
        "id", "meta", "implicitRules", "language", "contentType", "content",
    ]  # fmt: skip


def test_a_choice_names_one_json_property_per_type() -> None:
    value = element("Patient.deceased[x]")
    assert value.name == "deceased"
    assert value.choice
    assert value.json_names == {"deceasedBoolean": "boolean", "deceasedDateTime": "dateTime"}


def test_a_constrained_quantity_is_a_quantity_with_a_profile() -> None:
    low = element("Observation.referenceRange.low")
    assert (low.types, low.profile) == (("Quantity",), "SimpleQuantity")
    onset = element("Condition.onset[x]")
    assert onset.json_names["onsetQuantity"] == "Quantity"
    assert onset.profile == "Age"


def test_a_name_reference_tells_whose_children_it_shares() -> None:
    shared = element("Observation.component.referenceRange")
    assert shared.content == "Observation.referenceRange"
    assert shared.types == ("BackboneElement",)
    assert catalog.elements(shared.path) == ()


@pytest.mark.parametrize(
    ("path", "code", "foreign"),
    [
        ("Patient.gender", "female", "F"),
        ("Patient.maritalStatus", "http://hl7.org/fhir/v3/MaritalStatus|M", "M"),
        ("Quantity.comparator", "<=", "="),
        ("Claim.accidentType", "http://hl7.org/fhir/v3/ActCode|MVA", "http://hl7.org/fhir/v3/ActCode|ADM"),
    ],
)
def test_required_bindings_carry_their_codes(path: str, code: str, foreign: str) -> None:
    binding = element(path).binding
    assert binding is not None
    assert binding.strength == "required"
    assert binding.codes is not None
    assert code in binding.codes
    assert foreign not in binding.codes


@pytest.mark.parametrize("path", ["Patient.language", "Attachment.contentType", "Appointment.reason"])
def test_a_value_set_that_cannot_be_enumerated_has_no_codes(path: str) -> None:
    binding = element(path).binding
    assert binding is not None
    assert binding.codes is None


def test_cardinality_targets_flags_and_invariants_are_told() -> None:
    subject = element("Observation.subject")
    assert (subject.min, subject.max, subject.summary) == (0, 1, True)
    assert subject.targets == ("Patient", "Group", "Device", "Location")
    assert element("Patient.name").max is None
    assert element("Patient.link").modifier
    assert element("Patient.contact").constraints == ("pat-1",)
    assert set(catalog.constraints("Observation")) == {"obs-6", "obs-7"}
    assert catalog.severities()["NutritionOrder", "nor-1"] == "warning"


def test_every_type_named_by_an_element_can_be_looked_up() -> None:
    known = catalog.type_names() | catalog.primitive_types()
    for parent in (*catalog.type_names(), "Patient.contact"):
        for child in catalog.elements(parent):
            assert set(child.types) <= known | {"Resource"}, child.path


def test_search_parameters_have_the_corrected_paths_and_those_of_every_resource() -> None:
    found = catalog.search_parameters("AllergyIntolerance")
    assert found["substance"].paths == (
        "AllergyIntolerance.substance",
        "AllergyIntolerance.reaction.substance",
    )
    assert found["patient"].targets == ("Patient",)
    assert found["_lastUpdated"].type == "date"
    assert all(parameter.core for parameter in found.values())


def test_composites_name_their_components_and_families_are_spelt_out() -> None:
    found = catalog.search_parameters("Observation")
    assert found["code-value-quantity"].components == ("code", "value-quantity")
    assert found["component-code-value-concept"].components == ("component-code", "component-value-concept")
    assert "code-value-[x]" not in found
    for name in catalog.resource_types():
        parameters = catalog.search_parameters(name)
        assert all(part in parameters for p in parameters.values() for part in p.components)


def test_compartments_name_the_linking_parameters() -> None:
    assert catalog.compartments() == ("Patient", "Encounter", "RelatedPerson", "Practitioner", "Device")
    assert catalog.compartment("Patient")["Observation"] == ("subject", "performer")
    assert catalog.compartment("Encounter")["Encounter"] == ("{def}",)
    assert "Medication" not in catalog.compartment("Patient")
    assert catalog.compartment("Ward") == {}


def test_operations_tell_where_they_may_be_called() -> None:
    everything = next(o for o in catalog.operations() if o.url.endswith("/Patient-everything"))
    assert (everything.types, everything.instance_level) == (("Patient",), True)
    assert [(p.name, p.use, p.min) for p in everything.parameters][-1] == ("return", "out", 1)
