"""`$import` and `$export`: kicked off with 202, polled at an address of their own, their files behind the same token.

The pattern is that of the Bulk Data specification (https://hl7.org/fhir/uv/bulkdata/export.html), whose resources here
are those of DSTU2. To whoever did not ask for a job, it is not there.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.types import Receive, Send

from fhirstore.api.requests import HttpRequest, receive_body
from fhirstore.api.responses import PRIVATE, Header, send_answer
from fhirstore.caller import Caller
from fhirstore.clock import http_date, instant
from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.sources import application_source, is_absolute_uri
from fhirstore.errors import BadRequest, Failure, Forbidden, MethodNotAllowed, NotFound, TooManyRequests, Unprocessable
from fhirstore.interactions.doorway import Doorway
from fhirstore.search.kinds.date import interval
from fhirstore.search.query import TRANSPORT
from fhirstore.store.jobs import CHUNK_BYTES, Job
from fhirstore.transfer.exporting import written
from fhirstore.transfer.jobs import INPUT, KEPT_MS, REFUSED, JobRules, JobRunner, asked_by, export_of

NDJSON = "application/fhir+ndjson"
_NDJSON_NAMES = frozenset({"", NDJSON, "application/ndjson", "ndjson"})
_POLL_SECONDS = 2
_PATH = re.compile(r"/\$(import|export)(?:/([0-9a-f]{32})(?:/([A-Za-z]{1,40})\.ndjson)?)?/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request about a job: which kind, which one ("" for a new one), which of its files ("" for its status)."""

    kind: str
    job: str = ""
    file: str = ""


