"""Code systems and value sets: http://hl7.org/fhir/DSTU2/valueset.html.

Those that DSTU2 publishes are shipped and read on their first use; a user's own are layered on top of them. What
would need more (SNOMED CT, LOINC …) is refused as beyond reach, and never answered by guessing.
"""

from fhirstore.dstu2.terminology.content import BeyondReach, CodeSystem, Concept, Filter, Include, TooCostly, ValueSet
from fhirstore.dstu2.terminology.documents import read_value_set
from fhirstore.dstu2.terminology.known import EXPANSION_LIMIT, Budget, Terminology
from fhirstore.dstu2.terminology.shipped import is_shipped, shipped_code_system, shipped_urls, shipped_value_set

__all__ = [
    "EXPANSION_LIMIT",
    "BeyondReach",
    "Budget",
    "CodeSystem",
    "Concept",
    "Filter",
    "Include",
    "Terminology",
    "TooCostly",
    "ValueSet",
    "is_shipped",
    "read_value_set",
    "shipped_code_system",
    "shipped_urls",
    "shipped_value_set",
]
