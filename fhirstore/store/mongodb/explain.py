"""How a search is answered: the commands that are sent for it, and MongoDB's own plan of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import json_util
from pymongo import monitoring
from pymongo.asynchronous.database import AsyncDatabase

_READS = frozenset({"find", "aggregate", "count", "distinct"})
# What belongs to the sending of a command, not to what it asks.
_SENDING = frozenset({"lsid", "$db", "$clusterTime", "$readPreference", "readConcern", "txnNumber"})


class Commands(monitoring.CommandListener):
    """Listens to a client and remembers the reads that it sends."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in _READS:
            self.sent.append({name: value for name, value in event.command.items() if name not in _SENDING})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def query_plans(database: AsyncDatabase[dict[str, Any]], commands: Commands) -> list[str]:
    """Each command with the stages of its winning plan, outermost first."""
    lines: list[str] = []
    for command in list(commands.sent):
        lines.append(json_util.dumps(command))
        explained = await database.command({"explain": command, "verbosity": "queryPlanner"})
        lines += [f"      {stage}" for stage in _stages(explained)]
    return lines


def _stages(explained: Mapping[str, Any]) -> list[str]:
    plan = explained.get("queryPlanner", {}).get("winningPlan", {})
    found = []
    while isinstance(plan, Mapping) and plan:
        found.append(f"{plan.get('stage', '?')} {plan.get('indexName', '')}".rstrip())
        plan = plan.get("inputStage") or next(iter(plan.get("inputStages", [])), {})
    return found
