"""How sources tell a life: each event under ids of their own, with slips, and some of it entered in error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from lives.life import Event, Life, live
from lives.open import is_open
from lives.source import Document, Source
from lives.vocabulary import PARTS
from lives.wording import WORDING, summary

_NEVER_IN_ERROR = frozenset({"Patient", "Practitioner", "Organization", "Encounter", "CarePlan"})
SOURCE_TAG, ORIGINAL_TAG = "urn:fhirstore:source", "urn:fhirstore:original-id"


@dataclass(frozen=True)
class Told:
    """A resource, where it comes from, and the number of the event that it tells (None: it tells none that counts).

    `open` says that what is written fits another event as well. `part` is the name of the part of the event that it
    tells alone, "" for all of it.
    """

    document: Document
    source: str
    event: int | None
    open: bool = False
    part: str = ""

    @property
    def reference(self) -> str:
        return f"{self.document['resourceType']}/{self.document['id']}"


def tell(seed: int, sources: int = 3) -> Sequence[Told]:
    """One life of this seed as its sources tell it; pairs of one event and different sources are the truth."""
    random = Random(seed)
    life = live(random)
    return [told for number in range(sources) for told in _tell(Source(random, number, life), life)]


def _tell(source: Source, life: Life) -> list[Told]:
    found = [
        _summed_up(source, event) for event in life.events if event.kind == "Encounter" and event.more["summed up"]
    ]
    for number, event in enumerate(life.events):
        if source.has.get(event.role, True) and (event.kind == "Patient" or source.random.random() < 0.78):
            found += _tellings(source, number, event, life)
            if event.kind not in _NEVER_IN_ERROR and source.random.random() < 0.01:
                found.append(_mistaken(source, event, life))
    return found


def _tellings(source: Source, number: int, event: Event, life: Life) -> list[Told]:
    """One resource; of a pressure, where the source has no panels, one for each half, both of one time."""
    whole = _told(source, number, event, life)
    if not source.single or event.what != "pressure":
        return [whole]
    # By chances of their own, so that all that comes after falls as it would.
    chances, source.random = source.random, Random(f"{source.uri} {number}")
    halves = [_half(source, whole, replace(event, what=part, more={part: event.more[part]})) for part in PARTS]
    source.random = chances
    return [replace(each, open=is_open(each.document, event, life, each.part)) for each in halves]


def _half(source: Source, whole: Told, half: Event) -> Told:
    """What tells one half of a pressure, with all that the whole one would have told besides."""
    kept = {name: value for name, value in whole.document.items() if name not in {"component", "identifier"}}
    worded = WORDING[half.kind](source, half)
    own = {
        "id": f"{whole.document['id']}-{half.what}",
        "code": worded["code"],
        "valueQuantity": worded["valueQuantity"],
    }
    return replace(whole, document=kept | own, part=half.what)


def _summed_up(source: Source, event: Event) -> Told:
    id = f"s{source.number}r{source.next_number()}"
    tags = [{"system": SOURCE_TAG, "code": source.uri}, {"system": ORIGINAL_TAG, "code": id}]
    return Told({**summary(source, event), "id": id, "meta": {"tag": tags}}, source.uri, None)


def _told(source: Source, number: int, event: Event, life: Life) -> Told:
    document: Document = {"resourceType": event.kind, **WORDING[event.kind](source, event)}
    id = f"s{source.number}r{source.next_number()}"
    if event.kind == "Patient":
        id = source.patient_id(event.role)
    original = f"{source.random.randint(10**6, 10**8)}"
    tags = [{"system": SOURCE_TAG, "code": source.uri}, {"system": ORIGINAL_TAG, "code": original}]
    document = {"resourceType": event.kind, "id": id, "meta": {"tag": tags}} | document
    _identify(source, document, number, original)
    return Told(document, source.uri, number, is_open(document, event, life))


def _mistaken(source: Source, event: Event, life: Life) -> Told:
    """What was entered in error tells nothing, however much it looks like the rest."""
    told = _told(source, -1, event, life)
    mark = "verificationStatus" if event.kind == "Condition" else "status"
    return Told({**told.document, mark: "entered-in-error"}, told.source, None)


def _identify(source: Source, document: Document, number: int, original: str) -> None:
    """Mostly an identifier of the source's own; sometimes the one that all of them were given."""
    known = document.get("identifier", [])
    if source.random.random() < 0.6:
        known = [*known, {"system": f"{source.uri}/id", "value": original}]
    if source.random.random() < 0.15 and number >= 0 and document["resourceType"] != "Patient":
        known = [*known, {"system": "urn:oid:2.16.840.1.113883.19.5", "value": f"ACC-{number}"}]
    if known:
        document["identifier"] = known[-1] if document["resourceType"] == "MedicationDispense" else known
