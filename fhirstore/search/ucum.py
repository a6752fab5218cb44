"""UCUM units brought to base units, exactly: 5.4 g/dL and 54 g/L are one quantity.

http://unitsofmeasure.org/ucum.html, for the units that health records use; a unit that is not known here is compared
by its code. Two deliberate readings: the mole is a dimension of its own (as laboratories mean it), and each arbitrary
unit ([iU] …) is only comparable with itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

SYSTEMS = frozenset({"http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"})

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip

_PI = Fraction("3.1415926535897932384626433832795028841971693993751058209749445923")

# Metric atoms take prefixes. The right side is a number and a term in atoms defined above it, or a base unit itself.
_METRIC = {
    "m": "1", "s": "1", "g": "1", "rad": "1", "K": "1", "C": "1", "cd": "1", "mol": "1", "l": "1 dm3",
    "L": "1 dm3", "Hz": "1 s-1", "N": "1 kg.m/s2", "Pa": "1 N/m2", "J": "1 N.m", "W": "1 J/s", "A": "1 C/s",
    "V": "1 J/C", "F": "1 C/V", "Ohm": "1 V/A", "S": "1 Ohm-1", "Wb": "1 V.s", "T": "1 Wb/m2", "H": "1 Wb/A",
    "lm": "1 cd", "lx": "1 lm/m2", "Bq": "1 s-1", "Gy": "1 J/kg", "Sv": "1 J/kg", "Ci": "3.7e10 Bq",
    "RAD": "0.01 J/kg", "REM": "0.01 J/kg", "R": "2.58e-4 C/kg", "bar": "1e5 Pa", "t": "1000 kg",
    "u": "1.66053873e-24 g", "eV": "1.60217653e-19 J", "cal": "4.184 J", "kat": "1 mol/s", "U": "1 umol/min",
    "eq": "1 mol", "osm": "1 mol", "m[Hg]": "133.3220e3 Pa", "m[H2O]": "9.80665e3 Pa", "dyn": "1e-5 N",
    "erg": "1e-7 J", "P": "0.1 Pa.s", "St": "1e-4 m2/s", "G": "1e-4 T", "[iU]": "1", "[IU]": "1 [iU]",
    "bit": "1", "By": "8 bit", "Bd": "1 s-1",
}  # fmt: skip

_PLAIN = {
    "min": "60 s", "h": "60 min", "d": "24 h", "wk": "7 d", "a": "365.25 d", "a_j": "365.25 d",
    "a_t": "365.24219 d", "a_g": "365.2425 d", "mo": "30.4375 d", "mo_j": "30.4375 d", "mo_g": "30.436875 d",
    "mo_s": "29.53059 d", "%": "0.01 1", "[ppth]": "1e-3 1", "[ppm]": "1e-6 1", "[ppb]": "1e-9 1",
    "[pptr]": "1e-12 1", "10*": "10 1", "10^": "10 1", "[in_i]": "2.54 cm", "[ft_i]": "30.48 cm",
    "[yd_i]": "91.44 cm", "[mi_i]": "1609.344 m", "[nmi_i]": "1852 m", "[in_us]": "100/3937 m",
    "[lb_av]": "453.59237 g", "[oz_av]": "28.349523125 g", "[stone_av]": "6350.29318 g", "[gr]": "64.79891 mg",
    "[dr_av]": "1.7718451953125 g", "[oz_tr]": "31.1034768 g", "[gal_us]": "3785.411784 cm3",
    "[qt_us]": "946.352946 cm3", "[pt_us]": "473.176473 cm3", "[gil_us]": "118.29411825 cm3",
    "[foz_us]": "29.5735295625 cm3", "[fdr_us]": "3.6966911953125 cm3", "[cup_us]": "236.5882365 cm3",
    "[tbs_us]": "14.78676478125 cm3", "[tsp_us]": "4.92892159375 cm3", "[foz_br]": "28.4130625 cm3",
    "[pt_br]": "568.26125 cm3", "[cup_m]": "240 cm3", "[foz_m]": "30 cm3", "[tbs_m]": "15 cm3",
    "[tsp_m]": "5 cm3", "[drp]": "0.05 cm3", "atm": "101325 Pa", "[psi]": "6894.757293168361 Pa",
    "[in_i'Hg]": "2.54 cm[Hg]", "gf": "9.80665e-3 N", "[lbf_av]": "4.4482216152605 N", "[Cal]": "4184 J",
    "[cal]": "4.184 J", "[Ch]": "1/3 mm", "[Btu]": "1055.05585262 J", "[HP]": "745.69987158227022 W",
    "deg": "1/180 [pi].rad", "'": "1/60 deg", "''": "1/3600 deg", "gon": "9/10 deg", "[hp_X]": "1",
    "[arb'U]": "1", "[USP'U]": "1", "[diop]": "1 m-1", "[mesh_i]": "1 [in_i]-1", "[HPF]": "1", "[LPF]": "1",
    "[PFU]": "1", "[CFU]": "1", "[TCID_50]": "1", "[CCID_50]": "1", "[FFU]": "1", "[EID_50]": "1", "[ELU]": "1",
    "[ELV]": "1", "[GPL'U]": "1", "[MPL'U]": "1", "[APL'U]": "1", "[beth'U]": "1", "[anti'Xa'U]": "1",
    "[Lf]": "1", "[D'ag'U]": "1", "[FEU]": "1", "[ka'U]": "1", "[knk'U]": "1", "[mclg'U]": "1", "[tb'U]": "1",
    "[todd'U]": "1", "[bdsk'U]": "1", "[dye'U]": "1", "[smgy'U]": "1", "[Amb'a'1'U]": "1", "[GU]": "1",
    "[BAU]": "1", "[AU]": "1", "[Pf]": "1", "[APS'U]": "1",
}  # fmt: skip

# Scales with a zero of their own: kelvins = (value + shift) * factor. They stand alone, never inside a term.
_SCALES = {
    "Cel": (Fraction("273.15"), Fraction(1)),
    "[degF]": (Fraction("459.67"), Fraction(5, 9)),
    "[degRe]": (Fraction("218.52"), Fraction(5, 4)),
}
_LENGTH_LIMIT = 100
_EXPONENT_LIMIT = 50
_TOKEN = re.compile(r"\{[^{}]*\}|[./()]|10[*^]|(?:\[[^\[\]]*\]|[^\[\]{}./()0-9+\-])+|[+-]?[0-9]+")

Dimensions = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in base units: value in base units = (value + shift) × factor."""

    factor: Fraction
    dimensions: Dimensions
    shift: Fraction = Fraction(0)

    @property
    def base(self) -> str:
        """The base unit's own code, "g.m-3"; "1" without dimensions."""
        return _base(self.dimensions)

    def to_base(self, value: Fraction) -> Fraction:
        return (value + self.shift) * self.factor

    def ratio_to_base(self, numerator: int, denominator: int) -> tuple[int, int]:
        """The same for a ratio of whole numbers, which need not be in lowest terms."""
        shift, factor = self.shift, self.factor
        shifted = numerator * shift.denominator + shift.numerator * denominator
        return shifted * factor.numerator, denominator * shift.denominator * factor.denominator

    def from_base(self, value: Fraction) -> Fraction:
        return value / self.factor - self.shift


