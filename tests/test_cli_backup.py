"""A copy that is made while the server writes is whole, and a store of its own."""

from __future__ import annotations

import threading
from pathlib import Path

from typer.testing import CliRunner

from fhirstore.cli import main
from tests.builders import patient
from tests.clients import http, new_application
from tests.server import running


def test_a_copy_made_while_the_server_writes_holds_all_that_was_answered_before(tmp_path: Path) -> None:
    file, copy = tmp_path / "store.db", tmp_path / "copy.db"
    with running(f"sqlite:///{file}") as server:
        user = new_application(server).user()
        before = [user.create(patient()) for _ in range(20)]
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                user.create(patient())

        writer = threading.Thread(target=write)
        writer.start()
        answer = CliRunner().invoke(main, ["backup", str(copy), "--database", f"sqlite:///{file}"])
        stop.set()
        writer.join()
    assert (answer.exit_code, answer.output) == (0, "")
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"], "one file, with nothing beside it"
    assert copy.stat().st_mode & 0o777 == 0o600
    with running(f"sqlite:///{copy}") as restored:
        for each in before:
            address = f"{restored.address}/dstu2/Patient/{each['id']}"
            assert http.get(address, headers=user.headers).json() == each, "by the same token"


def test_the_database_is_not_copied_onto_itself(tmp_path: Path) -> None:
    at = ("--database", f"sqlite:///{tmp_path / 'store.db'}")
    CliRunner().invoke(main, ["app", "create", "a", *at])
    kept = (tmp_path / "store.db").read_bytes()
    answer = CliRunner().invoke(main, ["backup", str(tmp_path / "store.db"), *at])
    assert (answer.exit_code, answer.stderr) == (2, "fhirstore: The copy must be another file than the database.\n")
    assert (tmp_path / "store.db").read_bytes() == kept


def test_a_database_of_mongodb_is_left_to_its_own_tools(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["backup", str(tmp_path / "copy"), "--database", "mongodb://localhost/a"])
    assert (answer.exit_code, answer.stderr) == (
        2,
        "fhirstore: MongoDB is backed up by its own tools, such as mongodump.\n",
    )


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"This is no database. " * 500)
    at = ("--database", f"sqlite:///{tmp_path / 'store.db'}")
    answer = CliRunner().invoke(main, ["backup", str(tmp_path / "copy.db"), *at])
    assert answer.exit_code == 2
    assert answer.stderr.startswith("fhirstore: The database file cannot be copied: ")
    assert [path.name for path in tmp_path.iterdir()] == ["store.db"]
