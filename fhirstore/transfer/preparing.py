"""A record made ready to be stored: judged, under its stored id, its references led to where their targets rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from fhirstore.dstu2.json_format import Content, parse
from fhirstore.dstu2.levels import Level, judge
from fhirstore.dstu2.rewriting import Kind, parse_literal, rewrite, texts
from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, Stated, with_source
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.incoming import accept_document
from fhirstore.search.entries import Entries
from fhirstore.transfer.identity import TEMPORARY, Origin, Original
from fhirstore.transfer.records import Record
from fhirstore.transfer.survey import Survey, identify, instead

WAITING_SYSTEM = "urn:fhirstore:waiting-for"
"""System of the tags whose codes are references to what has not come yet, and whose place is not known therefore."""

Addresses = Mapping[str, str]
"""Temporary names (`urn:uuid:…`) and addresses of files → references to where those that bear them rest."""

_MARKS = (*(prefix.encode() for prefix in TEMPORARY), b"Binary/")


@dataclass(frozen=True, slots=True)
class Rules:
    """How one import goes about it. `address` is this server's own, "" where it has none."""

    origin: Origin
    level: Level
    address: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What shall be stored, or with `issues`, why it is refused; without content, a deletion.

    `repeats` says that another record tells the same resource and counts in its place.
    """

    record: Record
    type: str = ""
    id: str = ""
    content: Content | None = None
    entries: Entries = field(default_factory=Entries)
    issues: tuple[Issue, ...] = ()
    repeats: bool = False


def unknown_names(record: Record, rules: Rules, survey: Survey) -> set[str]:
    """The temporary names, and the addresses of files, that a record refers to and that nobody in the input bears."""
    if not any(mark in record.body for mark in _MARKS):
        return set()
    try:
        found = texts(parse(record.body))
    except Failure:
        return set()
    target = _Targets(record, rules.origin, survey, {})
    names = {(kind, text.partition("#")[0]) for kind, text in found}
    return {
        name
        for kind, name in names
        if (kind == "reference" and name.startswith(TEMPORARY) and survey.address(name) is None)
        or (kind == "attachment" and target.binary(name) and target(kind, name) == name)
    }


def prepare(record: Record, ordinal: int, rules: Rules, survey: Survey, known: Addresses) -> Prepared:
    """Pure, and never raises for what a record holds. `known` are temporary names that came in earlier imports."""
    if record.issues:
        return Prepared(record, issues=record.issues)
    found = identify(record, rules.origin)
    original = found[1] if found else None
    if original is not None and survey.loses(ordinal):
        original = instead(record, original)
        if original is None:
            return Prepared(record, found[1].type if found else "", repeats=True)
    if original is not None and record.method == "DELETE":
        return Prepared(record, original.type, rules.origin.stored_id(original.type, original.key))
    try:
        return _accepted(record, original, rules, survey, known)
    except Failure as failure:
        return Prepared(record, original.type if original else "", issues=tuple(failure.issues))


def _accepted(record: Record, original: Original | None, rules: Rules, survey: Survey, known: Addresses) -> Prepared:
    document = parse(record.body)
    if original is None:
        raise BadRequest("Nobody can tell what this is.", judge(document, rules.level))
    target = _Targets(record, rules.origin, survey, known)
    # A Bundle that is kept whole is what somebody attested: nothing in it is touched.
    placed = document if original.type == "Bundle" else rewrite(document, target)
    # The source's ids are not stored, so that it does not matter which form they have.
    placed.pop("id", None)
    incoming = accept_document(original.type, "", placed, rules.level)
    incoming = structs.replace(incoming, meta=_meta(incoming.meta, original, rules.origin, target.waiting))
    id = rules.origin.stored_id(original.type, original.key)
    return Prepared(record, original.type, id, incoming.content, incoming.entries(id, rules.address))


class _Targets:
    """Where each reference of one record leads; `waiting` gathers the temporary names that lead nowhere yet."""

    def __init__(self, record: Record, origin: Origin, survey: Survey, known: Addresses) -> None:
        literal = parse_literal(record.full_url, foreign=True)
        self._base = literal.base if literal else ""
        self._bases = {self._base, origin.base} - {""}
        self._origin = origin
        self._survey = survey
        self._known = known
        self.waiting: dict[str, None] = {}

    def __call__(self, kind: Kind, text: str) -> str:
        address, mark, fragment = text.partition("#")
        if not address:
            return text
        if address.startswith(TEMPORARY):
            found = self._survey.address(address) or self._known.get(address)
            if found is None and kind == "reference":
                self.waiting[address] = None
        elif kind == "attachment":
            id = self.binary(address)
            found = (self._survey.address(f"Binary/{id}") or self._known.get(address)) if id else None
        else:
            found = None if kind == "uri" else self._literal(address)
        return found + mark + fragment if found else text

    def binary(self, address: str) -> str:
        """The id that a file of this source has there, "" for an address of anything else.

        A file that never comes stays where it is, so such addresses are not led to its place beforehand.
        """
        literal = parse_literal(address, foreign=True)
        own = literal is not None and literal.type == "Binary" and literal.base in {"", *self._bases}
        return literal.id if literal and own else ""

    def _literal(self, address: str) -> str | None:
        """Where a reference by type and id leads; a version of it is left out: here they are counted anew."""
        literal = parse_literal(address, foreign=True)
        if literal is None:
            return None
        base = literal.base or self._base
        found = self._survey.address(f"{base}/{literal.type}/{literal.id}") if base else None
        if found or (literal.base and literal.base not in self._bases):
            return found
        return f"{literal.type}/{self._origin.stored_id(literal.type, literal.id)}"


def _meta(
    meta: Mapping[str, Any], original: Original, origin: Origin, waiting: Mapping[str, None]
) -> Mapping[str, object]:
    """The meta with the tags of the import: its source, what it is called there, and what it waits for."""
    sent = meta.get("tag")
    own = {ORIGINAL_ID_SYSTEM, WAITING_SYSTEM}
    tags = [tag for tag in sent if tag.get("system") not in own] if isinstance(sent, list) else []
    temporary = [name for name in original.names if name.startswith(TEMPORARY) and not name.endswith(original.key)]
    tags += [{"system": ORIGINAL_ID_SYSTEM, "code": name} for name in (original.key, *temporary)]
    tags += [{"system": WAITING_SYSTEM, "code": name} for name in waiting]
    return with_source({**meta, "tag": tags}, Stated(origin.source, origin.source))
