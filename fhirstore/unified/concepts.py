"""Coded concepts as they are compared: normalised codes, and the words that stand for them.

http://hl7.org/fhir/DSTU2/datatypes.html#codeableconcept. Two codes of one system are two things unless the table of
equivalents joins them; across systems, and without codes, the same words are the same thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import msgspec

from fhirstore.search.folding import fold, words
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.equivalents import aliases, equivalents
from fhirstore.unified.reading import parts, text

_CODINGS_LIMIT, _CODE_LIMIT, _TEXT_LIMIT = 50, 1000, 300
"""How much of a concept is looked at; so what is remembered of concepts is short."""

# The same system under its object identifier, under addresses that were used before the present one, or by its name.
_SYSTEMS = {
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "http://www.loinc.org": "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "http://snomed.info": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10",
    "urn:oid:2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "http://hl7.org/fhir/sid/icd-10",
    "urn:oid:2.16.840.1.113883.6.103": "http://hl7.org/fhir/sid/icd-9",
    "urn:oid:2.16.840.1.113883.6.42": "http://hl7.org/fhir/sid/icd-9",
    "http://hl7.org/fhir/sid/icd-9-cm": "http://hl7.org/fhir/sid/icd-9",
    "urn:oid:2.16.840.1.113883.12.292": "http://hl7.org/fhir/sid/cvx",
    "http://www2a.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx": "http://hl7.org/fhir/sid/cvx",
    "urn:oid:2.16.840.1.113883.6.69": "http://hl7.org/fhir/sid/ndc",
    "http://www.fda.gov/drugs/informationondrugs": "http://hl7.org/fhir/sid/ndc",
    "urn:oid:2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
    "urn:oid:2.16.840.1.113883.4.9": "http://fdasis.nlm.nih.gov",
    "http://www.snomed.org/snomed-ct": "http://snomed.info/sct",
    "snomed-ct": "http://snomed.info/sct",
    "snomed ct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10",
    "icd-9-cm": "http://hl7.org/fhir/sid/icd-9",
    "cvx": "http://hl7.org/fhir/sid/cvx",
}
_BARE_IDENTIFIER = re.compile(r"[0-2](?:\.[0-9]{1,20}){3,20}")
_HOUSES = tuple(sorted(set(_SYSTEMS.values())))
"""Systems that everybody shares; a record system's own codes leave open what a concept is elsewhere."""

_NAMELESS = (
    "nos unspecified an and by for in of on or the to vaccine formulation allergy dietary view portable component"
)
_FILLERS = frozenset(_NAMELESS.split())
_SAID_OF_NOTHING = re.compile(
    r"\((?:disorder|finding|procedure|substance|situation|observable entity|qualifier value|product|event"
    r"|regime/therapy|organism|morphologic abnormality|body structure|context-dependent category|situation)\)"
    r"|without (?:mention of )?complications?"
)
_X_RAY = re.compile(r"\bx[ -]?rays?\b")
_SAME_WORDS = {
    "gerd": "gastroesophageal reflux disease", "htn": "hypertension", "bp": "blood pressure", "hgb": "hemoglobin",
    "hep": "hepatitis", "temp": "temperature", "ii": "2", "i": "1",
}  # fmt: skip


_SIDES = frozenset({"left", "right", "bilateral"})


class Concept(msgspec.Struct, frozen=True, gc=False):
    """`codes` are "system|code", `names` the words, in any order, by which it is known. Both may be empty."""

    codes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.codes or self.names)

    @property
    def keys(self) -> frozenset[str]:
        return self.codes | self.names


NONE = Concept()


def concept(value: Any) -> Concept:
    """The concept of a CodeableConcept."""
    if not isinstance(value, dict):
        return NONE
    codes, names = set[str](), [text(value, "text")]
    for number, coding in enumerate(parts(value, "coding")):
        if number == _CODINGS_LIMIT:
            break
        system, code = text(coding, "system"), text(coding, "code").strip()
        if code and len(system) + len(code) <= _CODE_LIMIT:
            codes.add(token(system, code))
        names.append(text(coding, "display"))
    return _concept(frozenset(codes), _cut(names))


def named(*names: str) -> Concept:
    """The concept that words alone stand for."""
    return _concept(frozenset(), _cut(names))


def _cut(names: Iterable[str]) -> tuple[str, ...]:
    """Names with what tells that there is more, and no more."""
    return tuple([name[: _TEXT_LIMIT + 1] for name in names])


def sided(value: Concept) -> tuple[Concept, frozenset[str]]:
    """A concept without the sides of the body in its names, and those sides."""
    said = {name: frozenset(name.split()) & _SIDES for name in value.names}
    if not any(said.values()):
        return value, frozenset()
    names = (" ".join(word for word in name.split() if word not in _SIDES) for name in value.names)
    return Concept(value.codes, frozenset(filter(None, names))), frozenset().union(*said.values())


def joined(concepts: Iterable[Concept]) -> Concept:
    """All of several ways to say the same."""
    every = list(concepts)
    return Concept(
        frozenset().union(*(each.codes for each in every)), frozenset().union(*(each.names for each in every))
    )


@lru_cache(maxsize=16384)
def _concept(codes: frozenset[str], names: tuple[str, ...]) -> Concept:
    # A hyphen joins (gastro-esophageal) or parts (self-management): both readings count.
    spelt = (each for name in names for each in {name.replace("-", ""), name.replace("-", " ")})
    known = frozenset(found for name in spelt if (found := plain(name)))
    if not any(code.startswith(_HOUSES) for code in codes):
        codes |= {code for name in known if (code := _aliases().get(name))}
    return Concept(codes, known)


@cache
def _aliases() -> Mapping[str, str]:
    return {plain(name.replace("-", "")): code for name, code in aliases().items()}


@lru_cache(maxsize=4096)
def token(system: str, code: str) -> str:
    """A code with its system, by the name that equivalent codes share."""
    place = system.strip().rstrip("/").lower().replace("https://", "http://", 1)
    if _BARE_IDENTIFIER.fullmatch(place):
        place = f"urn:oid:{place}"
    place = _SYSTEMS.get(place, place)
    if place == "http://hl7.org/fhir/sid/cvx" and code.isdigit():
        code = code.lstrip("0") or "0"
    return equivalents().get(f"{place}|{code}", f"{place}|{code}")


@lru_cache(maxsize=16384)
def plain(name: str) -> str:
    """The words of a name, less those that say nothing, each once and sorted: "Diabetes mellitus, type II" …"""
    if not name or len(name) > _TEXT_LIMIT:
        return fold(name[:_TEXT_LIMIT]) if name else ""
    found = [_SAME_WORDS.get(word, word) for word in words(_said(name))]
    telling = {_singular(word) for each in found for word in each.split()} - _FILLERS
    return " ".join(sorted(telling)) or " ".join(sorted(set(found)))


def _said(name: str) -> str:
    return _X_RAY.sub("xr", _SAID_OF_NOTHING.sub(" ", name.lower()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def agreement(one: Concept, other: Concept) -> Agreement:
    if not one or not other:
        return Agreement.UNKNOWN
    if one.codes & other.codes:
        return Agreement.EQUAL
    if _contradict(one.codes, other.codes):
        return Agreement.DIFFERENT
    if one.names & other.names:
        return Agreement.EQUAL
    return Agreement.UNLIKE if one.names and other.names else Agreement.UNKNOWN


def _contradict(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both have a code of one system, and never the same."""
    mine = {code.rpartition("|")[0] for code in one}
    return any(code.rpartition("|")[0] in mine for code in other)
