"""How fast imports and exports are, and that a hundred thousand resources take the memory of ten thousand.

python scripts/bench/imports.py            # 10,000 and 100,000, for a few minutes
python scripts/bench/imports.py 1000 5000
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.transfer.test_memory import peak, write_bundle


def main(counts: list[int]) -> None:
    peaks: dict[str, list[int]] = {"import": [], "export": []}
    with TemporaryDirectory() as folder:
        for count in counts:
            bundle, database = Path(folder) / f"{count}.json", f"sqlite:///{folder}/{count}.db"
            write_bundle(bundle, count)
            for work, path in (("import", bundle), ("export", Path(folder) / "out")):
                started = time.perf_counter()
                peaks[work].append(peak(work, database, str(path)))
                rate = count / (time.perf_counter() - started)
                print(f"{work} of {count:,}: {rate:,.0f}/s, at most {peaks[work][-1] / 1024:,.0f} MiB")
    for work, found in peaks.items():
        print(f"{work}: {found[-1] / found[0]:.2f} times the memory")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [10_000, 100_000])
