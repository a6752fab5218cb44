"""Build the terminology tables of fhirstore/dstu2/definitions/ from the published DSTU2 (1.0.2) value sets.

Usage: python scripts/build_terminology.py [FOLDER]   (default: ../shared/dstu2 beside the repository)

Each table is text with one fact a line, cells separated by tabs, in the publication's own order. A line that begins
without a tab opens a value set; the lines below it, indented, say what is in it:

    URL  version  status  name
        system  URL  version  "insensitive" where case does not matter
            code  display  "abstract"  codes that it subsumes besides those below it
                code …                     (one step further in: subsumed by the code above)
        import  URL of a value set
        include  system  version           (and "exclude" likewise)
            concept  code  display
            filter  property  operation  value

Definitions, narrative, designations and the like are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
DEFINITIONS = REPOSITORY / "fhirstore" / "dstu2" / "definitions"

PUBLISHED = {"fhir": "valuesets", "v2": "v2-tables", "v3": "v3-codesystems.trimmed"}
SUBSUMES = "http://hl7.org/fhir/StructureDefinition/valueset-subsumes"
LOINC = "http://loinc.org"

Node = dict[str, Any]


def read_value_sets(published: Path, name: str) -> Iterator[Node]:
    with gzip.open(published / "definitions" / f"{name}.json.gz") as body:
        for entry in json.load(body)["entry"]:
            yield entry["resource"]


def line(depth: int, *cells: str) -> str:
    """White space inside a cell would separate cells or lines, and means nothing in names."""
    return "\t" * depth + "\t".join(" ".join(cell.split()) for cell in cells).rstrip("\t")


def value_set(published: Node) -> Iterator[str]:
    yield line(0, published["url"], published.get("version", ""), published["status"], published["name"])
    if "codeSystem" in published:
        system = published["codeSystem"]
        case = "" if system.get("caseSensitive") else "insensitive"
        yield line(1, "system", system["system"], system.get("version", published.get("version", "")), case)
        yield from concepts(system["concept"], 2)
    compose = published.get("compose", {})
    for url in compose.get("import", []):
        yield line(1, "import", url)
    for kind in ("include", "exclude"):
        for part in compose.get(kind, []):
            yield line(1, kind, part["system"], part.get("version", ""))
            for listed in part.get("concept", []):
                yield line(2, "concept", listed["code"], listed.get("display", ""))
            for filtered in part.get("filter", []):
                yield line(2, "filter", filtered["property"], filtered["op"], filtered["value"])


def concepts(published: list[Node], depth: int) -> Iterator[str]:
    for concept in published:
        if concept["code"] != concept["code"].strip():
            continue  # four v2 codes that end in a no-break space, which no code may
        also = [each["valueCode"] for each in concept.get("modifierExtension", []) if each["url"] == SUBSUMES]
        abstract = "abstract" if concept.get("abstract") else ""
        yield line(depth, concept["code"], concept.get("display", ""), abstract, " ".join(also))
        yield from concepts(concept.get("concept", []), depth + 1)


def lists_loinc(published: Node) -> bool:
    included = published.get("compose", {}).get("include", [])
    return any(part["system"] == LOINC and "concept" in part for part in included)


def build(published: Path) -> dict[str, bytes]:
    """File name → content, for every table. What lists LOINC codes is half of FHIR's own: it has its own file."""
    tables: dict[str, list[str]] = {}
    for name, file in PUBLISHED.items():
        for each in read_value_sets(published, file):
            table = "loinc" if lists_loinc(each) else name
            tables.setdefault(f"value_sets_{table}.txt", []).extend(value_set(each))
    return {name: ("\n".join(lines) + "\n").encode() for name, lines in sorted(tables.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=REPOSITORY.parent / "shared" / "dstu2")
    for name, content in build(parser.parse_args().folder).items():
        (DEFINITIONS / name).write_bytes(content)
        print(f"{name:24} {len(content):>9,} bytes")


if __name__ == "__main__":
    main()
