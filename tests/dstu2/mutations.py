"""Break a valid resource in one known way at one known place.

Sites are found by the catalog alone, not by the tables that the gate compiles from it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhirstore.dstu2 import catalog

Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Site:
    """An element of a document: the way to the object that owns it, its property there, what it should be."""

    owner: Steps
    name: str
    kind: str
    element: catalog.Element

    @property
    def many(self) -> bool:
        return self.element.max is None

    @property
    def primitive(self) -> bool:
        return self.kind in catalog.primitive_types()

    def path(self, name: str | None = None) -> str:
        return spell((*self.owner, name or self.name))


@dataclass(frozen=True)
class Mutant:
    """A broken document, and the issue that must be told of it: its code and where its path begins."""

    document: dict[str, Any]
    code: str
    path: str


def spell(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)[1:]


def find_sites(document: dict[str, Any]) -> list[Site]:
    name = document["resourceType"]
    return list(_sites(document, name, (name,)))


def _sites(owner: dict[str, Any], shape: str, way: Steps) -> Iterator[Site]:
    for element in catalog.elements(shape):
        for name, kind in element.json_names.items():
            if name in owner:
                site = Site(way, name, kind, element)
                yield site
                yield from _below(owner[name], site)


def _below(value: Any, site: Site) -> Iterator[Site]:
    items = enumerate(value) if isinstance(value, list) else [(None, value)]
    for index, item in items:
        if isinstance(item, dict):
            way = (*site.owner, site.name) if index is None else (*site.owner, site.name, index)
            yield from _sites(item, _shape(item, site), way)


def _shape(item: dict[str, Any], site: Site) -> str:
    if site.kind == "Resource":
        return str(item["resourceType"])
    if site.element.content:
        return site.element.content
    if catalog.elements(site.element.path):
        return site.element.path
    return site.element.profile or site.kind if site.kind == "Quantity" else site.kind


SAMPLES: dict[str, Any] = {"boolean": True, "decimal": Decimal("1.5"), "date": "2015-02-07", "time": "10:00:00"}
SAMPLES |= dict.fromkeys(("integer", "positiveInt", "unsignedInt"), 3)
SAMPLES |= dict.fromkeys(("dateTime", "instant"), "2015-02-07T10:00:00Z")
WRONG_FORMATS: dict[str, Any] = {
    "base64Binary": "abc",
    "boolean": 1,
    "code": " final",
    "date": "2015-02-30",
    "dateTime": "2015-02-07T10:00:00",
    "decimal": "1.5",
    "id": "a b",
    "instant": "2015-02-07",
    "integer": Decimal("1.5"),
    "oid": "1.2.3",
    "positiveInt": 0,
    "time": "25:00:00",
    "unsignedInt": -1,
    "uri": " http://example.org",
    "uuid": "c757873d",
}
FORMAT_CODES = {"boolean": "structure", "decimal": "structure"}


def drop_required(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    remains = owner.keys() - {"id", "fhir_comments", site.name}
    if not site.element.min or f"_{site.name}" in owner or not remains:
        return None
    del owner[site.name]
    return "required", site.path(site.element.path.rpartition(".")[2])


def exceed_max(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.many:
        return None
    owner[site.name] = [owner[site.name], owner[site.name]]
    return "structure", site.path()


def give_one_for_many(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if not site.many:
        return None
    owner[site.name] = owner[site.name][0]
    return "structure", site.path()


def change_kind(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    wrong = 17 if isinstance(first(owner[site.name]), (str, bool)) else "text"
    owner[site.name] = [wrong] if site.many else wrong
    return "structure", site.path()


def give_foreign_code(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    binding = site.element.binding
    if binding is None or binding.codes is None or site.kind not in {"code", "Coding", "CodeableConcept"}:
        return None
    coding = {"system": "http://example.org/none", "code": "no-such-code"}
    wrong = {"code": "no-such-code", "Coding": coding, "CodeableConcept": {"coding": [coding]}}[site.kind]
    owner[site.name] = [wrong] if site.many else wrong
    return "code-invalid", site.path()


def spoil_date(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.kind not in {"date", "dateTime", "instant"}:
        return None
    wrong = "2015-02-29T10:00:00Z" if site.kind == "instant" else "2015-02-29"
    owner[site.name] = [wrong] if site.many else wrong
    return "value", site.path()


def spoil_format(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.kind not in WRONG_FORMATS:
        return None
    wrong = WRONG_FORMATS[site.kind]
    owner[site.name] = [wrong] if site.many else wrong
    return FORMAT_CODES.get(site.kind, "value"), site.path()


def add_unknown(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    owner["colour"] = "red"
    return "structure", site.path("colour")


def misspell(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    owner[f"{site.name}X"] = owner.pop(site.name)
    return "structure", site.path(f"{site.name}X")


def choose_twice(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if not site.element.choice:
        return None
    name, kind = next((name, kind) for name, kind in site.element.json_names.items() if name != site.name)
    owner[name] = SAMPLES.get(kind, "text") if kind in catalog.primitive_types() else {"id": "x"}
    return "structure", site.path(name)


def empty_array(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    owner[site.name] = []
    return "structure", site.path()


def empty_object(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.primitive or site.kind == "Resource":
        return None
    owner[site.name] = [{}] if site.many else {}
    return "structure", site.path()


def give_null(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    owner[site.name] = None
    return "structure", site.path()


def give_null_within(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if not site.many:
        return None
    owner[site.name] = [*owner[site.name], None]
    return "structure", f"{site.path()}[{len(owner[site.name]) - 1}]"


def misdirect(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    foreign = next((name for name in ("Slot", "Binary") if name not in site.element.targets), "Basic")
    if site.kind != "Reference" or not site.element.targets:
        return None
    wrong = {"reference": f"{foreign}/1"}
    owner[site.name] = [wrong] if site.many else wrong
    return "structure", site.path()


def lose_fragment(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.kind != "Reference":
        return None
    wrong = {"reference": "#nothing-of-that-name"}
    owner[site.name] = [wrong] if site.many else wrong
    return "invariant", site.path()


def empty_string(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if not isinstance(first(owner[site.name]), str):
        return None
    owner[site.name] = [""] if site.many else ""
    return "required", site.path()


def spoil_companion(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    parent = site.element.path.rpartition(".")[0]
    attribute = site.name in {"id", "url", "div"} and not catalog.is_resource_type(parent)
    if not site.primitive or attribute:
        return None
    owner[f"_{site.name}"] = [{"value": 1}] * len(owner[site.name]) if site.many else {"value": 1}
    return "structure", site.path()


def misalign_companion(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if not site.primitive or not site.many:
        return None
    owner[f"_{site.name}"] = [{"id": "a"}] * (len(owner[site.name]) + 1)
    return "structure", site.path()


def add_bare_extension(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.kind == "Resource" or "extension" in owner or site.owner[-1] == "parameter":
        return None
    owner["extension"] = [{"valueString": "without a url"}]
    names = {element.name for element in catalog.elements(site.element.path.rpartition(".")[0])}
    return (
        ("required", site.path("extension[0].url")) if "extension" in names else ("structure", site.path("extension"))
    )


def mistype_resource(owner: dict[str, Any], site: Site) -> tuple[str, str] | None:
    if site.kind != "Resource":
        return None
    wrong = {"resourceType": "MedicationRequest"}
    owner[site.name] = [wrong] if site.many else wrong
    return "structure", site.path()


def first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


KINDS: dict[str, Callable[[dict[str, Any], Site], tuple[str, str] | None]] = {
    kind.__name__: kind
    for kind in (
        drop_required, exceed_max, give_one_for_many, change_kind, give_foreign_code, spoil_date, spoil_format,
        add_unknown, misspell, choose_twice, empty_array, empty_object, give_null, give_null_within, misdirect,
        lose_fragment, empty_string, spoil_companion, misalign_companion, add_bare_extension, mistype_resource,
    )
}  # fmt: skip


def mutate(document: dict[str, Any], site: Site, kind: str) -> Mutant | None:
    """The document broken in that way at that site, or None where it cannot be; the document itself is kept."""
    broken = dict(document)
    owner: Any = broken
    for step in site.owner[1:]:
        owner[step] = copy.copy(owner[step])
        owner = owner[step]
    expected = KINDS[kind](owner, site)
    return None if expected is None else Mutant(broken, *expected)
