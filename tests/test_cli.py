"""The command line, each command in a process of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from typer.testing import CliRunner

from fhirstore import __version__
from fhirstore.cli import main
from tests.clients import ApplicationClient, http
from tests.server import ServerProcess, environment, running, start_command

MEMBERS = {"client_id", "client_secret", "organization_id", "organization_token"}


def fhirstore(*arguments: str, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {f"FHIRSTORE_{name.upper()}": value for name, value in settings.items()}
    with TemporaryDirectory() as folder:
        output, log = Path(folder) / "out", Path(folder) / "log"
        process = start_command(arguments, output, log, cwd, settings=given)
        process.join(timeout=60)
        assert process.exitcode is not None, "it ends by itself"
        return subprocess.CompletedProcess(arguments, process.exitcode, output.read_text(), log.read_text())


def created(database: str, name: str = "second") -> dict[str, str]:
    answer = fhirstore("app", "create", name, "--json", "--database", database)
    assert answer.returncode == 0, answer.stderr
    made: dict[str, str] = json.loads(answer.stdout)
    return made


def test_an_application_is_made_while_a_server_runs_and_works_at_once(database: str, tmp_path: Path) -> None:
    with ServerProcess(database, tmp_path) as server:
        made = created(database)
        assert made.keys() == MEMBERS
        assert len(set(made.values())) == 4
        application = ApplicationClient(server.address, made["client_id"], made["client_secret"])
        assert application.user().get("Patient/a").status_code == 404

        listed = fhirstore("app", "list", "--database", database).stdout
        assert made["client_id"] in listed
        assert "second" in listed
        assert made["client_secret"] not in listed

        rotated = fhirstore("app", "rotate-secret", made["client_id"], "--json", "--database", database)
        fresh = json.loads(rotated.stdout)
        assert fresh.keys() == {"client_id", "client_secret"}
        known = ApplicationClient(server.address, fresh["client_id"], fresh["client_secret"])
        assert [each.manage("GET", "user").status_code for each in (application, known)] == [200, 200]

        ended = fhirstore("app", "rotate-secret", made["client_id"], "--revoke-previous", "--database", database)
        assert (ended.returncode, ended.stdout) == (0, "")
        assert [each.manage("GET", "user").status_code for each in (application, known)] == [401, 200]


def test_an_organizations_token_is_rotated_like_a_secret(database: str, tmp_path: Path) -> None:
    with ServerProcess(database, tmp_path) as server:
        made = created(database)
        address = f"{server.address}/v1/organizations/{made['organization_id']}.json"

        def statuses(*tokens: str) -> list[int]:
            return [http.get(address, params={"access_token": token}).status_code for token in tokens]

        rotated = fhirstore("app", "rotate-token", made["client_id"], "--json", "--database", database)
        fresh = json.loads(rotated.stdout)
        assert fresh.keys() == {"client_id", "organization_token"}
        both = made["organization_token"], fresh["organization_token"]
        assert statuses(*both) == [200, 200]
        fhirstore("app", "rotate-token", made["client_id"], "--revoke-previous", "--database", database)
        assert statuses(*both) == [401, 200]


def test_an_application_is_changed_while_a_server_runs_and_what_is_not_given_stays(
    database: str, tmp_path: Path
) -> None:
    with ServerProcess(database, tmp_path) as server:
        made = created(database)
        application = ApplicationClient(server.address, made["client_id"], made["client_secret"])
        options = ("--database", database, "--profile", "oneup", "--redirect-uri", "https://app.example/back")
        assert fhirstore("app", "set", made["client_id"], *options).returncode == 0
        assert fhirstore("app", "set", made["client_id"], *options[:2], "--calls-per-hour", "4").returncode == 0
        answers = [application.manage("POST", "user", app_user_id="me") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429], "and a duplicate is 200 to this profile"


@pytest.mark.parametrize(
    "uri", ["/back", "http://app.example/back", "https://app.example/#a", "javascript:x", "https://"]
)
def test_a_redirect_uri_that_is_not_safe_is_refused(tmp_path: Path, uri: str) -> None:
    database = f"sqlite:///{tmp_path / 'store.db'}"
    answer = fhirstore("app", "create", "a", "--redirect-uri", uri, "--database", database)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("fhirstore: A redirect URI must be absolute")


def test_an_application_is_given_an_address_to_be_launched_at(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'store.db'}"
    launch_uri = ("--launch-uri", "https://app.example/launch", "--database", database)
    made = json.loads(fhirstore("app", "create", "a", "--json", *launch_uri).stdout)
    keeper = created(database)
    unsafe = fhirstore("app", "set", made["client_id"], "--launch-uri", "javascript:x", "--database", database)
    assert unsafe.stderr.startswith("fhirstore: A launch URI must be absolute")
    with running(database) as server:
        application = ApplicationClient(server.address, keeper["client_id"], keeper["client_secret"])
        user = application.user()
        told = application.manage("POST", "user/launch", oneup_user_id=user.id, app_client_id=made["client_id"])
        assert told.json()["url"].startswith("https://app.example/launch?iss=")


def test_without_json_the_secrets_are_printed_for_people(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'store.db'}"
    lines = fhirstore("app", "create", "my app", "--database", database).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "client_id",
        "client_secret",
        "organization_id",
        "organization_token",
    ]


def test_the_secret_of_an_unknown_application_is_not_rotated(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'store.db'}"
    created(database)
    answer = fhirstore("app", "rotate-secret", "nobody", "--database", database)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "fhirstore: There is no application with this client_id.\n"


@pytest.mark.parametrize(
    ("command", "database"),
    [
        ("serve", "postgres://localhost/a"),
        ("app list", "store.db"),
        ("app list", "sqlite://store.db"),
        ("app list", "sqlite:///"),
        ("app list", "mongodb://"),
        ("app list", ""),
    ],
)
def test_a_database_that_is_none_is_a_clear_error(database: str, command: str) -> None:
    answer = fhirstore(*command.split(), "--database", database)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == (
        "fhirstore: The setting database must be sqlite:///path, mongodb://host… or mongodb+srv://host….\n"
    )


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        ("sqlite:////proc/none/store.db", "The database file cannot be opened"),
        (f"sqlite:///{__file__}", "The database file cannot be"),
        ("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300", "MongoDB cannot be reached"),
        ("mongodb://user:s-e-c-r-e-t@127.0.0.1:1/?serverSelectionTimeoutMS=300", "MongoDB cannot be reached"),
        ("mongodb://[", "MongoDB cannot be reached or refuses"),
    ],
)
def test_a_database_that_cannot_be_opened_is_a_clear_error_without_its_password(database: str, reason: str) -> None:
    answer = fhirstore("app", "create", "a", "--database", database)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"fhirstore: {reason}")
    assert "Traceback" not in answer.stderr
    assert "s-e-c-r-e-t" not in answer.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("port", "many"), ("base_url", "records.example.org"), ("trusted_proxies", "10.0.0.0/8, all")]
)
def test_a_setting_that_is_wrong_in_the_environment_is_named(name: str, value: str) -> None:
    settings: dict[str, Any] = {name: value}
    answer = fhirstore("serve", **settings)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"fhirstore: The setting {name} ")


def test_a_setting_is_told_what_it_must_be() -> None:
    assert fhirstore("serve", port="many").stderr.startswith("fhirstore: The setting port must be a valid integer")


def test_a_command_in_the_wrong_folder_says_that_there_is_no_database_and_makes_none(tmp_path: Path) -> None:
    commands = (["app", "list"], ["export", "--user", "1"], ["reindex"], ["developer", "list"], ["backup", "copy.db"])
    for command in commands:
        answer = CliRunner().invoke(main, [*command, "--database", f"sqlite:///{tmp_path}/none/store.db"])
        assert (answer.exit_code, answer.stdout) == (2, "")
        assert answer.stderr.startswith(f"fhirstore: There is no database at {tmp_path}/none/store.db")
    assert not list(tmp_path.iterdir())


def test_applications_are_listed_with_all_that_is_set_for_programs_and_never_with_a_secret(tmp_path: Path) -> None:
    at = ("--database", f"sqlite:///{tmp_path / 'store.db'}")
    options = ("--profile", "oneup", "--calls-per-hour", "4", "--redirect-uri", "https://app.example/back", "--public")
    made = json.loads(CliRunner().invoke(main, ["app", "create", "[red]a", "--json", *options, *at]).stdout)
    listed = CliRunner().invoke(main, ["app", "list", "--json", *at]).stdout
    told = json.loads(listed)
    assert told["client_id"] == made["client_id"]
    assert (told["name"], told["profile"], told["calls_per_hour"], told["public"]) == ("[red]a", "oneup", 4, True)
    assert told["redirect_uris"] == ["https://app.example/back"]
    assert "hash" not in listed
    assert made["client_secret"] not in listed
    assert "[red]a" in CliRunner().invoke(main, ["app", "list", *at]).stdout, "a name is text, not markup"


def test_an_export_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    at = ("--database", f"sqlite:///{tmp_path / 'store.db'}")
    CliRunner().invoke(main, ["demo", *at])
    answer = CliRunner().invoke(main, ["export", "--user", "1", "-o", str(tmp_path / "none" / "record"), *at])
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == "fhirstore: The export cannot be written: No such file or directory.\n"


def test_the_environment_chooses_the_database_and_an_option_goes_before_it(tmp_path: Path) -> None:
    chosen = f"sqlite:///{tmp_path / 'environment.db'}"
    fhirstore("app", "create", "a", database=chosen)
    assert "a" in fhirstore("app", "list", database=chosen).stdout
    fhirstore("app", "create", "b", "--database", f"sqlite:///{tmp_path / 'option.db'}", database=chosen)
    assert (tmp_path / "option.db").exists()
    assert len(fhirstore("app", "list", database=chosen).stdout.splitlines()) == 5, "a table of one row"


def test_a_port_that_is_taken_is_a_clear_error_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = fhirstore("serve", "--port", str(port), cwd=tmp_path)
    assert run.returncode == 2
    assert f"Nothing can listen at 127.0.0.1, port {port}" in run.stderr
    assert not run.stdout
    assert not list(tmp_path.iterdir())


def test_whoever_comes_as_soon_as_the_server_says_where_it_listens_is_answered(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fhirstore", "serve", "--port", "0"]
    root = str(Path(__file__).parents[1])
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            command, env=environment(PYTHONPATH=root), cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:")
            assert not address.endswith(":0"), "the port that the machine chose is told"
            assert http.get(f"{address}/health/ready").status_code == 200
        finally:
            server.terminate()


def test_the_default_database_is_a_private_folder_where_the_command_is_called(tmp_path: Path) -> None:
    assert fhirstore("app", "create", "a", cwd=tmp_path).returncode == 0
    folder = tmp_path / "fhirstore-data"
    assert (folder.stat().st_mode & 0o777, (folder / "fhirstore.db").stat().st_mode & 0o777) == (0o700, 0o600)


def test_the_version_is_printed() -> None:
    """Run as people run it: `python -m fhirstore` in a shell."""
    command = [sys.executable, "-m", "fhirstore", "version"]
    root = {"PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(command, env=environment(**root), capture_output=True, text=True, timeout=60, check=True)
    assert (run.stdout, run.stderr) == (f"{__version__}\n", "")


def test_the_lines_that_the_first_start_prints_work_unchanged_and_the_second_start_prints_none(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with ServerProcess(f"sqlite:///{tmp_path / 'store.db'}", tmp_path) as server:
        printed = server.output.read_text()
        secrets = server.first_application()
        assert secrets.keys() == MEMBERS
        assert f"base URL            {server.address}/dstu2" in printed
        lines = [line for line in printed.splitlines() if "curl" in line]
        assert len(lines) == 3
        run = subprocess.run(
            ["bash", "-e"], input="\n".join(lines), capture_output=True, text=True, timeout=30, check=True
        )
        patient = json.loads(run.stdout)
        assert (patient["resourceType"], patient["birthDate"]) == ("Patient", "1974-12-25")
        user, token = (json.loads(line) for line in run.stderr.replace("}{", "}\n{").splitlines())
        assert user["success"] is True
        read = http.get(
            f"{server.address}/dstu2/Patient/{patient['id']}",
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
        assert read.json() == patient

        server.stop()
        server.output.unlink()
        server.start()
        printed = server.output.read_text()
        assert printed.startswith(f"fhirstore listens at {server.address}\n")
        assert "client_" not in printed, "secrets are printed once"
        assert "/console/welcome/" in printed, "nobody has an account yet"
