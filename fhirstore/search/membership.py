"""Whether a resource is in a Patient's compartment, told by its document: for versions, which have no entries.

http://hl7.org/fhir/DSTU2/compartments.html. What is stored now is found by its entries, which say the same; but in one
thing this is the wider: of an absolute reference only its end counts, since under which addresses this server was
known when it was written is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.search.kinds import reference
from fhirstore.search.parameters import Parameter, parameters
from fhirstore.search.paths import follow


def is_about(resource_type: str, document: Mapping[str, Any], patient: str) -> bool:
    """Whether a resource is in the compartment of Patient/`patient`. The Patient itself is."""
    if resource_type == "Patient" and document.get("id") == patient:
        return True
    return any(
        _names(value, type_, f"Patient/{patient}")
        for parameter in _memberships(resource_type)
        for location in parameter.locations
        for value, type_ in follow(location, document)
    )


def may_be_about(body: bytes, patient: str) -> bool:
    """False where a stored resource cannot be in the compartment, for it nowhere has the Patient's id. Costs little.

    JSON may write any character in another way, but not without a backslash.
    """
    return patient.encode() in body or b"\\" in body


def _names(value: Any, type_: str, address: str) -> bool:
    text = reference.address(value, type_)
    if text is None:
        return False
    whole = reference.forms(text, "")[0]
    return whole == address or ("://" in whole and whole.endswith(f"/{address}"))


@cache
def _memberships(resource_type: str) -> tuple[Parameter, ...]:
    """The parameters of a type by which it comes to be in a Patient's compartment."""
    names = catalog.compartment("Patient").get(resource_type, ())
    found = (each for name, each in parameters(resource_type).items() if name in names and each.kind == "reference")
    return tuple(each for each in found if not each.targets or "Patient" in each.targets)
