"""A copy of the database file, made while servers read and write it.

https://www.sqlite.org/backup.html
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from fhirstore.errors import Unavailable
from fhirstore.store.sqlite.connection import PATIENCE_SECONDS


def back_up(path: Path, copy: Path) -> None:
    """Copy all that is committed by now, as of one moment, into one file that its owner alone can read.

    It is there under its name only when it is whole and on the disk. Raises Unavailable.
    """
    unfinished = copy.with_name(copy.name + ".part")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        address = f"{path.absolute().as_uri()}?mode=rw"
        with (
            closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_SECONDS)) as source,
            closing(sqlite3.connect(unfinished)) as target,
        ):
            source.backup(target)
            # A file of its own, with no log beside it. Whoever opens it as a store begins one again.
            target.execute("PRAGMA journal_mode = DELETE")
        unfinished.replace(copy)
    except OSError as error:
        raise Unavailable(f"The copy cannot be written: {error.strerror}.") from error
    except sqlite3.Error as error:
        raise Unavailable(f"The database file cannot be copied: {error}.") from error
    finally:
        with suppress(OSError):  # what is unfinished holds records too
            unfinished.unlink(missing_ok=True)
