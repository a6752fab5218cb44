"""The jobs of this server: taken up, carried out, and left to another process where this one ends."""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from fhirstore.caller import Caller
from fhirstore.errors import Failure, Unavailable
from fhirstore.interactions.doorway import Doorway
from fhirstore.store.contract import Resources, Version
from fhirstore.store.jobs import Job
from fhirstore.store.scope import Scope, scope_of
from fhirstore.transfer.completing import complete
from fhirstore.transfer.exporting import Export, count
from fhirstore.transfer.identity import Origin
from fhirstore.transfer.importing import Import, Progress, Stopped
from fhirstore.transfer.inputs import kept_input
from fhirstore.transfer.preparing import Rules
from fhirstore.transfer.records import Reader
from fhirstore.transfer.report import Report
from fhirstore.transfer.sources import PAGE, delete_all, last_told_by, of_source, purge_all

KINDS = ("import", "export", "removal")
INPUT, REFUSED = "input", "refused"

LEASE_MS = 60_000
KEPT_MS = 7 * 24 * 3600 * 1000
"""How long results can be fetched, in milliseconds."""
_PAUSE_SECONDS = 2.0
_CLEANING_MS = 3600 * 1000

_log = logging.getLogger("fhirstore")


@dataclass(frozen=True, slots=True)
class JobRules:
    """What holds for every job of a server: sizes are in bytes, `open_jobs` is for each application."""

    resource_bytes: int = 10_000_000
    import_bytes: int = 500_000_000
    open_jobs: int = 4


def asked_by(caller: Caller, **more: Any) -> dict[str, Any]:
    """A job's parameters, with what is needed to act in the caller's name later on."""
    return {"scope": caller.scope, "patient": caller.patient, **more}


def caller_of(job: Job) -> Caller:
    """Whoever asked for a job, with what the token allowed; nothing that others shared is touched by jobs."""
    return Caller(job.client_id, job.owner, job.parameters["scope"], patient=job.parameters["patient"])


def export_of(job: Job, caller: Caller, type: str | None = None) -> Export:
    """What an export's files hold for somebody who may read as much as the caller."""
    asked = job.parameters
    narrow = not scope_of(caller).is_whole
    return Export(asked["at"], type, asked["source"], asked["since"], address=asked["address"], found=narrow)


class JobRunner:
    """Takes up one job after the other, in the event loop of the server; `wake` has it look at once."""

    def __init__(self, doorway: Doorway, rules: JobRules) -> None:
        self._doorway = doorway
        self._store = doorway.store
        self._clock = doorway.clock
        self._rules = rules
        self._holder = secrets.token_hex(8)
        self._woken = asyncio.Event()
        self._cleaned = 0
        self._progress: Mapping[str, Any] = {}

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled; the job that is under way is then anybody's again."""
        while True:
            try:
                await self._clean()
                while job := await self._take():
                    await self._carry_out(job)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look may find the database again
                _log.warning("jobs wait: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _PAUSE_SECONDS)
            self._woken.clear()

    async def _take(self) -> Job | None:
        now = self._clock()
        return await self._store.jobs.take(KINDS, self._holder, now, now + LEASE_MS)

    async def _clean(self) -> None:
        now = self._clock()
        if now - self._cleaned > _CLEANING_MS:
            self._cleaned = now
            await self._store.jobs.forget_ended(now - KEPT_MS)

    async def _carry_out(self, job: Job) -> None:
        self._progress = job.progress
        work = {"import": self._import, "export": self._export, "removal": self._remove}[job.kind]
        try:
            result = await work(job)
            await self._store.jobs.end(job, "done", result, self._clock())
        except Stopped:
            return
        except Unavailable:
            raise
        except asyncio.CancelledError:
            await asyncio.shield(self._store.jobs.note(job, self._progress, self._clock(), 0))
            raise
        except Failure as failure:
            issues = [{"severity": i.severity, "code": i.code, "message": i.message} for i in failure.issues]
            await self._store.jobs.end(job, "failed", {"issues": issues}, self._clock())
        except Exception as error:  # noqa: BLE001 - a job that nobody foresaw must not be tried for ever
            _log.error("a job of the kind %s failed: %s", job.kind, type(error).__name__)
            await self._store.jobs.end(job, "failed", {"issues": []}, self._clock())
        await self._store.jobs.forget_file(job.id, INPUT)

    async def _import(self, job: Job) -> Mapping[str, Any]:
        asked, jobs = job.parameters, self._store.jobs
        resources = self._resources(job)
        report = Report.of(job.progress)
        lines = int(job.progress.get("refused", 0))

        async def note(step: Progress) -> bool:
            nonlocal lines
            if step.refused:
                await jobs.put_chunk(job.id, REFUSED, step.done, step.refused)
                lines += step.refused.count(b"\n")
            kept = {"done": step.done, "total": step.total, **step.report.kept(), "refused": lines}
            return await self._go_on(job, kept)

        with tempfile.TemporaryFile() as spool:
            await self._fetch(job, spool)
            file = kept_input("input", spool, self._rules.import_bytes)
            rules = Rules(Origin(job.owner, asked["source"]), asked["level"], asked["address"])
            reader = Reader(self._rules.resource_bytes)
            work = Import([file], rules, resources, self._clock, reader, whole=asked["complete"])
            survey = await work.run(note, int(job.progress.get("done", 0)), report)
        if asked["complete"]:
            await complete(survey, rules.origin, resources, self._clock, report)
        return {**report.kept(), "refused": lines}

    async def _fetch(self, job: Job, file: IO[bytes]) -> None:
        for number in await self._store.jobs.chunk_numbers(job.id, INPUT):
            file.write(await self._store.jobs.chunk(job.id, INPUT, number) or b"")

    async def _export(self, job: Job) -> Mapping[str, Any]:
        caller = caller_of(job)
        counts = await count(export_of(job, caller), self._resources(job))
        types = job.parameters["types"]
        return {"counts": {type: number for type, number in counts.items() if not types or type in types}}

    async def _remove(self, job: Job) -> Mapping[str, Any]:
        """Take out one source. Each batch is one step: begun again, the rest is found, and nothing else."""
        source, erase = job.parameters["source"], job.parameters["erase"]
        scope, counts = Scope(job.owner), dict(job.progress.get("counts", {}))
        resources = self._resources(job)
        batch: list[Version] = []

        async def take_out() -> None:
            for version in await delete_all(batch, source, resources, self._clock):
                counts[version.type] = counts.get(version.type, 0) + 1
            batch.clear()
            if not await self._go_on(job, {"counts": counts}):
                raise Stopped

        async for version in of_source(source, resources):
            batch.append(version)
            if len(batch) == PAGE:
                await take_out()
        await take_out()
        erased = 0
        if erase:
            async for version in last_told_by(source, resources):
                erased += await purge_all([version], scope, self._store.purging)
        return {"counts": counts, "erased": erased}

    def _resources(self, job: Job) -> Resources:
        # What is written tells its author; a note for each version besides would only say so again.
        return self._doorway.context(caller_of(job), job.parameters.get("address", ""), None).resources

    async def _go_on(self, job: Job, progress: Mapping[str, Any]) -> bool:
        self._progress, now = progress, self._clock()
        return await self._store.jobs.note(job, progress, now, now + LEASE_MS)
