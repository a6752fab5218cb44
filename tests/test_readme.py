"""What the README says is so: its settings, its commands, its map."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhirstore import __version__
from fhirstore.auth.applications import NewApplication
from fhirstore.cli import main
from fhirstore.cli.welcome import welcome
from fhirstore.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def commands() -> list[str]:
    """Every line of the shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def settings_table() -> str:
    """The rows that the README must have, from the settings themselves."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`"
        rows.append(f"| `FHIRSTORE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_table_of_settings_has_each_with_its_default_and_meaning() -> None:
    table = [line for line in section("Settings").splitlines() if line.startswith("| `FHIRSTORE_")]
    assert "\n".join(table) == settings_table()


def test_every_variable_that_the_readme_names_is_a_setting() -> None:
    known = {f"FHIRSTORE_{name.upper()}" for name in Settings.model_fields} | {"FHIRSTORE_TEST_MONGODB_URI"}
    assert set(re.findall(r"FHIRSTORE_[A-Z_]+", README)) <= known


def test_the_three_lines_to_copy_are_those_that_the_first_start_prints() -> None:
    placeholders = NewApplication("$CLIENT_ID", "$CLIENT_SECRET", "", "")
    printed = welcome("http://127.0.0.1:8000", placeholders).splitlines()
    lines = [line for line in printed if "curl" in line]
    assert len(lines) == 3
    assert [line for line in commands() if "curl" in line][:3] == lines


def test_every_script_that_the_readme_runs_is_there_and_can_be_run() -> None:
    named = {line.split()[0] for line in commands() if line.startswith("scripts/")}
    assert named == {"scripts/serve", "scripts/check", "scripts/test"}
    for script in named:
        assert os.access(ROOT / script, os.X_OK), script


def test_ci_runs_the_commands_of_the_readme() -> None:
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert {"scripts/check", "scripts/test"} <= set(steps)


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("fhirstore ")])
def test_every_command_and_option_of_the_readme_is_known(line: str) -> None:
    words = shlex.split(line)[1:]
    group = words[:2] if words[0] in {"app", "developer"} else words[:1]
    shown = CliRunner().invoke(main, [*group, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for option in words:
        if option.startswith("--"):
            assert option in shown.output


def test_the_map_names_every_part_of_the_package_and_nothing_that_is_not_there() -> None:
    shown = section("Map of the code")
    package = ROOT / "fhirstore"
    folders = {f"fhirstore/{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()}
    modules = {f"fhirstore/{path.name}" for path in package.glob("*.py") if not path.name.startswith("__")}
    named = set(re.findall(r"`(fhirstore/[a-z0-9_]+(?:/|\.py))`", shown))
    assert named == folders | modules
    for path in re.findall(r"`((?:tests|scripts|docker)/[\w/.]*)`", shown):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:api|interactions|store)/[\w/.]+\.py)`", shown):
        assert (package / path).is_file(), path


def test_the_version_has_an_entry_among_the_changes() -> None:
    assert re.findall(r"^### (\S+)$", section("Changes"), re.MULTILINE)[0] == __version__


def test_the_links_within_the_readme_lead_to_its_sections() -> None:
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", README, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) == titles
