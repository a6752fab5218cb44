"""What is measured: this server in a process of its own, the ceiling beside it, or any other DSTU2 server."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 30
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Target:
    """A FHIR endpoint; `group` is the process group of a server that was started here, `files` its database's.

    `credentials` are those of an application, for servers that speak 1upHealth's user management.
    """

    name: str
    address: str
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    group: int | None = None
    files: tuple[Path, ...] = ()
    credentials: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        return parts.hostname or "localhost", parts.port or 80

    def raw(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json+fhir") -> bytes:
        """A request as bytes, ready to be sent."""
        host, port = self.host
        lines = [f"{method} {self.path}{path} HTTP/1.1", f"Host: {host}:{port}", "Accept: application/json+fhir"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if body or method in {"POST", "PUT"}:
            lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json+fhir") -> Any:
        """One request for setting up; answers the JSON of a success, {} where there is none."""
        connection = http.client.HTTPConnection(*self.host, timeout=120)
        headers = {**self.headers, "Content-Type": content_type, "Accept": "application/json+fhir"}
        if content_type == FORM:
            headers["Accept"] = "application/json"
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{self.name} answered {answer.status} to {method} {path}: {text[:500]!r}")
        return json.loads(text) if text else {}

    def fhir(self, method: str, path: str, resource: Mapping[str, Any] | None = None) -> Any:
        body = json.dumps(resource).encode() if resource is not None else b""
        return self.ask(method, f"{self.path}{path}", body)

    def form(self, path: str, /, **values: str) -> Any:
        return self.ask("POST", path, urlencode({**self.credentials, **values}).encode(), FORM)

    def processor_seconds(self) -> float:
        """Of all its processes, together, since they started; 0 for a server that was not started here."""
        return sum(float(fields[11]) + float(fields[12]) for _, fields in self._processes()) / _TICKS

    def memory_megabytes(self) -> list[float]:
        """Resident memory of each process, less what it maps of files (the database's pages), the largest first."""
        pages = (Path(f"/proc/{pid}/statm").read_text().split() for pid, _ in self._processes())
        sizes = [(int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") / 1e6 for _, resident, shared, *_ in pages]
        return sorted(sizes, reverse=True)

    def database_megabytes(self) -> float:
        return sum(file.stat().st_size for file in self.files if file.exists()) / 1e6

    def _processes(self) -> Iterator[tuple[int, list[str]]]:
        """Number and fields of /proc/N/stat, from the state on, of each process in the group."""
        for folder in Path("/proc").iterdir() if self.group is not None else ():
            if folder.name.isdigit():
                with suppress(OSError):
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                    if int(fields[2]) == self.group:
                        yield int(folder.name), fields


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def fhirstore(database: str, workers: int, folder: Path, log_level: str = "info") -> Iterator[Target]:
    """This server, with one user whose token the target holds."""
    port = free_port()
    output = folder / "server.out"
    command = [sys.executable, "-m", "fhirstore", "serve", "--port", str(port)]
    command += ["--database", database, "--workers", str(workers)]
    # Codes for the token exchange are asked for faster than any application would.
    settings = {"FHIRSTORE_LOG_LEVEL": log_level, "FHIRSTORE_MANAGEMENT_CALLS_PER_HOUR": "1000000"}
    with _process(command, output, folder / "server.log", **settings) as group:
        file = Path(database.removeprefix("sqlite:///"))
        files = (file, file.with_name(f"{file.name}-wal")) if database.startswith("sqlite:///") else ()
        target = Target("fhirstore", f"http://127.0.0.1:{port}", "/dstu2", group=group, files=files)
        _await(target, "/health")
        made = dict(re.findall(r"^  (client_id|client_secret) +(\S+)$", output.read_text(), re.MULTILINE))
        yield with_token(replace(target, credentials=made))


def with_token(target: Target) -> Target:
    user = target.form("/user-management/v1/user", app_user_id="bench")
    tokens = target.form("/oauth2/token", grant_type="authorization_code", code=user["code"])
    return replace(target, headers={"Authorization": f"Bearer {tokens['access_token']}"})


@contextmanager
def ceiling(workers: int, folder: Path) -> Iterator[Target]:
    """The same HTTP server with the same settings around a route that does nothing."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(__file__).parent), "ceiling:app"]
    command += ["--port", str(port), "--workers", str(workers), "--no-access-log", "--no-server-header"]
    command += ["--no-date-header", "--no-proxy-headers", "--log-level", "warning"]
    with _process(command, folder / "ceiling.out", folder / "ceiling.log") as group:
        target = Target("ceiling", f"http://127.0.0.1:{port}", group=group)
        _await(target, "/Observation/1")
        yield target


def other(url: str, token: str | None) -> Target:
    """A server that runs already; its processor time and memory are not known here."""
    parts = urlsplit(url)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Target(parts.netloc, f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"), headers)


@contextmanager
def _process(command: list[str], output: Path, log: Path, **settings: str) -> Iterator[int]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FHIRSTORE_")}
    with output.open("wb") as out, log.open("wb") as err:
        started = subprocess.Popen(command, env={**kept, **settings}, stdout=out, stderr=err, start_new_session=True)
    try:
        yield started.pid
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def _await(target: Target, path: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(*target.host, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{target.name} did not start")
        time.sleep(0.01)
