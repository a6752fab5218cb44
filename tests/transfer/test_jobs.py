"""Jobs go on where they were noted, whoever did the part before; what fails says so and is not tried for ever."""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fhirstore.clock import now
from fhirstore.ids import new_id
from fhirstore.interactions.doorway import Doorway
from fhirstore.interactions.request import Limits
from fhirstore.store.contract import HistoryQuery, Store
from fhirstore.store.jobs import OPEN, Job
from fhirstore.store.scope import Scope
from fhirstore.transfer.jobs import INPUT, JobRules, JobRunner
from tests.builders import patient


def doorway(store: Store) -> Doorway:
    async def flush() -> None: ...

    return Doorway(store, now, new_id, "official", Limits(), lambda event: None, flush)


async def finished(store: Store, job: Job, rules: JobRules | None = None) -> Job:
    """What a runner makes of a job, whose input is not kept, within a time."""
    runner = asyncio.create_task(JobRunner(doorway(store), rules or JobRules()).run())
    try:
        async with asyncio.timeout(20):
            found: Job | None = job
            while found is None or found.state in OPEN or await store.jobs.chunk_numbers(job.id, INPUT):
                await asyncio.sleep(0.01)
                found = await store.jobs.job(job.id)
    finally:
        runner.cancel()
        with suppress(asyncio.CancelledError):
            await runner
    return found


async def given(store: Store, *lines: bytes, **parameters: object) -> Job:
    asked = {"scope": "user/*.*", "patient": None, "source": "urn:a", "level": "official", "address": ""}
    job = Job(uuid4().hex, 1, "app", "import", now(), {**asked, "complete": False, **parameters})
    await store.jobs.add(job)
    for number, line in enumerate(lines):
        await store.jobs.put_chunk(job.id, INPUT, number, line)
    return job


def line(**members: object) -> bytes:
    return json.dumps(patient(**members)).encode() + b"\n"  # type: ignore[arg-type]


async def test_a_job_whose_holder_was_killed_goes_on_behind_what_is_done(store: Store) -> None:
    job = await given(store, *(line(id=str(n)) for n in range(5)))
    lost = await store.jobs.take(["import"], "killed", now(), now())
    assert lost is not None
    await store.jobs.note(lost, {"done": 3, "counts": {"Patient": {"created": 3}}, "refused": 0}, now(), 0)
    done = await finished(store, job)
    assert (done.state, done.result) == ("done", {"counts": {"Patient": {"created": 5}}, "refused": 0})
    history = await store.within(Scope(1)).history(HistoryQuery())
    assert sorted(json.loads(each.body)["meta"]["tag"][0]["code"] for each in history.versions) == ["3", "4"]


async def test_an_import_writes_no_more_than_the_token_that_asked_for_it_may(store: Store) -> None:
    job = await given(store, line(id="1"), b'{"resourceType":"Basic","code":{"text":"a"}}\n', scope="user/Basic.write")
    done = await finished(store, job)
    assert done.result["counts"] == {"Patient": {"refused": 1}, "Basic": {"created": 1}}


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_job_that_nobody_can_carry_out_fails_once(store: Store) -> None:
    job = await given(store, line(id="1"), level="unheard of")
    assert (await finished(store, replace(job))).state in {"failed", "done"}
    broken = Job(uuid4().hex, 1, "app", "removal", now(), {})
    await store.jobs.add(broken)
    assert (await finished(store, broken)).state == "failed"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_what_is_imported_stands_in_no_file_that_could_be_left_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is killed tidies nothing up."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder := tmp_path / "temporary"))
    folder.mkdir()
    note, seen = type(store.jobs).note, list[list[Path]]()

    async def look(*given: Any) -> bool:
        seen.append(list(folder.iterdir()))
        return await note(*given)

    monkeypatch.setattr(type(store.jobs), "note", look)
    done = await finished(store, await given(store, *(line(id=str(n)) for n in range(5))))
    assert done.result["counts"] == {"Patient": {"created": 5}}
    assert seen
    assert not any(seen)