def asked_transfer(path: str) -> Asked:
    """What a path below the FHIR address asks for. Raises NotFound."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return Asked(found[1], found[2] or "", found[3] or "")


@dataclass(frozen=True, slots=True)
class Transfers:
    """Answers every request about imports and exports."""

    doorway: Doorway
    runner: JobRunner
    rules: JobRules

    async def answer(self, asked: Asked, http: HttpRequest, caller: Caller, receive: Receive, send: Send) -> int:
        """Sends the answer, and tells its status. Raises a Failure before anything is sent."""
        if caller.everybody:
            raise Forbidden("An import or export is one user's: x-oneup-user-id must name one.")
        if not asked.job:
            _check_method(http, "POST" if asked.kind == "import" else "GET")
            job = await (self._import if asked.kind == "import" else self._export)(http, caller, receive)
            headers = [PRIVATE, (b"content-location", f"{http.base}/${asked.kind}/{job.id}".encode())]
            await send_answer(send, 202, headers, b"", NDJSON)
            return 202
        found = await self.doorway.store.jobs.job(asked.job)
        mine = found is not None and (found.owner, found.client_id) == (caller.user, caller.client_id)
        if found is None or not mine or found.kind != asked.kind or found.state == "cancelled":
            raise NotFound("There is no such job.")
        if asked.file:
            _check_method(http, "GET", "HEAD")
            return await self._send_file(found, asked.file, caller, receive, send)
        _check_method(http, "GET", "DELETE", "HEAD")
        if http.method == "DELETE":
            await self._cancel(found)
            await send_answer(send, 202, [PRIVATE], b"", NDJSON)
            return 202
        return await self._send_status(found, http.base, send)

    async def _import(self, http: HttpRequest, caller: Caller, receive: Receive) -> Job:
        caller.require("write", "")
        given = _given(http, "_complete")
        source = http.headers.get("x-source") or application_source(caller.client_id)
        if not is_absolute_uri(source):
            raise BadRequest("X-Source must be an absolute URI.")
        level, whole = caller.level or self.doorway.level, given.get("_complete") == "true"
        stated = {"source": source, "level": level, "address": http.base, "complete": whole}
        job = await self._add("import", caller, "receiving", **stated)
        number = size = 0
        try:
            async for chunk in _chunks(receive_body(http.headers, receive, self.rules.import_bytes)):
                await self.doorway.store.jobs.put_chunk(job.id, INPUT, number, chunk)
                number, size = number + 1, size + len(chunk)
            if size == 0:
                raise BadRequest("The body must be a resource, a Bundle, or NDJSON.")
        except BaseException:
            await self.doorway.store.jobs.forget(job.id)
            raise
        await self.doorway.store.jobs.receive(job.id, self.doorway.clock())
        self.runner.wake()
        return job

    async def _export(self, http: HttpRequest, caller: Caller, _: Receive) -> Job:
        caller.require("read", "")
        if "respond-async" not in http.headers.get("prefer", ""):
            raise BadRequest("An export is asked for with Prefer: respond-async.")
        given = _given(http, "_type", "_since", "_outputFormat", "_source")
        if given.get("_outputFormat", "").replace(" ", "+") not in _NDJSON_NAMES:
            raise BadRequest("Files are written as application/fhir+ndjson.")
        types = [type for type in given.get("_type", "").split(",") if type]
        if not all(map(is_resource_type, types)):
            raise BadRequest("_type needs resource types with commas between them.")
        since = interval(given["_since"]) if "_since" in given else None
        if "_since" in given and since is None:
            raise BadRequest("_since must be a date, a dateTime or an instant.")
        asked = f"{http.base}/$export" + (f"?{urlencode(given)}" if given else "")
        job = await self._add(
            "export",
            caller,
            at=self.doorway.clock(),
            since=since[0] // 1000 if since else None,
            source=given.get("_source"),
            types=types,
            address=http.base,
            request=asked,
        )
        self.runner.wake()
        return job

    async def _add(self, kind: str, caller: Caller, state: Any = "waiting", **more: Any) -> Job:
        """Raises TooManyRequests where the application has as many as it may."""
        if await self.doorway.store.jobs.count_open(caller.client_id) >= self.rules.open_jobs:
            raise TooManyRequests(
                f"An application may have {self.rules.open_jobs} jobs at a time.", headers={"Retry-After": "10"}
            )
        now = self.doorway.clock()
        parameters = asked_by(caller, **more)
        job = Job(secrets.token_hex(16), caller.user, caller.client_id, kind, now, parameters, state, updated=now)
        await self.doorway.store.jobs.add(job)
        return job

    async def _cancel(self, job: Job) -> None:
        """What was imported stays. The files are gone at once, the job itself when its time is over."""
        if not await self.doorway.store.jobs.cancel(job.id, self.doorway.clock()):
            await self.doorway.store.jobs.forget(job.id)
            return
        for file in (INPUT, REFUSED):
            await self.doorway.store.jobs.forget_file(job.id, file)

    async def _send_status(self, job: Job, base: str, send: Send) -> int:
        headers: list[Header] = [PRIVATE]
        if job.state == "done":
            body = msgspec.json.encode(_manifest(job, base))
            headers.append((b"expires", http_date(job.updated + KEPT_MS).encode()))
            await send_answer(send, 200, headers, body, "application/json")
            return 200
        if job.state == "failed":
            told = [issue["message"] for issue in job.result.get("issues", ())]
            raise Unprocessable(told[0] if told else "The job failed: the server's log knows more.")
        headers += [(b"x-progress", _progress(job).encode()), (b"retry-after", b"%d" % _POLL_SECONDS)]
        await send_answer(send, 202, headers, b"", "application/json")
        return 202

    async def _send_file(self, job: Job, file: str, caller: Caller, receive: Receive, send: Send) -> int:
        if job.state != "done":
            raise NotFound("There is no such file.")
        if job.kind == "import" and file == REFUSED and job.result["refused"]:
            pieces = self._refused(job)
        elif job.kind == "export" and file in job.result["counts"]:
            caller.require("read", file)
            own = replace(caller, shared=())
            resources = self.doorway.context(own, job.parameters["address"], None).resources
            pieces = written(export_of(job, own, file), resources, "ndjson")
        else:
            raise NotFound("There is no such file.")
        await _stream(pieces, receive, send)
        return 200

    async def _refused(self, job: Job) -> AsyncIterator[bytes]:
        for number in await self.doorway.store.jobs.chunk_numbers(job.id, REFUSED):
            yield await self.doorway.store.jobs.chunk(job.id, REFUSED, number) or b""


def _manifest(job: Job, base: str) -> Mapping[str, Any]:
    """http://hl7.org/fhir/uv/bulkdata: where each file is, and how many resources are in it."""
    counts, address = job.result["counts"], f"{base}/${job.kind}/{job.id}"
    if job.kind == "export":
        output = [{"type": type, "url": f"{address}/{type}.ndjson", "count": n} for type, n in counts.items()]
        at, request, error = job.parameters["at"], job.parameters["request"], []
    else:
        output, request, at, refused = [], f"{base}/$import", job.created, job.result["refused"]
        url = f"{address}/{REFUSED}.ndjson"
        error = [{"type": "OperationOutcome", "url": url, "count": refused}] if refused else []
    manifest = {
        "transactionTime": instant(at),
        "request": request,
        "requiresAccessToken": True,
        "output": output,
        "error": error,
    }
    return manifest if job.kind == "export" else {**manifest, "counts": counts, "faults": job.result.get("faults", {})}


def _progress(job: Job) -> str:
    total = job.progress.get("total")
    return f"{job.progress['done']:,} of {total:,} records" if total else job.state


def _given(http: HttpRequest, *names: str) -> dict[str, str]:
    """The query's parameters. Raises BadRequest for one that is not known here."""
    given = {name: value for name, value in http.question if name not in TRANSPORT}
    for name in given:
        if name not in names:
            raise BadRequest(f"There is no parameter {name[:64]!r} here; there are {', '.join(names)}.")
    return given


class _BrokenError(Exception):
    """A file that could not be sent to its end."""


def _check_method(http: HttpRequest, *allowed: str) -> None:
    if http.method not in allowed:
        raise MethodNotAllowed("This address does not know this method.", headers={"Allow": ", ".join(allowed)})


async def _chunks(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size."""
    waiting = b""
    async for piece in body:
        waiting += piece
        while len(waiting) >= CHUNK_BYTES:
            yield waiting[:CHUNK_BYTES]
            waiting = waiting[CHUNK_BYTES:]
    if waiting:
        yield waiting


async def _stream(pieces: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send them, as long as the client is there: a whole record would be read for nobody otherwise."""
    gone = asyncio.create_task(_disconnect(receive))
    headers = [PRIVATE, (b"content-type", NDJSON.encode()), (b"content-disposition", b"attachment")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    try:
        async for piece in pieces:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except Failure as failure:  # too late for an answer: the connection must break, or the file would look whole
        raise _BrokenError(failure.code) from failure
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
