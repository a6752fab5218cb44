"""The invariants of clinical and administrative resources. http://hl7.org/fhir/DSTU2/resourcelist.html"""

from __future__ import annotations

from typing import Any

from fhirstore.dstu2.invariants.datatypes import UCUM, in_order
from fhirstore.dstu2.invariants.rule import Element, Table, at_most_one, each, has, has_choice, unique


def codings_of(element: Element) -> set[tuple[str, str]]:
    """(system, code) of each coding of `code` that has both."""
    codings = element.get("code", {}).get("coding", ())
    return {(c["system"], c["code"]) for c in codings if "system" in c and "code" in c}


def components_have_other_codes(observation: Element) -> bool:
    if "component" not in observation:
        return True
    own = codings_of(observation)
    return all(own.isdisjoint(codings_of(component)) for component in observation["component"])


def not_given_has_no_effects(immunization: Element) -> bool:
    explained = has(immunization.get("explanation", {}), "reason")
    return immunization.get("wasNotGiven") is not True or not (has(immunization, "reaction") or explained)


def given_has_no_refusal(immunization: Element) -> bool:
    refused = has(immunization.get("explanation", {}), "reasonNotGiven")
    return immunization.get("wasNotGiven") is not False or not refused


def bounds_are_percentages(probability: Any) -> bool:
    """Of a Range only: the choice may be a decimal or a concept."""
    if not isinstance(probability, dict):
        return True
    bounds = [probability[name] for name in ("low", "high") if name in probability]
    return all(bound.get("code") == "%" and bound.get("system") == UCUM for bound in bounds)


def is_at_most_100(probability: Any) -> bool:
    """Of a decimal only; as published it also tests the text of a Range, which has none."""
    return isinstance(probability, (dict, str)) or probability <= 100


def link_ids_are_unique(questionnaire: Element) -> bool:
    found: list[str] = []
    pending = [questionnaire.get("group", {})]
    while pending:
        element = pending.pop()
        if "linkId" in element:
            found.append(element["linkId"])
        pending += [*each(element, "group"), *each(element, "question")]
    return unique(found)


def not_home(element: Element) -> bool:
    return bool(element.get("use") != "home")


