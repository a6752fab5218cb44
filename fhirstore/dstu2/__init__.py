"""FHIR DSTU2 (1.0.2) as data and pure functions. http://hl7.org/fhir/DSTU2/"""

from fhirstore.dstu2.validate import validate

__all__ = ["validate"]
