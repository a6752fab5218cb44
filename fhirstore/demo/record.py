"""The made-up record as a whole: the same for the same day, so that it can be made again without doubles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from fhirstore.demo.building import Resource
from fhirstore.demo.care import care
from fhirstore.demo.people import people
from fhirstore.demo.readings import readings

_SEED = 19680314


def record(today: date) -> Iterator[Resource]:
    """Several hundred resources of three sources, up to a day, each to be stored under the id that it has."""
    random = Random(_SEED)  # noqa: S311 - nothing here is a secret
    yield from people()
    yield from care(today, random)
    yield from readings(today, random)


def earlier_versions(resources: Sequence[Resource]) -> Iterator[Resource]:
    """What some of them said before they were corrected, to be stored first."""
    for resource in resources:
        address = f"{resource['resourceType']}/{resource['id']}"
        if address == "Patient/hospital-patient":
            yield {**resource, "telecom": [{"system": "phone", "value": "+34 600 555 009", "use": "mobile"}]}
        elif address == "Condition/hospital-diabetes":
            yield {**resource, "verificationStatus": "provisional"}
