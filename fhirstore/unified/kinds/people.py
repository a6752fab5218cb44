"""Persons and houses: Patient, Practitioner, Organization. http://hl7.org/fhir/DSTU2/patient.html

Relatives share names, addresses, telephones and numbers of insurance; twins share the birth date too. So nothing but
the whole makes two Patients one, and a given name that differs always speaks against it. Family names change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fhirstore.unified.agreement import CONTRARY, UNKNOWN, Agreement, Comparison, Likeness
from fhirstore.unified.concepts import concept, named
from fhirstore.unified.facts import LINKED, Fact, Resolve, Stated, Trait, agree, contradict
from fhirstore.unified.kinds.kind import Kind, identified
from fhirstore.unified.moments import Moment, moment
from fhirstore.unified.names import (
    HumanName,
    are_written_out,
    compare_given_names,
    compare_names,
    contacts,
    human_names,
)
from fhirstore.unified.reading import Document, chosen, parts, reference, text, texts

_NPI = "http://hl7.org/fhir/sid/us-npi"
_NPIS = frozenset({_NPI, "urn:oid:2.16.840.1.113883.4.6"})
_MICROSECONDS_A_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()


def _read_patient(document: Document, resolve: Resolve) -> Stated:
    names = human_names(document)
    born = moment(text(document, "birthDate"))
    gender = text(document, "gender")
    _, birth_order = chosen(document, "multipleBirth")
    traits: list[tuple[str, Trait]] = [("name", _name_trait(names)), ("contact", contacts(document))]
    if gender in {"male", "female"}:
        traits.append(("gender", gender))
    links = frozenset(reference(each, "other") for each in parts(document, "link")) - {""}
    if links:
        traits.append((LINKED, links))
    if isinstance(birth_order, int) and not isinstance(birth_order, bool):
        traits.append(("birth order", str(birth_order)))
    return Stated(
        moment=born,
        traits=tuple(traits),
        label=next((name.shown for name in names), ""),
        void=text(document, "status") == "entered-in-error",
    )


def _name_trait(names: Iterable[HumanName]) -> frozenset[str]:
    """Names as texts that `compare_names` reads: "family family|given given|suffix"."""
    return frozenset(name.key for name in names)


def _names(stated: Stated) -> frozenset[str]:
    found = stated.trait("name")
    return found if isinstance(found, frozenset) else frozenset()


def _contact(stated: Stated) -> frozenset[str]:
    found = stated.trait("contact")
    return found if isinstance(found, frozenset) else frozenset()


def _compare_patients(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    name, born = compare_names(_names(a), _names(b)), agree(a.moment, b.moment)
    gender = agree(a.trait("gender"), b.trait("gender"))
    if contradict(a, b, "birth order"):
        return CONTRARY
    if name is Agreement.DIFFERENT:
        return _renamed(one, other, born, gender)
    if one.identifiers & other.identifiers and name is not Agreement.UNKNOWN:
        return _identified_patients(one, other, name, born, gender)
    if born is Agreement.DIFFERENT or gender is Agreement.DIFFERENT:
        slip = name is Agreement.EQUAL and gender is not Agreement.DIFFERENT and _mistyped(a.moment, b.moment)
        return UNKNOWN if slip else CONTRARY  # a third may know a number of both
    contact = bool(_contact(a) & _contact(b))
    telling = "name and birth date" + (", same gender" if gender is Agreement.EQUAL else "")
    if name is Agreement.EQUAL and born is Agreement.EQUAL:
        return Comparison(Likeness.STRONG, f"same {telling}")
    if name is Agreement.CLOSE and born is Agreement.EQUAL:
        surer = contact and are_written_out(_names(a)) and are_written_out(_names(b))
        return Comparison(Likeness.FAIR if surer else Likeness.WEAK, "same birth date, and the names agree")
    if name is Agreement.EQUAL and (born is Agreement.CLOSE or contact):
        return Comparison(
            Likeness.WEAK, "same name" + (" and address or telephone" if contact else " and year of birth")
        )
    return UNKNOWN


def _renamed(one: Fact, other: Fact, born: Agreement, gender: Agreement) -> Comparison:
    """A family name may have changed: all else must be the same, and a number or a telephone besides."""
    a, b = one.stated, other.stated
    given = compare_given_names(_names(a), _names(b))
    if given < Agreement.CLOSE or born is not Agreement.EQUAL or gender is Agreement.DIFFERENT:
        return CONTRARY
    shared = len(_contact(a) & _contact(b)) + 2 * len(one.identifiers & other.identifiers)
    if given is not Agreement.EQUAL or shared < (1 if gender is Agreement.EQUAL else 2):
        return UNKNOWN  # a third may have both names
    means = "a number" if one.identifiers & other.identifiers else "an address or telephone"
    return Comparison(Likeness.WEAK, f"same given name and birth date, and {means}, by another family name")


def _identified_patients(one: Fact, other: Fact, name: Agreement, born: Agreement, gender: Agreement) -> Comparison:
    """A number may be the family's. What was typed wrongly in one place may differ, if all the rest agrees."""
    if born is Agreement.DIFFERENT:
        slip = name is Agreement.EQUAL and gender is not Agreement.DIFFERENT
        if not slip or not _mistyped(one.stated.moment, other.stated.moment):
            return CONTRARY
    if gender is Agreement.DIFFERENT and not (name is Agreement.EQUAL and born is Agreement.EQUAL):
        return CONTRARY
    return identified(one, other)


