"""Imports go one way, and each engine's driver stays in its own package. Changing this list is a decision."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "fhirstore"

# A row may import from the rows before it; what shares a row are strangers to each other, but for the first.
ORDER = (
    {"errors", "clock", "ids", "extents"},
    {"dstu2"},
    {"settings", "caller"},
    {"search"},
    {"unified"},
    {"presentation"},
    {"store"},
    {"auth", "interactions"},
    {"transfer"},
    {"api", "web", "demo", "wiring"},
    {"app"},
    {"cli"},
    {"__main__"},
)

# Libraries that only some may import.
KEPT_IN = {
    "pymongo": {"fhirstore.store.mongodb"},
    "bson": {"fhirstore.store.mongodb"},
    "sqlite3": {"fhirstore.store.sqlite"},
    "fastapi": {"fhirstore.api", "fhirstore.web", "fhirstore.app"},
    "starlette": {"fhirstore.api", "fhirstore.web", "fhirstore.app"},
    "joserfc": {"fhirstore.auth"},
    "uvicorn": {"fhirstore.cli", "fhirstore.api.bounded_http"},
    "typer": {"fhirstore.cli"},
    "rich": {"fhirstore.cli"},
    "jinja2": {"fhirstore.web"},
    "nh3": {"fhirstore.web"},
    "argon2": {"fhirstore.auth"},
    "fhirstore.settings": {"fhirstore.app", "fhirstore.cli", "fhirstore.wiring"},
}

# The pure layers compute: no files, no sockets, no threads, no clock of their own.
PURE = ("fhirstore.dstu2", "fhirstore.search", "fhirstore.unified", "fhirstore.presentation")
IMPURE = {"asyncio", "http", "os", "pathlib", "random", "secrets", "socket", "subprocess", "threading", "time"}


@cache
def modules() -> Mapping[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = ("fhirstore", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports(module: str) -> set[str]:
    """Every module that it imports, at its top or inside of functions, by full name."""
    return set(_imported(ast.parse(modules()[module].read_text(encoding="utf-8"))))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            # `from package import module` imports the module, `from module import name` the module before it.
            yield from (name if name in modules() else node.module for name in names)


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def part(module: str) -> str | None:
    """The part of the package that a module belongs to; the package itself holds only its version."""
    return module.split(".")[1] if module.startswith("fhirstore.") else None


def row(name: str) -> int:
    return next(number for number, names in enumerate(ORDER) if name in names)


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_from_the_left(module: str) -> None:
    own = part(module)
    for imported in imports(module):
        other = part(imported)
        if own is None or other is None or own == other:
            continue
        assert row(other) < row(own) or row(other) == row(own) == 0, f"{module} must not import {imported}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: imports(module) & modules().keys() - {module} for module in modules()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, with the circle


def test_each_library_is_imported_only_where_it_is_kept() -> None:
    for module in modules():
        for library, homes in KEPT_IN.items():
            if any(is_in(imported, library) for imported in imports(module)):
                assert any(is_in(module, home) for home in homes), f"{module} must not import {library}"


def test_the_pure_layers_do_no_input_or_output() -> None:
    for module in modules():
        if any(is_in(module, pure) for pure in PURE):
            assert not {name.partition(".")[0] for name in imports(module)} & IMPURE, module


def test_these_tests_see_the_imports_they_judge() -> None:
    assert "pymongo" in {name.partition(".")[0] for name in imports("fhirstore.store.mongodb.resources")}
    assert "fhirstore.store.sqlite" in imports("fhirstore.store"), "those inside of functions too"
    assert "fhirstore.api.health" in imports("fhirstore.app"), "and modules imported from a package"
