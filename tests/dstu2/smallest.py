"""The smallest document that holds a given element, built from the catalog alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.xml_slots import Slot, by_property

PRIMITIVES: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "unsignedInt": 1,
    "positiveInt": 1,
    "decimal": Decimal("1.50"),
    "string": "text",
    "markdown": "text",
    "code": "code",
    "id": "id",
    "uri": "http://example.org/uri",
    "oid": "urn:oid:1.2.3",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "base64Binary": "AAAA",
    "instant": "2015-02-07T13:28:17.239+02:00",
    "date": "2015-02-07",
    "dateTime": "2015-02-07T13:28:17+02:00",
    "time": "13:28:17",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">text</div>',
}
RESOURCE = {"resourceType": "Basic", "code": {"text": "text"}}


def holding(root: str, *names: str) -> dict[str, Any]:
    """A resource of the type `root` with the JSON properties `names`, one inside the other, filled."""
    return {"resourceType": root, **_filled(root, names)}


def _filled(shape: str, names: tuple[str, ...] = ()) -> dict[str, Any]:
    slots = by_property(shape)
    chosen = {slots[names[0]].order: names[0]} if names else {}
    for order, element in enumerate(catalog.elements(shape)):
        if element.min:
            chosen.setdefault(order, _preferred(element))
    if not chosen:
        chosen = {0: next(name for name, slot in slots.items() if name not in {"id", "extension"})}
    return {
        name: _value(shape, slots[name], names[1:] if names and name == names[0] else ())
        for _, name in sorted(chosen.items())
    }


def _preferred(element: catalog.Element) -> str:
    return next(iter(element.json_names))


def _value(shape: str, slot: Slot, names: tuple[str, ...]) -> Any:
    if slot.kind in {"primitive", "xhtml", "attribute"}:
        value = _code(shape, slot) if slot.type == "code" else PRIMITIVES[slot.type]
    elif slot.kind == "container":
        value = RESOURCE
    elif slot.shape == "Extension" and not names:
        value = {"url": PRIMITIVES["uri"], "valueString": "text"}
    else:
        value = _filled(slot.shape, names)
    return [value] if slot.many else value


def _code(shape: str, slot: Slot) -> str:
    binding = catalog.elements(shape)[slot.order].binding
    return min(binding.codes) if binding and binding.codes else "code"
