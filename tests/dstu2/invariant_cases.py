"""For every official invariant, what breaks it and what keeps it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

UCUM = "http://unitsofmeasure.org"
EURO = "urn:iso:std:iso:4217"
CODING = {"system": "http://loinc.org", "code": "8480-6"}
TYPE = "http://hl7.org/fhir/StructureDefinition/"
CONCEPT = {"text": "x"}
REFERENCE = {"display": "x"}

CAPABILITY = ({"capability": [{"description": "x"}]}, {"capability": [{"required": True}]})
ACTION: tuple[Any, Any] = ({"operation": {}, "assert": {}}, {"operation": {}})
TARGET = ({"targetId": "a", "url": "b"}, {"targetId": "a"})
COMPARISON = ({"compareToSourceId": "a"}, {"compareToSourceId": "a", "compareToSourcePath": "b"})
SINGLE = ({"contentType": "xml", "path": "a"}, {"path": "a"})
CODE_AND_SYSTEM = ({"code": "kg"}, {"code": "kg", "system": UCUM})

# (path, key): what breaks the rule, what keeps it.
CASES: dict[tuple[str, str], tuple[Any, Any]] = {
    ("Age", "age-1"): ({"value": -1, "code": "a"}, {"value": 1, "code": "a", "system": UCUM}),
    ("Age", "qty-3"): CODE_AND_SYSTEM,
    ("Appointment", "app-2"): ({"start": "x"}, {"start": "x", "end": "y"}),
    ("Appointment", "app-3"): ({"status": "booked"}, {"status": "proposed"}),
    ("Appointment.participant", "app-1"): ({"status": "accepted"}, {"actor": REFERENCE}),
    ("AppointmentResponse", "apr-1"): ({"comment": "x"}, {"actor": REFERENCE}),
    ("Attachment", "att-1"): ({"data": "AAAA"}, {"data": "AAAA", "contentType": "image/png"}),
    ("AuditEvent.object", "sev-1"): ({"name": "x", "query": "AAAA"}, {"name": "x"}),
    ("Bundle", "bdl-1"): ({"type": "batch", "total": 0}, {"type": "searchset", "total": 0}),
    ("Bundle", "bdl-2"): (
        {"type": "history", "entry": [{}, {"search": {"mode": "match"}}]},
        {"type": "searchset", "entry": [{"search": {"mode": "match"}}]},
    ),
    ("Bundle", "bdl-3"): (
        {"type": "searchset", "entry": [{"request": {}}]},
        {"type": "batch", "entry": [{"request": {}}]},
    ),
    ("Bundle", "bdl-4"): (
        {"type": "batch", "entry": [{"response": {}}]},
        {"type": "transaction-response", "entry": [{"response": {}}]},
    ),
    ("Bundle", "bdl-7"): (
        {"entry": [{"fullUrl": "a", "resource": {}}, {"fullUrl": "a", "resource": {}}]},
        {"entry": [{"fullUrl": "a", "resource": {"meta": {"versionId": v}}} for v in "12"]},
    ),
    ("Bundle.entry", "bdl-5"): ({"fullUrl": "a"}, {"request": {}}),
    ("Bundle.entry", "bdl-6"): ({"resource": {}}, {"fullUrl": "a", "resource": {}}),
    ("CarePlan.activity", "cpl-3"): ({"detail": {}, "reference": {}}, {"detail": {}}),
    ("Composition.section", "cmp-1"): ({"title": "x"}, {"entry": [REFERENCE]}),
    ("Composition.section", "cmp-2"): (
        {"entry": [REFERENCE], "emptyReason": CONCEPT},
        {"emptyReason": CONCEPT},
    ),
    ("ConceptMap.element.target", "cmd-1"): (
        {"equivalence": "inexact"},
        {"equivalence": "inexact", "comments": "x"},
    ),
    ("Condition.evidence", "con-2"): ({"id": "x"}, {"code": CONCEPT}),
    ("Condition.stage", "con-1"): ({"id": "x"}, {"summary": CONCEPT}),
    ("Conformance", "cnf-1"): ({"kind": "instance"}, {"rest": [{}]}),
    ("Conformance", "cnf-2"): ({"kind": "instance"}, {"description": "x"}),
    ("Conformance", "cnf-3"): (
        {"kind": "capability", "messaging": [{"endpoint": [{}]}]},
        {"kind": "instance", "messaging": [{"endpoint": [{}]}]},
    ),
    ("Conformance", "cnf-7"): (
        {"document": [{"mode": "producer", "profile": {"reference": "a"}}] * 2},
        {"document": [{"mode": mode, "profile": {"reference": "a"}} for mode in ("producer", "consumer")]},
    ),
    ("Conformance", "cnf-8"): (
        {"rest": [{"mode": "server"}, {"mode": "server"}]},
        {"rest": [{"mode": "server"}, {"mode": "client"}]},
    ),
    ("Conformance", "cnf-14"): (
        {"kind": "requirements", "software": {}},
        {"kind": "capability", "software": {}},
    ),
    ("Conformance", "cnf-15"): (
        {"kind": "capability", "implementation": {}},
        {"kind": "instance", "implementation": {}},
    ),
    ("Conformance.rest", "cnf-9"): (
        {"resource": [{"type": "Patient"}, {"type": "Patient"}]},
        {"resource": [{"type": "Patient"}, {"type": "Group"}]},
    ),
    ("Conformance.rest.resource", "cnf-12"): (
        {"searchParam": [{"name": "a"}, {"name": "a"}]},
        {"searchParam": [{"name": "a"}, {"name": "b"}]},
    ),
    ("Conformance.rest.resource.searchParam", "cnf-13"): (
        {"type": "token", "chain": ["a"]},
        {"type": "reference", "chain": ["a"]},
    ),
    ("ContactPoint", "cpt-2"): ({"value": "555"}, {"value": "555", "system": "phone"}),
    ("Count", "cnt-1"): (
        {"value": Decimal("1.5"), "code": "1", "system": UCUM},
        {"value": 2, "code": "1", "system": UCUM},
    ),
    ("Count", "qty-3"): CODE_AND_SYSTEM,
    ("DataElement.element", "dae-1"): ({"base": {}}, {"path": "x"}),
    ("DataElement.element", "dae-2"): ({"slicing": {}}, {"path": "x"}),
    ("Distance", "dis-1"): ({"value": 1}, {"value": 1, "code": "m", "system": UCUM}),
    ("Distance", "qty-3"): CODE_AND_SYSTEM,
    ("Duration", "drt-1"): (
        {"value": 1, "code": "h", "system": "x"},
        {"value": 1, "code": "h", "system": UCUM},
    ),
    ("Duration", "qty-3"): CODE_AND_SYSTEM,
    ("ElementDefinition", "eld-2"): ({"min": 2, "max": "1"}, {"min": 2, "max": "*"}),
    ("ElementDefinition", "eld-5"): ({"nameReference": "a", "fixedString": "b"}, {"nameReference": "a"}),
    ("ElementDefinition", "eld-6"): ({"fixedCode": "a"}, {"fixedCode": "a", "type": [{"code": "code"}]}),
    ("ElementDefinition", "eld-7"): (
        {"patternCode": "a", "type": [{}, {}]},
        {"patternCode": "a", "type": [{}]},
    ),
    ("ElementDefinition", "eld-8"): ({"patternCode": "a", "fixedCode": "a"}, {"patternCode": "a"}),
    ("ElementDefinition", "eld-11"): (
        {"binding": {}, "type": [{"code": "Period"}]},
        {"binding": {}, "type": [{"code": "Period"}, {"code": "Coding"}]},
    ),
    ("ElementDefinition", "eld-13"): (
        {"type": [{"code": "Reference", "profile": ["a"]}] * 2},
        {"type": [{"code": "Reference", "profile": ["a"]}, {"code": "Reference", "profile": ["b"]}]},
    ),
    ("ElementDefinition", "eld-14"): (
        {"constraint": [{"key": "a"}, {"key": "a"}]},
        {"constraint": [{"key": "a"}, {"key": "b"}]},
    ),
    ("ElementDefinition", "eld-15"): (
        {"defaultValueCode": "a", "meaningWhenMissing": "b"},
        {"meaningWhenMissing": "b"},
    ),
    ("ElementDefinition.binding", "eld-10"): (
        {"strength": "required"},
        {"valueSetUri": "http://example.org"},
    ),
    ("ElementDefinition.binding.valueSet[x]", "eld-12"): ("urn:oid:1.2", "https://example.org"),
    ("ElementDefinition.max", "eld-3"): ("many", "12"),
    ("ElementDefinition.slicing", "eld-1"): ({"rules": "open"}, {"discriminator": ["url"]}),
    ("ElementDefinition.type", "eld-4"): (
        {"code": "string", "aggregation": ["contained"]},
        {"code": "Reference", "aggregation": ["contained"]},
    ),
    ("FamilyMemberHistory", "fhs-1"): ({"ageString": "9", "bornDate": "1999"}, {"bornDate": "1999"}),
    ("Group", "grp-1"): ({"actual": False, "member": [{}]}, {"actual": True, "member": [{}]}),
    ("Immunization", "imm-1"): (
        {"wasNotGiven": True, "reaction": [{}]},
        {"wasNotGiven": False, "reaction": [{}]},
    ),
    ("Immunization", "imm-2"): (
        {"wasNotGiven": False, "explanation": {"reasonNotGiven": [CONCEPT]}},
        {"wasNotGiven": True, "explanation": {"reasonNotGiven": [CONCEPT]}},
    ),
    ("List", "lst-1"): ({"emptyReason": CONCEPT, "entry": [{}]}, {"emptyReason": CONCEPT}),
    ("List", "lst-2"): (
        {"mode": "working", "entry": [{"deleted": True}]},
        {"mode": "changes", "entry": [{"deleted": True}]},
    ),
    ("Media", "mda-1"): ({"type": "audio", "height": 1}, {"type": "video", "height": 1}),
    ("Media", "mda-2"): ({"type": "audio", "width": 1}, {"type": "video", "width": 1}),
    ("Media", "mda-3"): ({"type": "video", "frames": 1}, {"type": "photo", "frames": 1}),
    ("Media", "mda-4"): ({"type": "photo", "duration": 1}, {"type": "audio", "duration": 1}),
    ("MedicationAdministration", "mad-2"): (
        {"wasNotGiven": False, "reasonNotGiven": [CONCEPT]},
        {"wasNotGiven": True, "reasonNotGiven": [CONCEPT]},
    ),
    ("MedicationAdministration", "mad-3"): (
        {"wasNotGiven": True, "reasonGiven": [CONCEPT]},
        {"wasNotGiven": False, "reasonGiven": [CONCEPT]},
    ),
    ("MedicationAdministration.dosage", "mad-1"): ({"text": "x"}, {"rateRange": {}}),
    ("MedicationDispense", "mdd-1"): (
        {"whenPrepared": "2015-02-08", "whenHandedOver": "2015-02-07T10:00:00Z"},
        {"whenPrepared": "2015-02-07", "whenHandedOver": "2015-02-07T10:00:00Z"},
    ),
    ("MedicationStatement", "mst-1"): (
        {"wasNotTaken": False, "reasonNotTaken": [CONCEPT]},
        {"wasNotTaken": True, "reasonNotTaken": [CONCEPT]},
    ),
    ("MedicationStatement", "mst-2"): (
        {"wasNotTaken": True, "reasonForUseCodeableConcept": CONCEPT},
        {"wasNotTaken": False, "reasonForUseCodeableConcept": CONCEPT},
    ),
    ("Money", "mny-1"): ({"value": 1}, {"value": 1, "code": "EUR", "system": EURO}),
    ("Money", "qty-3"): CODE_AND_SYSTEM,
    ("NamingSystem", "nsd-1"): (
        {"kind": "root", "uniqueId": [{"type": "uuid"}]},
        {"kind": "root", "uniqueId": [{"type": "oid"}]},
    ),
    ("NamingSystem", "nsd-2"): (
        {"uniqueId": [{"type": "oid", "preferred": True}] * 2},
        {
            "uniqueId": [
                {"type": "oid", "preferred": True},
                {"type": "oid"},
                {"type": "uri", "preferred": True},
            ]
        },
    ),
    ("NamingSystem", "nsd-3"): (
        {"status": "active", "replacedBy": REFERENCE},
        {"status": "retired", "replacedBy": REFERENCE},
    ),
    ("NutritionOrder", "nor-1"): ({"status": "active"}, {"oralDiet": {}}),
    ("Observation", "obs-6"): (
        {"dataAbsentReason": CONCEPT, "valueString": "x"},
        {"dataAbsentReason": CONCEPT},
    ),
    ("Observation", "obs-7"): (
        {"code": {"coding": [CODING]}, "component": [{"code": {"coding": [CODING]}}]},
        {"code": {"coding": [CODING]}, "component": [{"code": {"coding": [{**CODING, "code": "1"}]}}]},
    ),
    ("Observation.referenceRange", "obs-3"): ({"meaning": CONCEPT}, {"text": "x"}),
    ("OperationDefinition.parameter", "opd-1"): ({"name": "x"}, {"part": [{}]}),
    ("Order.when", "ord-1"): ({"code": CONCEPT, "schedule": {}}, {"code": CONCEPT}),
    ("Organization", "org-1"): ({"active": True}, {"identifier": [{"value": "1"}]}),
    ("Organization.address", "org-2"): ({"use": "home"}, {"use": "work"}),
    ("Organization.telecom", "org-3"): ({"use": "home"}, {"use": "work"}),
    ("Parameters.parameter", "inv-1"): ({"valueString": "x", "resource": {}}, {"valueString": "x"}),
    ("Parameters.parameter.part", "inv-2"): ({"name": "x"}, {"resource": {}}),
    ("Patient.contact", "pat-1"): ({"gender": "male"}, {"name": {"text": "x"}}),
    ("Period", "per-1"): (
        {"start": "2015-02-08", "end": "2015-02-07"},
        {"start": "2015-02-07", "end": "2015-02"},
    ),
    ("Procedure", "pro-1"): (
        {"reasonNotPerformed": [CONCEPT]},
        {"reasonNotPerformed": [CONCEPT], "notPerformed": True},
    ),
    ("Quantity", "qty-3"): CODE_AND_SYSTEM,
    ("Questionnaire", "que-2"): (
        {"group": {"linkId": "1", "question": [{"linkId": "2", "group": [{"linkId": "1"}]}]}},
        {"group": {"linkId": "1", "group": [{"linkId": "2"}, {"title": "none"}]}},
    ),
    ("Questionnaire", "que-3"): ({"group": {}}, {"group": {"required": True}}),
    ("Questionnaire.group", "que-1"): ({"group": [{}], "question": [{}]}, {"group": [{}]}),
    ("Questionnaire.group.question", "que-4"): ({"options": {}, "option": [{}]}, {"option": [{}]}),
    ("QuestionnaireResponse.group", "qrs-1"): ({"group": [{}], "question": [{}]}, {"question": [{}]}),
    ("Range", "rng-2"): (
        {"low": {"value": 2}, "high": {"value": 1}},
        {"low": {"value": 1}, "high": {"value": 1}},
    ),
    ("Ratio", "rat-1"): ({"numerator": {}}, {"numerator": {}, "denominator": {}}),
    ("RiskAssessment.prediction.probability[x]", "ras-1"): (
        {"low": {"value": 1}},
        {"low": {"value": 1, "code": "%", "system": UCUM}},
    ),
    ("RiskAssessment.prediction.probability[x]", "ras-2"): (Decimal("100.1"), 100),
    ("SearchParameter", "spd-1"): ({"xpath": "f:a"}, {"xpath": "f:a", "xpathUsage": "normal"}),
    ("SimpleQuantity", "qty-3"): CODE_AND_SYSTEM,
    ("SimpleQuantity", "sqty-1"): ({"comparator": "<"}, {"value": 1}),
    ("StructureDefinition", "sdf-1"): (
        {"snapshot": {"element": [{"path": "A"}, {"path": "A"}]}},
        {"constrainedType": "A", "snapshot": {"element": [{"path": "A"}, {"path": "A"}]}},
    ),
    ("StructureDefinition", "sdf-4"): ({"abstract": False}, {"abstract": True}),
    ("StructureDefinition", "sdf-5"): (
        {"constrainedType": "Extension"},
        {"constrainedType": "Extension", "context": ["Patient"], "contextType": "resource"},
    ),
    ("StructureDefinition", "sdf-6"): ({"name": "x"}, {"differential": {}}),
    ("StructureDefinition", "sdf-7"): (
        {"url": "http://example.org/a", "id": "a"},
        {"url": f"{TYPE}a", "id": "a"},
    ),
    ("StructureDefinition", "sdf-8"): (
        {"differential": {"element": [{"path": "A"}, {"path": "AB.c"}]}},
        {"differential": {"element": [{"path": "A"}, {"path": "A.c"}]}},
    ),
    ("StructureDefinition", "sdf-9"): (
        {"snapshot": {"element": [{"path": "A", "label": "x"}]}},
        {"snapshot": {"element": [{"path": "A.b", "label": "x"}]}},
    ),
    ("StructureDefinition", "sdf-10"): (
        {"abstract": False, "constrainedType": "A"},
        {"abstract": False, "constrainedType": "A", "base": "x"},
    ),
    ("StructureDefinition", "sdf-11"): (
        {"constrainedType": "A", "snapshot": {"element": [{"path": "B"}]}},
        {"constrainedType": "A", "snapshot": {"element": [{"path": "A"}]}},
    ),
    ("StructureDefinition", "sdf-12"): (
        {"snapshot": {"element": [{"base": {}}]}},
        {"base": "x", "snapshot": {"element": [{"base": {}}]}},
    ),
    ("StructureDefinition", "sdf-13"): (
        {"constrainedType": "A", "snapshot": {"element": [{"path": "A"}]}},
        {"constrainedType": "A", "snapshot": {"element": [{"path": "A", "base": {}}]}},
    ),
    ("StructureDefinition.mapping", "sdf-2"): ({"identity": "x"}, {"name": "x"}),
    ("StructureDefinition.snapshot", "sdf-3"): (
        {"element": [{"min": 0, "max": "1"}]},
        {"element": [{"min": 0, "max": "1", "definition": "x"}]},
    ),
    ("TestScript.metadata", "inv-5"): CAPABILITY,
    ("TestScript.setup.metadata", "inv-6"): CAPABILITY,
    ("TestScript.test.metadata", "inv-7"): CAPABILITY,
    ("TestScript.setup.action", "inv-1"): ACTION,
    ("TestScript.test.action", "inv-2"): ACTION,
    ("TestScript.teardown.action", "inv-3"): ({"id": "x"}, {"operation": {}}),
    ("TestScript.setup.action.assert", "inv-8"): SINGLE,
    ("TestScript.test.action.assert", "inv-9"): SINGLE,
    ("TestScript.setup.action.assert", "inv-13"): COMPARISON,
    ("TestScript.test.action.assert", "inv-14"): COMPARISON,
    ("TestScript.setup.action.operation", "inv-10"): TARGET,
    ("TestScript.test.action.operation", "inv-11"): TARGET,
    ("TestScript.teardown.action.operation", "inv-12"): (
        {"params": "a"},
        {"params": "a", "resource": "Patient"},
    ),
    ("TestScript.variable", "inv-4"): ({"headerField": "a", "path": "b"}, {"path": "b"}),
    ("Timing.repeat", "tim-1"): ({"duration": 1}, {"duration": 1, "durationUnits": "h"}),
    ("Timing.repeat", "tim-2"): ({"period": 1}, {"period": 1, "periodUnits": "h"}),
    ("Timing.repeat", "tim-3"): ({"frequency": 1, "when": "HS"}, {"when": "HS"}),
    ("Timing.repeat", "tim-6"): ({"periodMax": 1}, {"periodMax": 2, "period": 1}),
    ("Timing.repeat", "tim-7"): ({"durationMax": 1}, {"durationMax": 2, "duration": 1}),
    ("Timing.repeat.duration", "tim-4"): (Decimal("-0.5"), 0),
    ("Timing.repeat.period", "tim-5"): (-1, Decimal("0.5")),
    ("ValueSet", "vsd-2"): (
        {"compose": {"import": ["a"]}},
        {"compose": {"import": ["a"], "include": [{}]}},
    ),
    ("ValueSet", "vsd-5"): ({"name": "x"}, {"compose": {}}),
    ("ValueSet", "vsd-7"): (
        {"url": "a", "codeSystem": {"system": "a"}},
        {"url": "a", "codeSystem": {"system": "b"}},
    ),
    ("ValueSet.codeSystem", "vsd-3"): (
        {"concept": [{"code": "a", "concept": [{"code": "a"}]}]},
        {"concept": [{"code": "a", "concept": [{"code": "b"}]}]},
    ),
    ("ValueSet.codeSystem", "vsd-8"): (
        {"concept": [{"code": "a"}, {"code": "a"}]},
        {"concept": [{"code": "a"}]},
    ),
    ("ValueSet.compose", "vsd-1"): ({"exclude": [{}]}, {"include": [{}]}),
    ("ValueSet.compose.include", "vsd-11"): ({"concept": [{}], "filter": [{}]}, {"filter": [{}]}),
    ("ValueSet.expansion.contains", "vsd-6"): ({"abstract": True}, {"display": "x"}),
    ("ValueSet.expansion.contains", "vsd-9"): ({"display": "x"}, {"display": "x", "abstract": True}),
    ("ValueSet.expansion.contains", "vsd-10"): ({"code": "a"}, {"code": "a", "system": "x"}),
}
