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
    found = [
        Shown(address_of(match.version), match.version) if match.contained is None else _taken_out(match)
        for match in matches
    ]
    return [each for each in found if each is not None]


def _taken_out(match: Match) -> Shown | None:
    container = match.version
    for inner in reread(container.body).get("contained", ()):
        if inner.get("id") == match.contained:
            local = f"{container.id}#{match.contained}"
            taken = structs.replace(container, type=inner["resourceType"], id=local, body=dump(inner))
            return Shown(f"{address_of(container)}#{match.contained}", taken)
    return None


def address_of(version: Version) -> str:
    """Below the base."""
    return f"{version.type}/{version.id}"


def addressed(versions: Iterable[Version]) -> list[tuple[str, bytes]]:
    """Addresses and bodies."""
    return [(address_of(version), version.body) for version in versions]