def _mistyped(one: Moment | None, other: Moment | None) -> bool:
    """Whether two days differ in the year, the month or the day alone, or have month and day exchanged."""
    if one is None or other is None or not (one.dated and other.dated):
        return False
    first, second = (date.fromordinal(each.local_low // _MICROSECONDS_A_DAY + _EPOCH) for each in (one, other))
    a, b = (first.year, first.month, first.day), (second.year, second.month, second.day)
    differing = [x != y for x, y in zip(a, b, strict=True)]
    if differing[0]:
        return sum(differing) == 1 and abs(a[0] - b[0]) in {1, 10, 100}
    return sum(differing) == 1 or (a[1], a[2]) == (b[2], b[1])


def _patient_keys(stated: Stated) -> Iterable[str]:
    if stated.moment is not None:
        yield f"born {stated.moment.local_low // _MICROSECONDS_A_DAY}"
    for name in _names(stated):
        yield f"name {name}"
        yield from (f"family {word}" for word in name.partition("|")[0].split())


def _read_practitioner(document: Document, resolve: Resolve) -> Stated:
    names = human_names(document)
    numbers = frozenset(text(each, "value") for each in parts(document, "identifier") if text(each, "system") in _NPIS)
    special = [concept(each) for role in parts(document, "practitionerRole") for each in parts(role, "specialty")]
    traits: list[tuple[str, Trait]] = [("name", _name_trait(names)), ("number", numbers)]
    if special:
        traits.append(("specialty", special[0]))
    return Stated(traits=tuple(traits), label=next((name.shown for name in names), ""))


def _compare_practitioners(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    name = compare_names(_names(a), _names(b))
    if contradict(a, b, "number") or name is Agreement.DIFFERENT:
        return CONTRARY
    if one.identifiers & other.identifiers:
        return identified(one, other)
    special = agree(a.trait("specialty"), b.trait("specialty"))
    if special < Agreement.UNKNOWN and name is not Agreement.EQUAL:
        return CONTRARY
    if name is Agreement.EQUAL:
        return Comparison(Likeness.FAIR, "same name")
    return Comparison(Likeness.WEAK, "the names agree") if name is Agreement.CLOSE else UNKNOWN


def _practitioner_keys(stated: Stated) -> Iterable[str]:
    return (f"family {word}" for name in _names(stated) for word in name.partition("|")[0].split())


def _read_organization(document: Document, resolve: Resolve) -> Stated:
    name = text(document, "name")
    places = frozenset(named(line).names for each in parts(document, "address") for line in texts(each, "line"))
    lines = frozenset[str]().union(*places)
    return Stated(code=named(name.lower().replace("st.", "saint ")), traits=(("address", lines),), label=name)


def _compare_organizations(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    if agree(a.code, b.code) is not Agreement.EQUAL:
        return UNKNOWN if agree(a.code, b.code) is Agreement.UNKNOWN else CONTRARY
    if one.identifiers & other.identifiers:
        return identified(one, other)
    if contradict(a, b, "address"):
        return UNKNOWN
    return Comparison(Likeness.FAIR, "same name")


PATIENT = Kind(_read_patient, _compare_patients, _patient_keys)
PRACTITIONER = Kind(_read_practitioner, _compare_practitioners, _practitioner_keys)
ORGANIZATION = Kind(_read_organization, _compare_organizations, lambda stated: stated.code.keys)
