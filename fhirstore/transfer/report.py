"""What came of a transfer, counted by type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from fhirstore.dstu2.levels import refused
from fhirstore.errors import Issue
from fhirstore.transfer.records import Record

Outcome = Literal["created", "updated", "unchanged", "deleted", "repeated", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("created", "updated", "unchanged", "deleted", "repeated", "refused")


_FAULTS_LIMIT = 100
_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Report:
    """Counts by type and outcome. `repeated` were told better by another record of the same input.

    `faults` says for each element and fault how many refused resources have it; of very many kinds, the first.
    `lenient` counts the refused ones that the level `structure` would let through.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    lenient: int = 0

    def add(self, type: str, outcome: Outcome, number: int = 1) -> None:
        of_type = self.counts.setdefault(type, {})
        of_type[outcome] = of_type.get(outcome, 0) + number

    def refuse(self, type: str, issues: Sequence[Issue]) -> None:
        self.add(type or "unknown", "refused")
        for fault in {_INDEX.sub("", _worded(issue)) for issue in issues if issue.refuses}:
            if fault in self.faults or len(self.faults) < _FAULTS_LIMIT:
                self.faults[fault] = self.faults.get(fault, 0) + 1
        self.lenient += not refused(issues, "structure")

    def total(self, outcome: Outcome) -> int:
        return sum(of_type.get(outcome, 0) for of_type in self.counts.values())

    @property
    def records(self) -> int:
        return sum(sum(of_type.values()) for of_type in self.counts.values())

    def kept(self) -> dict[str, Any]:
        """All of it, to be noted with a job."""
        found = {"faults": self.faults, "lenient": self.lenient} if self.faults else {}
        return {"counts": self.counts, **found}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Report:
        """From what was noted; of a job that just begins, nothing."""
        counts = {type: dict(of_type) for type, of_type in kept.get("counts", {}).items()}
        return cls(counts, dict(kept.get("faults", {})), kept.get("lenient", 0))


def refusal(record: Record, issues: tuple[Issue, ...]) -> bytes:
    """A line that tells what was refused, where it stood, and each issue with its place; and the resource itself."""
    line: dict[str, Any] = {"place": record.place, "issues": [issue.told for issue in issues if issue.refuses]}
    if record.body:
        try:
            record.body.decode()
            line["resource"] = msgspec.Raw(msgspec.json.format(record.body, indent=-1))
        except (UnicodeDecodeError, msgspec.DecodeError):
            line["text"] = record.body[:1000].decode("utf-8", "replace")
    return msgspec.json.encode(line) + b"\n"


def _worded(issue: Issue) -> str:
    return f"{issue.path}: {issue.message}" if issue.path else issue.message
