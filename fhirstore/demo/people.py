"""The made-up person as three sources know her, and those who look after her."""

from __future__ import annotations

from collections.abc import Iterator

from fhirstore.demo.building import HOSPITAL, PRACTICE, WEARABLE, Resource, concept, reference, resource

BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/birthPlace"
FAMILY_DOCTOR = reference("Practitioner/practice-amara", "Dr. Amara Osei")
SURGEON = reference("Practitioner/hospital-lindgren", "Dr. Piet Lindgren")
THE_PRACTICE = reference("Organization/practice-organization", PRACTICE.name)
THE_HOSPITAL = reference("Organization/hospital-organization", HOSPITAL.name)


def people() -> Iterator[Resource]:
    yield from _person()
    yield _organization_of_practice()
    yield _organization_of_hospital()
    yield resource(
        PRACTICE, "Practitioner", "amara", name={"prefix": ["Dr."], "given": ["Amara"], "family": ["Osei"]},
        practitionerRole=[{"managingOrganization": THE_PRACTICE, "role": concept(
            "http://hl7.org/fhir/practitioner-role", "doctor", "Doctor", "Family doctor")}],
    )  # fmt: skip
    yield resource(
        HOSPITAL, "Practitioner", "lindgren", name={"prefix": ["Dr."], "given": ["Piet"], "family": ["Lindgren"]},
        practitionerRole=[{"managingOrganization": THE_HOSPITAL, "role": concept(
            "http://hl7.org/fhir/practitioner-role", "doctor", "Doctor", "Surgeon")}],
    )  # fmt: skip
    yield resource(
        PRACTICE, "FamilyMemberHistory", "mother", patient=PRACTICE.patient, status="completed",
        relationship=concept("http://hl7.org/fhir/familial-relationship", "MTH", "mother", "Mother"),
        condition=[{"code": concept("http://snomed.info/sct", "44054006", "Diabetes mellitus type 2",
                                    "Type 2 diabetes")}],
    )  # fmt: skip


def _person() -> Iterator[Resource]:
    """One person, told three times: phones, first names and the place of birth are not the same everywhere."""
    yield resource(
        HOSPITAL, "Patient", "patient", active=True, gender="female", birthDate="1968-03-14",
        identifier=[{"system": "https://hospital.example/mrn", "value": "HB-204417"}],
        name=[{"use": "official", "family": ["Álvarez Koch"], "given": ["Marta", "Elena"]}],
        telecom=[{"system": "phone", "value": "+34 600 555 014", "use": "mobile"}],
        address=[{"use": "home", "line": ["Calle del Puente 7"], "city": "Vitoria", "postalCode": "01005",
                  "country": "ES"}],
        extension=[{"url": BIRTH_PLACE, "valueAddress": {"city": "Vitoria", "country": "ES"}}],
        maritalStatus=concept("http://hl7.org/fhir/v3/MaritalStatus", "M", "Married"),
        contact=[{"relationship": [concept("http://hl7.org/fhir/patient-contact-relationship", "partner", "Partner")],
                  "name": {"given": ["Jonas"], "family": ["Koch"]},
                  "telecom": [{"system": "phone", "value": "+34 600 555 020"}]}],
        managingOrganization=THE_HOSPITAL,
    )  # fmt: skip
    yield resource(
        PRACTICE, "Patient", "patient", active=True, gender="female", birthDate="1968-03-14",
        identifier=[{"system": "https://practice.example/patients", "value": "5531"}],
        name=[{"use": "official", "family": ["Álvarez"], "given": ["Marta"], "prefix": ["Ms."]}],
        telecom=[{"system": "phone", "value": "+34 945 555 190", "use": "home"},
                 {"system": "email", "value": "marta@mail.example"}],
        address=[{"use": "home", "line": ["Calle del Puente 7"], "city": "Vitoria", "postalCode": "01005",
                  "country": "ES"}],
        extension=[{"url": BIRTH_PLACE, "valueAddress": {"city": "Bilbao", "country": "ES"}}],
        careProvider=[FAMILY_DOCTOR],
    )  # fmt: skip
    yield resource(
        WEARABLE, "Patient", "patient", gender="female", birthDate="1968-03-14",
        identifier=[{"system": "https://wearable.example/accounts", "value": "marta.runs"}],
        name=[{"use": "usual", "given": ["Marta"], "family": ["Alvarez"]}],
        telecom=[{"system": "email", "value": "marta@mail.example"}],
    )  # fmt: skip


def _organization_of_practice() -> Resource:
    return resource(
        PRACTICE, "Organization", "organization", name=PRACTICE.name,
        telecom=[{"system": "phone", "value": "+34 945 555 100"}],
    )  # fmt: skip


def _organization_of_hospital() -> Resource:
    return resource(
        HOSPITAL, "Organization", "organization", name=HOSPITAL.name,
        telecom=[{"system": "phone", "value": "+34 945 555 700"}],
        address=[{"line": ["Avenida Sur 120"], "city": "Vitoria", "country": "ES"}],
    )  # fmt: skip
