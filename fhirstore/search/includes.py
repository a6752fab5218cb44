"""`_include` and `_revinclude`: what is sent along with the matches.

http://hl7.org/fhir/DSTU2/search.html#include
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore.dstu2 import catalog
from fhirstore.search.parameters import parameter, parameters, refuse
from fhirstore.search.plan import Filter, HasKey, Plan


@dataclass(frozen=True, slots=True)
class Include:
    """References to follow from the resources of `type` (None: all), by one parameter or any ("*").

    Forward to the resources referred to, or `reverse`: to those of `type` that refer to the matches. `target` narrows
    the type referred to. `iterate` follows from included resources too, not only from matches.
    """

    type: str | None
    parameter: str
    target: str | None = None
    iterate: bool = False
    reverse: bool = False


def read_include(name: str, modifier: str, text: str, resource_type: str) -> Include:
    """Raises BadRequest, naming the parameter, for what is not `[type]:[parameter]` with or without `:[target]`."""
    if modifier not in {"", "recurse", "iterate"}:
        refuse(name, f"has no modifier ':{modifier}'")
    reverse, iterate = name == "_revinclude", bool(modifier)
    if text == "*" and not reverse:
        return Include(None, "*", None, iterate, reverse)
    type_, _, rest = text.partition(":")
    link, _, target = rest.partition(":")
    if not catalog.is_resource_type(type_) or not link or (target and not catalog.is_resource_type(target)):
        refuse(name, "needs the form [type]:[parameter] or [type]:[parameter]:[target type]")
    if link != "*" and parameter(type_, link).kind != "reference":
        refuse(name, f"needs a reference parameter of {type_}")
    return Include(type_, link, target or None, iterate, reverse)


def referring(include: Include, addresses: tuple[str, ...]) -> Plan:
    """The plan that finds what a reverse include adds for resources given as "Type/id"."""
    assert include.type is not None
    known = parameters(include.type).values()
    links = [each for each in known if each.kind == "reference" and include.parameter in {"*", each.name}]
    wanted = [each for each in addresses if include.target in {None, each.partition("/")[0]}]
    found: Filter = HasKey(tuple(f"{link.key}={address}" for link in links for address in wanted))
    return Plan((include.type,), found)