@lru_cache(maxsize=1024)
def _base(dimensions: Dimensions) -> str:
    return ".".join(f"{atom}{power if power != 1 else ''}" for atom, power in dimensions) or "1"


def unit(code: str) -> Unit | None:
    """The unit of a UCUM code, or None where it is not known here."""
    return _unit(code) if 0 < len(code) <= _LENGTH_LIMIT else None


@lru_cache(maxsize=4096)
def _unit(code: str) -> Unit | None:
    if code in _SCALES:
        shift, factor = _SCALES[code]
        return Unit(factor, (("K", 1),), shift)
    return _term(code) if code.isascii() else None


def _term(text: str) -> Unit | None:
    tokens = _tokens(text)
    if tokens is None:
        return None
    factor, powers = Fraction(1), dict[str, int]()
    # A group's sign is kept on a stack instead of recursing: "/" turns the next component, or the whole group.
    signs, sign, expects = [1], 1, True
    for place, token in enumerate(tokens):
        if token == "/":
            if expects and place and tokens[place - 1] != "(":
                return None
            sign, expects = -1, True
        elif token == ".":
            if expects:
                return None
            sign, expects = 1, True
        elif token == "(":
            if not expects:
                return None
            signs.append(signs[-1] * sign)
            sign = 1
        elif token == ")":
            if len(signs) == 1 or expects:
                return None
            signs.pop()
        elif token.startswith("{"):
            expects = False
        else:
            component = _component(token) if expects else None
            if component is None:
                return None
            power = signs[-1] * sign
            factor *= component.factor**power
            for atom, exponent in component.dimensions:
                powers[atom] = powers.get(atom, 0) + exponent * power
            expects = False
    if expects or len(signs) != 1:
        return None
    return Unit(factor, tuple(sorted((atom, power) for atom, power in powers.items() if power)))


def _tokens(text: str) -> list[str] | None:
    """Components and operators; a component keeps its exponent ("m-2", "10*3"), None where text is left over."""
    tokens: list[str] = []
    place = 0
    for match in _TOKEN.finditer(text):
        if match.start() != place:
            return None
        token, place = match.group(), match.end()
        follows = tokens and tokens[-1] not in {".", "/", "(", ")"} and not tokens[-1].startswith("{")
        if follows and token[-1].isdigit() and not tokens[-1][-1].isdigit():
            tokens[-1] += token
        else:
            tokens.append(token)
    return tokens if place == len(text) else None


def _component(token: str) -> Unit | None:
    if token.isdigit():
        return Unit(Fraction(int(token)), ()) if len(token) <= 30 and int(token) else None
    atom = token.rstrip("0123456789").rstrip("+-")
    exponent = int(token[len(atom) :]) if len(token) > len(atom) else 1
    found = _atom(atom)
    if found is None or abs(exponent) > _EXPONENT_LIMIT:
        return None
    return Unit(found.factor**exponent, tuple((name, power * exponent) for name, power in found.dimensions))


@lru_cache(maxsize=1024)
def _atom(symbol: str) -> Unit | None:
    if symbol == "[pi]":
        return Unit(_PI, ())
    if symbol in _PLAIN:
        return _defined(symbol, _PLAIN[symbol])
    if symbol in _METRIC:
        return _defined(symbol, _METRIC[symbol])
    for prefix, power in _prefixed(symbol):
        found = _atom(symbol[len(prefix) :])
        assert found is not None
        return Unit(found.factor * Fraction(10) ** power, found.dimensions)
    return None


def _prefixed(symbol: str) -> Iterator[tuple[str, int]]:
    return ((p, power) for p, power in _PREFIXES.items() if symbol.startswith(p) and symbol[len(p) :] in _METRIC)


def _defined(symbol: str, definition: str) -> Unit:
    number, _, term = definition.partition(" ")
    if not term:
        return Unit(Fraction(1), () if symbol in {"rad", "1"} else ((symbol, 1),))
    over, _, under = number.partition("/")
    base = _term(term)
    assert base is not None
    return Unit(Fraction(over) / Fraction(under or 1) * base.factor, base.dimensions)
