"""Issues as an OperationOutcome: http://hl7.org/fhir/DSTU2/operationoutcome.html."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fhirstore.errors import Issue


def operation_outcome(issues: Iterable[Issue]) -> bytes:
    """JSON bytes. The message stands in `details.text`, where 1upHealth's clients look, and in `diagnostics`."""
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [_entry(issue) for issue in issues]})


def _entry(issue: Issue) -> dict[str, Any]:
    text = f"{issue.path}: {issue.message}" if issue.path else issue.message
    entry: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": text},
        "diagnostics": text,
    }
    if issue.path:
        entry["location"] = [issue.path]
    return entry
