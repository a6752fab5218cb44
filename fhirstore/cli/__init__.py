"""The command line: start the server, look after its applications, judge files."""

from __future__ import annotations

import sys

import typer

from fhirstore import __version__
from fhirstore.cli import applications, developers
from fhirstore.cli.backup import backup as copy_database
from fhirstore.cli.demo import demo as make_demo
from fhirstore.cli.explain import explain as show_plan
from fhirstore.cli.exporting import export_record
from fhirstore.cli.importing import import_files
from fhirstore.cli.reindex import reindex as rebuild
from fhirstore.cli.serve import serve as serve_forever
from fhirstore.cli.validate import validate as validate_files

main = typer.Typer(
    name="fhirstore",
    help="A self-hosted store for patients' health records that speaks FHIR DSTU2.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
main.command("serve")(serve_forever)
main.command("validate")(validate_files)
main.command("import")(import_files)
main.command("export")(export_record)
main.command("explain")(show_plan)
main.command("reindex")(rebuild)
main.command("backup")(copy_database)
main.command("demo")(make_demo)
main.add_typer(applications.commands, name="app")
main.add_typer(developers.commands, name="developer")


@main.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"{__version__}\n")