RULES: Table = {
    ("Appointment", "app-2"): (lambda a: has(a, "start") == has(a, "end"), "start and end stand together"),
    ("Appointment", "app-3"): (
        lambda a: (has(a, "start") and has(a, "end")) or a.get("status") in {"proposed", "cancelled"},
        "only a proposed or cancelled appointment lacks start and end",
    ),
    ("Appointment.participant", "app-1"): (
        lambda p: has(p, "type", "actor"),
        "a participant needs type or actor",
    ),
    ("AppointmentResponse", "apr-1"): (
        lambda r: has(r, "participantType", "actor"),
        "participantType or actor is needed",
    ),
    ("CarePlan.activity", "cpl-3"): (
        lambda a: at_most_one(a, "detail", "reference"),
        "detail excludes reference",
    ),
    ("Condition.stage", "con-1"): (
        lambda s: has(s, "summary", "assessment"),
        "a stage needs summary or assessment",
    ),
    ("Condition.evidence", "con-2"): (lambda e: has(e, "code", "detail"), "evidence needs code or detail"),
    ("FamilyMemberHistory", "fhs-1"): (
        lambda f: not (has_choice(f, "age") and has_choice(f, "born")),
        "age excludes birth",
    ),
    ("Group", "grp-1"): (
        lambda g: g.get("actual") is True or not has(g, "member"),
        "only an actual group has members",
    ),
    ("Immunization", "imm-1"): (not_given_has_no_effects, "what was not given has no reaction and no reason"),
    ("Immunization", "imm-2"): (given_has_no_refusal, "what was given has no reasonNotGiven"),
    ("Media", "mda-1"): (lambda m: m.get("type") != "audio" or not has(m, "height"), "a sound has no height"),
    ("Media", "mda-2"): (lambda m: m.get("type") != "audio" or not has(m, "width"), "a sound has no width"),
    ("Media", "mda-3"): (
        lambda m: m.get("type") == "photo" or not has(m, "frames"),
        "only a photo has frames",
    ),
    ("Media", "mda-4"): (
        lambda m: m.get("type") != "photo" or not has(m, "duration"),
        "a photo has no duration",
    ),
    ("MedicationAdministration", "mad-2"): (
        lambda m: not has(m, "reasonNotGiven") or m.get("wasNotGiven") is not False,
        "what was given has no reasonNotGiven",
    ),
    ("MedicationAdministration", "mad-3"): (
        lambda m: not has(m, "reasonGiven") or m.get("wasNotGiven") is not True,
        "what was not given has no reasonGiven",
    ),
    ("MedicationAdministration.dosage", "mad-1"): (
        lambda d: has(d, "quantity") or has_choice(d, "rate"),
        "a dosage needs quantity or rate",
    ),
    ("MedicationDispense", "mdd-1"): (
        lambda m: in_order(m.get("whenPrepared"), m.get("whenHandedOver")),
        "whenHandedOver is not before whenPrepared",
    ),
    ("MedicationStatement", "mst-1"): (
        lambda m: not has(m, "reasonNotTaken") or m.get("wasNotTaken") is not False,
        "what was taken has no reasonNotTaken",
    ),
    ("MedicationStatement", "mst-2"): (
        lambda m: not has_choice(m, "reasonForUse") or m.get("wasNotTaken") is not True,
        "what was not taken has no reasonForUse",
    ),
    ("NutritionOrder", "nor-1"): (
        lambda n: has(n, "oralDiet", "supplement", "enteralFormula"),
        "an order has an oralDiet, a supplement or an enteralFormula",
    ),
    ("Observation", "obs-6"): (
        lambda o: not has(o, "dataAbsentReason") or not has_choice(o, "value"),
        "dataAbsentReason excludes a value",
    ),
    ("Observation", "obs-7"): (
        components_have_other_codes,
        "a component's code is not the observation's own",
    ),
    ("Observation.referenceRange", "obs-3"): (
        lambda r: has(r, "low", "high", "text"),
        "a reference range needs low, high or text",
    ),
    ("Order.when", "ord-1"): (lambda w: has(w, "code") != has(w, "schedule"), "either code or schedule"),
    ("Organization", "org-1"): (lambda o: has(o, "identifier", "name"), "identifier or name is needed"),
    ("Organization.address", "org-2"): (not_home, "an organization's address is not of use home"),
    ("Organization.telecom", "org-3"): (not_home, "an organization's telecom is not of use home"),
    ("Patient.contact", "pat-1"): (
        lambda c: has(c, "name", "telecom", "address", "organization"),
        "a contact needs details or an organization",
    ),
    ("Procedure", "pro-1"): (
        lambda p: not has(p, "reasonNotPerformed") or p.get("notPerformed") is True,
        "reasonNotPerformed needs notPerformed",
    ),
    ("Questionnaire", "que-2"): (link_ids_are_unique, "link ids are unique"),
    ("Questionnaire", "que-3"): (
        lambda q: q.get("group", {}).get("required") is True,
        "the root group is required",
    ),
    ("Questionnaire.group", "que-1"): (
        lambda g: at_most_one(g, "group", "question"),
        "groups exclude questions",
    ),
    ("Questionnaire.group.question", "que-4"): (
        lambda q: at_most_one(q, "options", "option"),
        "options excludes option",
    ),
    ("QuestionnaireResponse.group", "qrs-1"): (
        lambda g: at_most_one(g, "group", "question"),
        "groups exclude questions",
    ),
    ("RiskAssessment.prediction.probability[x]", "ras-1"): (
        bounds_are_percentages,
        "low and high are percentages",
    ),
    ("RiskAssessment.prediction.probability[x]", "ras-2"): (is_at_most_100, "a probability is at most 100"),
}
