"""FHIR XML ⇄ FHIR JSON at the edge, without loss. http://hl7.org/fhir/DSTU2/xml.html

Narrative keeps its text to the letter, numbers their digits, comments become `fhir_comments` and back. Not
kept, as they mean nothing: white space between elements, xsi:schemaLocation, comments after the last child.
XML has no place for companions of attributes (`_url`), nor for characters below U+0020 but tab and line ends.
"""

from fhirstore.dstu2.xml_read import parse, to_json
from fhirstore.dstu2.xml_write import from_json

__all__ = ["from_json", "parse", "to_json"]
