"""Positions: Location's near and near-distance, as a square around a point on the earth.

http://hl7.org/fhir/DSTU2/location.html#search. `near` is latitude:longitude, `near-distance` half the square's side,
[number]|[system]|[code] in any unit of length that UCUM knows; it is 50 km where it is not given.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import cos, radians
from typing import Any

from fhirstore.search.decimals import encode
from fhirstore.search.entries import Collector, Index
from fhirstore.search.kinds import number
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import AllOf, AnyOf, Filter, HasKey, InRange, Limit, any_of
from fhirstore.search.prefixes import cut
from fhirstore.search.separators import split, unescape
from fhirstore.search.ucum import SYSTEMS, unit

_DEFAULT_METRES = Fraction(50_000)
_METRES_PER_DEGREE = Fraction(111_195)


def indexer(parameter: Parameter, type_: str) -> Index:
    """A position is at most one in a Location, so its two ranges cannot be crossed."""

    def index(value: Any, into: Collector) -> bool:
        if not isinstance(value, dict):
            return False
        latitude, longitude = (number.read(value.get(name)) for name in ("latitude", "longitude"))
        if latitude is None or longitude is None:
            return False
        for name, degrees in (("latitude", latitude), ("longitude", longitude)):
            exactly = encode(degrees)
            into.ranges.append(number.open_range(f"{parameter.key}.{name}", exactly, exactly + "!"))
        return True

    return index if parameter.name == "near" else lambda value, into: True


def metres(parameter: Parameter, text: str) -> Fraction:
    """The distance that a value of near-distance means."""
    parts = [unescape(part) for part in split(text, "|")]
    prefix, amount = cut(parts[0])
    known = unit(parts[2] if len(parts) == 3 and parts[2] else "km")
    wrong = len(parts) not in {1, 3} or (len(parts) == 3 and parts[1] not in {"", *SYSTEMS})
    if wrong or prefix not in {"eq", "lt", "le"} or known is None or known.base != "m":
        refuse(parameter, "needs a distance such as 11.2||km")
    return known.to_base(abs(Fraction(number.asked(parameter, amount))))


def compile(parameter: Parameter, text: str, distance: Fraction | None) -> Filter:
    """All within a square of twice the distance around the point."""
    parts = unescape(text).split(":")
    if len(parts) != 2:
        refuse(parameter, "needs a position such as 42.25475:-83.69471, latitude first")
    latitude, longitude = (Fraction(number.asked(parameter, part)) for part in parts)
    if abs(latitude) > 90 or abs(longitude) > 180:
        refuse(parameter, "needs a latitude within ±90 and a longitude within ±180 degrees")
    reach = (_DEFAULT_METRES if distance is None else distance) / _METRES_PER_DEGREE
    # Meridians draw together towards the poles; there, every longitude is near.
    narrowing = Fraction(Decimal(repr(cos(radians(min(abs(latitude) + reach, Fraction(90)))))))
    aside = reach / narrowing if narrowing > Fraction(1, 1000) else Fraction(360)
    north = _between(f"{parameter.key}.latitude", latitude - reach, latitude + reach)
    return AllOf((north, _around(f"{parameter.key}.longitude", longitude, aside)))


def _around(name: str, longitude: Fraction, aside: Fraction) -> Filter:
    """Also across the 180th meridian."""
    return any_of(tuple(_between(name, longitude - aside + turn, longitude + aside + turn) for turn in (-360, 0, 360)))


def _between(name: str, low: Fraction, high: Fraction) -> Filter:
    return InRange(name, (Limit("low", ">=", encode(low)), Limit("high", "<=", encode(high) + "!")))


def present(key: str) -> Filter:
    return AnyOf((InRange(f"{key}.latitude"), HasKey((f"{key}!",))))
