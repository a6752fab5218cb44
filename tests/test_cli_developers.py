"""Developers on the command line: the first account, a lost password, an application handed over."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from fhirstore.cli import main
from fhirstore.cli.database import with_store
from fhirstore.cli.developers import first_link
from fhirstore.settings import Settings
from tests.clients import http
from tests.server import ServerProcess

PASSWORD = "correct horse battery staple"
EMAIL = "ada@example.org"


def fhirstore(*arguments: str, typed: str = "") -> Result:
    """Within this process, which spares starting Python once for each call."""
    return CliRunner().invoke(main, arguments, input=typed)


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def submit(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="form_token" value="([^"]+)"', client.get(path).text)
    assert token is not None
    return client.post(path, data={"form_token": token[1], **fields})


def test_an_account_is_made_once_and_only_with_a_good_password(database: str) -> None:
    wrong = (("no address", PASSWORD), (EMAIL, "short"), (EMAIL, ""))
    for email, password in wrong:
        refused = fhirstore("developer", "create", email, "--database", database, typed=f"{password}\n")
        assert refused.exit_code == 2
        assert "Traceback" not in refused.stderr
    assert fhirstore("developer", "create", "ADA@Example.org", "--database", database, typed=PASSWORD).exit_code == 0
    again = fhirstore("developer", "create", EMAIL, "--database", database, typed=PASSWORD)
    assert (again.exit_code, again.stderr) == (
        2,
        "fhirstore: There is an account with this e-mail address already.\n",
    )
    assert fhirstore("developer", "list", "--database", database).stdout.split()[1:] == [EMAIL]


def test_the_first_start_prints_a_link_for_the_first_account_which_then_is_given_an_application(
    database: str, tmp_path: Path
) -> None:
    with ServerProcess(database, tmp_path) as server, httpx.Client(verify=False, trust_env=False) as browser:
        printed = re.search(r"http://\S+/console/welcome/\S+", server.output.read_text())
        assert printed is not None
        made = submit(browser, printed[0], email=EMAIL, password=PASSWORD)
        assert made.headers["location"] == "/console"
        client_id = server.first_application()["client_id"]
        own = f"{server.address}/console/applications/{client_id}"
        assert browser.get(own).status_code == 404, "it belongs to nobody"
        missing = fhirstore("app", "set", client_id, "--developer", "bob@example.org", "--database", database)
        assert (missing.exit_code, missing.stdout) == (2, "")
        assert fhirstore("app", "set", client_id, "--developer", EMAIL, "--database", database).exit_code == 0
        assert browser.get(own).status_code == 200
        assert http.get(printed[0]).status_code == 410, "it works once"
        secret = printed[0].rpartition("/")[2]
        assert http.get(f"{server.address}/sign-in/{secret}").status_code == 410, "it signs no user in"

        lost = fhirstore("developer", "link", EMAIL, "--database", database).stdout.strip()
        path = "/console/welcome/" + lost.rpartition("/")[2]
        assert submit(browser, server.address + path, password="a new long password").status_code == 303
        old = submit(browser, f"{server.address}/console/sign-in", email=EMAIL, password=PASSWORD)
        assert old.status_code == 401
        server.stop()
    log = server.log.read_text()
    assert "GET /sign-in/* 410" in log
    assert "POST /console/welcome/* 303" in log
    assert secret not in log
    settings = Settings(database=database)
    assert with_store(settings, lambda store: first_link(store.sessions)) is None, "the next start prints none"


def test_nobody_gets_a_link_without_an_account(database: str) -> None:
    refused = fhirstore("developer", "link", EMAIL, "--database", database)
    assert (refused.exit_code, refused.stdout) == (2, "")
