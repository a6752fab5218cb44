"""What came of a transfer, counted by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from fhirstore.errors import Issue
from fhirstore.transfer.records import Record

Outcome = Literal["created", "updated", "unchanged", "deleted", "repeated", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("created", "updated", "unchanged", "deleted", "repeated", "refused")


@dataclass(slots=True)
class Report:
    """Counts by type and outcome. `repeated` were told better by another record of the same input."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, type: str, outcome: Outcome, number: int = 1) -> None:
        of_type = self.counts.setdefault(type, {})
        of_type[outcome] = of_type.get(outcome, 0) + number

    def total(self, outcome: Outcome) -> int:
        return sum(of_type.get(outcome, 0) for of_type in self.counts.values())

    @property
    def records(self) -> int:
        return sum(sum(of_type.values()) for of_type in self.counts.values())

    @classmethod
    def of(cls, counts: Mapping[str, Mapping[str, int]]) -> Report:
        return cls({type: dict(of_type) for type, of_type in counts.items()})


def refusal(record: Record, issues: tuple[Issue, ...]) -> bytes:
    """A line that tells what was refused, where it stood, and each issue with its place; and the resource itself."""
    line: dict[str, Any] = {"place": record.place, "issues": [issue for issue in issues if issue.refuses]}
    if record.body:
        try:
            line["resource"] = msgspec.Raw(msgspec.json.format(record.body, indent=-1))
        except msgspec.DecodeError:
            line["text"] = record.body[:1000].decode("utf-8", "replace")
    return msgspec.json.encode(line) + b"\n"
