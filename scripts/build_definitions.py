"""Build the fact tables of fhirstore/dstu2/definitions/ from the published DSTU2 (1.0.2) definitions.

Usage: python scripts/build_definitions.py [FOLDER]   (default: ../shared/dstu2 beside the repository)

Each table is tab-separated text in the publication's own order (codes sorted), one fact a line, so that a
change of the definitions reads as a change of lines. Lists inside a cell are separated by single spaces.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DEFINITIONS = REPOSITORY / "fhirstore" / "dstu2" / "definitions"

Row = dict[str, str]
Table = tuple[tuple[str, ...], Iterator[tuple[str, ...]]]


def read_rows(published: Path, name: str) -> list[Row]:
    with (published / "tables" / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def spaced(cell: str) -> str:
    """A list in any of the published notations ("a|b", "a | b", "a & b", "a,b") as "a b"; "Any" limits
    nothing.
    """
    names = cell.replace("|", " ").replace("&", " ").replace(",", " ").split()
    return "" if names == ["Any"] else " ".join(names)


def resource_types(published: Path) -> Table:
    rows = read_rows(published, "resource_types")
    return ("resource", "abstract", "kind_of"), ((r["resource"], r["abstract"], r["base"]) for r in rows)


def primitive_types(published: Path) -> Table:
    """The types of JSON strings, numbers and booleans: those with a primitive value, and xhtml."""
    declared = {
        row["path"].removesuffix(".value") for row in read_rows(published, "elements") if _is_primitive_value(row)
    }
    return ("type",), ((name,) for name in sorted(declared | {"xhtml"}))


def _is_primitive_value(row: Row) -> bool:
    return row["types"] == "(primitive value)"


def elements(published: Path) -> Table:
    header = (
        "path", "min", "max", "types", "profile", "targets", "content",
        "strength", "value_set", "flags", "constraints",
    )  # fmt: skip
    return header, (_element(row) for row in read_rows(published, "elements") if not _is_primitive_value(row))


def _element(row: Row) -> tuple[str, ...]:
    """A constrained quantity, published as "Quantity(Money)", is the type Quantity with the profile Money."""
    types, profile = [], ""
    for published in row["types"].split("|"):
        name, _, constrained = published.rstrip(")").partition("(")
        types.append(name)
        profile = profile or constrained
    if row["content_defined_at"]:
        types = ["BackboneElement"]
    return (
        row["path"], row["min"], row["max"], " ".join(types), profile,
        spaced(row["reference_targets"]), row["content_defined_at"],
        row["binding_strength"], row["value_set"], row["flags"], spaced(row["constraints"]),
    )  # fmt: skip


def constraints(published: Path) -> Table:
    rows = read_rows(published, "constraints")
    return ("path", "key", "severity"), ((r["path"], r["key"], r["severity"]) for r in rows)


def codes(published: Path) -> Table:
    """The content of each value set that a required binding names and that can be enumerated."""
    found = {
        (row["value_set"], system, tuple(sorted(listed.split(","))))
        for row in read_rows(published, "required_bindings")
        if row["enumerated"] == "yes"
        for system, listed in (part.split("=", 1) for part in row["codes"].split(" ; "))
    }
    assert not any(" " in code for _, _, listed in found for code in listed), "a blank separates codes here"
    return ("value_set", "system", "codes"), (
        (value_set, system, " ".join(listed)) for value_set, system, listed in sorted(found)
    )


def search_parameters(published: Path) -> Table:
    header = ("resource", "name", "type", "paths", "targets", "components", "usage", "core")
    rows = read_rows(published, "search_parameters")
    return header, (cells for row in rows for cells in _search_parameter(row, rows))


def _search_parameter(row: Row, rows: list[Row]) -> Iterator[tuple[str, ...]]:
    paths = " ".join(row["paths"].split(" | "))
    rest = (row["xpath_usage"], row["core"])
    components = row["composite_components"]
    if not row["name"].endswith("-[x]"):
        yield (
            row["resource"],
            row["name"],
            row["type"],
            paths,
            spaced(row["targets"]),
            spaced(components),
            *rest,
        )
        return
    # "code-value-[x]" stands for one parameter per kind of value: code-value-quantity, code-value-string …
    first, _, family = spaced(components).partition(" ")
    stem = family.removesuffix("[x]") + "-"
    for other in rows:
        if other["resource"] == row["resource"] and other["name"].startswith(stem):
            kind = other["name"].removeprefix(stem)
            name = row["name"].removesuffix("[x]") + kind
            yield (row["resource"], name, row["type"], paths, "", f"{first} {other['name']}", *rest)


def compartments(published: Path) -> Table:
    rows = read_rows(published, "compartments")
    return ("compartment", "resource", "parameters"), (
        (r["compartment"], r["resource"], spaced(r["params"])) for r in rows
    )


def operations(published: Path) -> Table:
    """Parameters keep the notation "in name min..max type", separated by "; "."""
    header = ("code", "url", "system_level", "types", "instance_level", "idempotent", "parameters")
    rows = read_rows(published, "operations")
    return header, (tuple(spaced(r[c]) if c == "types" else r[c] for c in header) for r in rows)


TABLES: dict[str, Callable[[Path], Table]] = {
    "codes": codes,
    "compartments": compartments,
    "constraints": constraints,
    "elements": elements,
    "operations": operations,
    "primitive_types": primitive_types,
    "resource_types": resource_types,
    "search_parameters": search_parameters,
}


def build(published: Path) -> dict[str, bytes]:
    """File name → content, for every table."""
    files = {}
    for name, table in TABLES.items():
        header, rows = table(published)
        lines = ["\t".join(cells).rstrip("\t") for cells in (header, *rows)]
        files[f"{name}.tsv"] = ("\n".join(lines) + "\n").encode()
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=REPOSITORY.parent / "shared" / "dstu2")
    published = parser.parse_args().folder
    DEFINITIONS.mkdir(exist_ok=True)
    for name, content in build(published).items():
        (DEFINITIONS / name).write_bytes(content)
        print(f"{name:24} {len(content):>9,} bytes")


if __name__ == "__main__":
    main()
