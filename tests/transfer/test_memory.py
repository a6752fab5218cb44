"""A hundred thousand resources take an import, and an export, the memory of ten thousand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import environment

SMALL, LARGE = 10_000, 100_000
MOST = 1.2

# Each runs in a process of its own, whose greatest memory is asked at its end.
SCRIPT = r"""
import asyncio, re, sys
from pathlib import Path
from fhirstore.clock import now
from fhirstore.store import open_store
from fhirstore.store.scope import Scope
from fhirstore.transfer.exporting import Export, written
from fhirstore.transfer.identity import Origin
from fhirstore.transfer.importing import Import
from fhirstore.transfer.inputs import file_input
from fhirstore.transfer.preparing import Rules

async def note(step):
    return True

async def main(work, database, path):
    store = open_store(database, frugal=True)
    await store.open()
    resources = store.within(Scope(1))
    if work == "import":
        await Import([file_input(Path(path))], Rules(Origin(1, "urn:a"), "official"), resources, now).run(note)
    else:
        with open(path, "wb") as file:
            async for piece in written(Export(now(), history=True), resources, "bundle"):
                file.write(piece)
    await store.close()
    # Not ru_maxrss: that begins with what the process was forked from.
    print(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])

asyncio.run(main(*sys.argv[1:]))
"""


def write_bundle(path: Path, count: int) -> None:
    """A Bundle whose entries refer to each other by what only the whole of it tells."""
    with path.open("w") as file:
        file.write('{"resourceType":"Bundle","type":"collection","entry":[')
        for number in range(count):
            urn = f"urn:uuid:{number:032x}"
            subject = f"urn:uuid:{min(number // 50 * 50 + 49, count - 1):032x}"
            resource = f'{{"resourceType":"Basic","code":{{"text":"a"}},"subject":{{"reference":"{subject}"}}}}'
            file.write(f'{"," * (number > 0)}{{"fullUrl":"{urn}","resource":{resource}}}\n')
        file.write("]}")


def peak(*arguments: str) -> int:
    """The greatest memory of a process, in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="where a process's own peak is told")
def test_ten_times_as_many_resources_take_the_same_memory(tmp_path: Path) -> None:
    peaks: dict[str, list[int]] = {"import": [], "export": []}
    for count in (SMALL, LARGE):
        bundle, database = tmp_path / f"{count}.json", f"sqlite:///{tmp_path / str(count)}.db"
        write_bundle(bundle, count)
        for work, path in (("import", bundle), ("export", tmp_path / f"{count}.out")):
            peaks[work].append(peak(work, database, str(path)))
        assert (tmp_path / f"{count}.out").read_bytes().count(b'"fullUrl"') == count
    for work, (small, large) in peaks.items():
        assert large <= small * MOST, f"{work}: {small} and {large}"
