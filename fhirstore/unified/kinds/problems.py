"""Problems, allergies and illnesses of the family: http://hl7.org/fhir/DSTU2/condition.html and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable

from fhirstore.unified import concepts
from fhirstore.unified.agreement import CONTRARY, UNKNOWN, Agreement, Comparison, Likeness
from fhirstore.unified.concepts import Concept, concept, joined, sided
from fhirstore.unified.drugs import drug
from fhirstore.unified.facts import Fact, Resolve, Stated, Trait, agree, contradict
from fhirstore.unified.kinds.kind import DAILY, Kind, identified, is_void, label_of, standing, subject_of, time_in_words
from fhirstore.unified.moments import Moment, Timing, date_of, moment_of, timing
from fhirstore.unified.names import compare_names, human_names
from fhirstore.unified.reading import Document, parts, text

_OVER = frozenset({"resolved", "remission", "inactive"})


def _read_condition(document: Document, resolve: Resolve) -> Stated:
    code, side = sided(concept(document.get("code")))
    traits: list[tuple[str, Trait]] = [("site", joined(concept(each) for each in parts(document, "bodySite")))]
    traits.append(("side", side))
    whens = ((name, date_of(document, name)) for name in ("dateRecorded", "abatement"))
    traits += ((name, when) for name, when in whens if when is not None)
    if text(document, "verificationStatus") == "refuted":
        traits.append(("refuted", True))
    status = text(document, "clinicalStatus")
    over = status in _OVER or any(name.startswith("abatement") for name in document)
    return Stated(
        code=code,
        moment=date_of(document, "onset"),
        traits=(*traits, ("over", over)),
        about=subject_of(document),
        status=status,
        label=label_of(document, "code"),
        void=is_void(document, "verificationStatus"),
    )


def _compare_conditions(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    same = concepts.agreement(a.code, b.code)
    if same is Agreement.DIFFERENT or contradict(a, b, "site", "side") or a.trait("refuted") != b.trait("refuted"):
        return CONTRARY
    if one.identifiers & other.identifiers and same is not Agreement.UNLIKE:
        return identified(one, other)
    began = timing(a.moment, b.moment)
    if began is Timing.DIFFERENT or (began < Timing.DAY and contradict(a, b, "abatement")):
        return CONTRARY
    if same is not Agreement.EQUAL:
        return UNKNOWN
    if bool(a.trait("side")) != bool(b.trait("side")) and not a.code.codes & b.code.codes:
        return _of_one_side(began)
    if began in DAILY:
        return Comparison(DAILY[began], f"same condition, begun {time_in_words(began)}")
    return _without_onset(a, b)


def _of_one_side(began: Timing) -> Comparison:
    """Where one tells the side of the body and the other does not, nothing but the day makes them one."""
    if began < Timing.DAY:
        return UNKNOWN
    return Comparison(Likeness.WEAK, f"same condition, of which one tells the side, begun {time_in_words(began)}")


def _without_onset(a: Stated, b: Stated) -> Comparison:
    """Where it is not told when it began, its end may tell; and what lasts in both is one and the same."""
    if agree(a.trait("abatement"), b.trait("abatement")) is Agreement.EQUAL:
        return Comparison(Likeness.FAIR, "same condition, ended at the same time")
    if agree(a.trait("dateRecorded"), b.trait("dateRecorded")) is Agreement.EQUAL:
        return Comparison(Likeness.FAIR, "same condition, recorded on the same day")
    if _is_recorded_during(a, b) or _is_recorded_during(b, a):
        return Comparison(Likeness.WEAK, "same condition, recorded in one while it lasted in the other")
    if not a.trait("over") and not b.trait("over"):
        return Comparison(Likeness.WEAK, "same condition, not over in either")
    return UNKNOWN


def _is_recorded_during(a: Stated, b: Stated) -> bool:
    recorded, ended = a.trait("dateRecorded"), b.trait("abatement")
    if a.moment is not None or b.moment is None or not isinstance(recorded, Moment) or not isinstance(ended, Moment):
        return False
    return b.moment.local_low <= recorded.local_low < ended.local_high


def _read_allergy(document: Document, resolve: Resolve) -> Stated:
    substance = document.get("substance")
    # Many are drugs, under one name or the other.
    code = joined((concept(substance), Concept(names=drug(substance).concept.names)))
    return Stated(
        code=code,
        moment=date_of(document, "onset"),
        traits=(("refuted", text(document, "status") == "refuted"),),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "substance"),
        void=is_void(document),
    )


def _compare_allergies(one: Fact, other: Fact) -> Comparison:
    """An allergy is the same whenever it was noted."""
    a, b = one.stated, other.stated
    same = concepts.agreement(a.code, b.code)
    if same is Agreement.DIFFERENT or contradict(a, b, "refuted"):
        return CONTRARY
    if one.identifiers & other.identifiers and same is not Agreement.UNLIKE:
        return identified(one, other)
    return Comparison(Likeness.FAIR, "allergic to the same") if same is Agreement.EQUAL else UNKNOWN


def _read_relative(document: Document, resolve: Resolve) -> Stated:
    ills = [concept(each.get("code")) for each in parts(document, "condition")]
    names = human_names({"name": {"text": text(document, "name")}})
    return Stated(
        code=concept(document.get("relationship")),
        moment=moment_of(document, "born"),
        values=tuple((ill, True) for ill in ills[:50]),
        traits=(("name", frozenset(name.key for name in names)),),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "relationship"),
        void=is_void(document),
    )


def _compare_relatives(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    same = concepts.agreement(a.code, b.code)
    ills, name = _shared_ills(a, b), _compare_relatives_names(a, b)
    if same is not Agreement.EQUAL or timing(a.moment, b.moment) is Timing.DIFFERENT:
        return UNKNOWN if same is Agreement.UNKNOWN else CONTRARY
    if one.identifiers & other.identifiers:
        return identified(one, other)
    if Agreement.DIFFERENT in {ills, name}:
        return CONTRARY
    if name >= Agreement.CLOSE:
        return Comparison(Likeness.FAIR, "same relative by name")
    if ills is Agreement.EQUAL:
        return Comparison(Likeness.WEAK, "same relative with the same conditions")
    return UNKNOWN


def _compare_relatives_names(a: Stated, b: Stated) -> Agreement:
    mine, theirs = a.trait("name"), b.trait("name")
    assert isinstance(mine, frozenset)
    assert isinstance(theirs, frozenset)
    return compare_names(mine, theirs)


def _shared_ills(a: Stated, b: Stated) -> Agreement:
    """Whether the shorter list of conditions is part of the longer."""
    fewer, more = sorted(([ill for ill, _ in each.values] for each in (a, b)), key=len)
    if not fewer:
        return Agreement.UNKNOWN
    best = [max(concepts.agreement(ill, there) for there in more) for ill in fewer]
    if all(each is Agreement.EQUAL for each in best):
        return Agreement.EQUAL
    return Agreement.DIFFERENT if all(each < Agreement.UNKNOWN for each in best) else Agreement.UNKNOWN


def _relative_keys(stated: Stated) -> Iterable[str]:
    return stated.code.keys


CONDITION = Kind(_read_condition, _compare_conditions, standing)
ALLERGY = Kind(_read_allergy, _compare_allergies, standing)
RELATIVE = Kind(_read_relative, _compare_relatives, _relative_keys)
