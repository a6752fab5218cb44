"""A batch of prepared resources, written together: new ones created, changed ones updated, equal ones left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirstore.clock import Clock, instant
from fhirstore.dstu2.json_format import Content, content, parse
from fhirstore.errors import Failure, Issue, Unavailable
from fhirstore.store.contract import Change, Method, Resources, Version
from fhirstore.transfer.preparing import Prepared
from fhirstore.transfer.records import Record
from fhirstore.transfer.report import Outcome, Report

Refused = tuple[Record, tuple[Issue, ...]]


@dataclass(slots=True)
class _Writing:
    """One write, and what came of it."""

    prepared: Prepared
    clock: Clock
    outcome: Outcome = "unchanged"

    def change(self) -> Change:
        return Change(self.prepared.type, self.prepared.id, self._decide)

    def _decide(self, current: Version | None) -> Version | None:
        there = current is not None and not current.deleted
        new = self.prepared.content
        if new is None:
            self.outcome = "deleted" if there else "unchanged"
            return following(self.prepared, current, self.clock) if there else None
        if current is not None and there and is_same(new, current):
            self.outcome = "unchanged"
            return None
        self.outcome = "updated" if there else "created"
        return following(self.prepared, current, self.clock)


async def write(batch: Sequence[Prepared], resources: Resources, clock: Clock, report: Report) -> list[Refused]:
    """Write what can be written and count it all; answers what was refused, and why. Raises Unavailable."""
    refused: list[Refused] = []
    writing: list[_Writing] = []
    for prepared in batch:
        if prepared.issues:
            report.refuse(prepared.type, prepared.issues)
            refused.append((prepared.record, prepared.issues))
        elif prepared.repeats:
            report.add(prepared.type, "repeated")
        elif prepared.type:
            writing.append(_Writing(prepared, clock))
    try:
        await resources.change_all([each.change() for each in writing])
    except Unavailable:
        raise
    except Failure:
        refused += await _one_by_one(writing, resources, report)
    else:
        for each in writing:
            report.add(each.prepared.type, each.outcome)
    return refused


async def _one_by_one(writing: Sequence[_Writing], resources: Resources, report: Report) -> list[Refused]:
    """One that may not be written must not keep the others out."""
    refused: list[Refused] = []
    for each in writing:
        try:
            await resources.change(each.change())
        except Unavailable:
            raise
        except Failure as failure:
            report.refuse(each.prepared.type, failure.issues)
            refused.append((each.prepared.record, tuple(failure.issues)))
        else:
            report.add(each.prepared.type, each.outcome)
    return refused


def is_same(new: Content, current: Version) -> bool:
    """Whether storing this would change nothing: byte for byte, as it mostly is, or but for the order of its meta."""
    if new.stamp(current.id, current.number, instant(current.updated)) == current.body:
        return True
    return new.same_as(content(current.body, parse(current.body)))


def following(prepared: Prepared, current: Version | None, clock: Clock) -> Version:
    number, now = (current.number + 1, max(clock(), current.updated)) if current else (1, clock())
    type, id, new = prepared.type, prepared.id, prepared.content
    if new is None:
        return Version(type, id, number, now, "DELETE", b"")
    method: Method = "PUT" if current else "POST"
    return Version(type, id, number, now, method, new.stamp(id, number, instant(now)), prepared.entries)
