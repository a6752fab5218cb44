"""What an entry shows for a match: the resource itself, or the contained one taken out of its container.

http://hl7.org/fhir/DSTU2/search.html#contained
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import structs

from fhirstore.dstu2.json_format import dump, reread
from fhirstore.store.contract import Match, Version


class Shown(NamedTuple):
    """A resource and its address below the base, which for a contained one ends in "#" and its local id."""

    address: str
    version: Version


def shown(matches: Iterable[Match]) -> list[Shown]:
    """What stands for each match. A contained resource that was taken away since it was found is left out."""
    return [each for match in matches if (each := _shown(match)) is not None]


def _shown(match: Match) -> Shown | None:
    container = match.version
    address = f"{container.type}/{container.id}"
    if match.contained is None:
        return Shown(address, container)
    for inner in reread(container.body).get("contained", ()):
        if inner.get("id") == match.contained:
            local = f"{container.id}#{match.contained}"
            taken = structs.replace(container, type=inner["resourceType"], id=local, body=dump(inner))
            return Shown(f"{address}#{match.contained}", taken)
    return None
