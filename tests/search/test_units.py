"""Numbers as sortable text, and UCUM units in base units."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore.search.decimals import MAXIMUM, MINIMUM, after, encode, implicit
from fhirstore.search.ucum import unit

# Drawn by their parts, some of few digits and much alike: `decimals` takes twenty times as long.
_DIGITS = st.text("019", min_size=1, max_size=4) | st.text("0123456789", min_size=1, max_size=25)
_EXPONENTS = st.integers(-4, 4) | st.integers(-3900, 3900)
_NUMBERS = st.builds(
    lambda sign, digits, exponent: Decimal(f"{sign}{digits}E{exponent}"), st.sampled_from("+-"), _DIGITS, _EXPONENTS
)


@settings(max_examples=1000)
@given(_NUMBERS, _NUMBERS)
def test_encoded_numbers_sort_as_the_numbers_do(first: Decimal, second: Decimal) -> None:
    assert (encode(first) < encode(second)) == (first < second)
    assert (encode(first) == encode(second)) == (first == second)
    assert MINIMUM < encode(first) < after(encode(first)) < MAXIMUM
    if first < second:
        assert after(encode(first)) < encode(second)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2.0", "1.95", "2.05"),
        ("100", "99.5", "100.5"),
        ("1e2", "50", "150"),
        ("0", "-0.5", "0.5"),
        ("-5.50", "-5.505", "-5.495"),
    ],
)
def test_a_number_implies_half_a_unit_of_its_last_digit_around_it(text: str, low: str, high: str) -> None:
    assert implicit(Decimal(text)) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("one", "first", "other", "second"),
    [
        (1, "g", 1000, "mg"),
        (1, "kg", 1000, "g"),
        (5.4, "g/dL", 54, "g/L"),
        (120, "mm[Hg]", "15998.64", "Pa"),
        (37, "Cel", "310.15", "K"),
        (212, "[degF]", 100, "Cel"),
        (1, "[lb_av]", "453.59237", "g"),
        (1, "[in_i]", "2.54", "cm"),
        (60, "/min", 1, "s-1"),
        (60, "{beats}/min", 1, "Hz"),
        (4, "10*3/uL", 4, "10*9/L"),
        (1, "mmol/L", 1, "mol/m3"),
        (1, "k[iU]/L", 1, "[iU]/mL"),
        (1, "%", "0.01", "1"),
        (1, "a", "365.25", "d"),
        (1, "mL/(kg.h)", 1000, "uL/kg/h"),
        (1, "ug{creat}/mL", 1, "mg/L"),
        (1, "L", 1, "dm3"),
        (1, "m2", 10000, "cm2"),
        (1, "U/L", "1", "umol/min/L"),
    ],
)
def test_units_are_the_same_quantity_in_base_units(one: float, first: str, other: float | str, second: str) -> None:
    here, there = unit(first), unit(second)
    assert here is not None
    assert there is not None
    assert here.base == there.base
    assert here.to_base(Fraction(str(one))) == there.to_base(Fraction(other))
    assert here.from_base(here.to_base(Fraction(7))) == 7


@pytest.mark.parametrize(
    "code",
    [
        "",
        "nonsense",
        "m(",
        "m)",
        "/",
        "m//s",
        "m..s",
        "m--2",
        "(m",
        "m/",
        "mg per dL",
        "°C",
        "m" * 200,
        "m99999999",
        "[",
        "{",
        "()",
    ],
)
def test_what_is_no_known_unit_has_no_base(code: str) -> None:
    assert unit(code) is None


def test_dimensions_tell_units_apart() -> None:
    bases = {getattr(unit(code), "base", None) for code in ("m", "s", "g", "K", "mol", "[iU]", "1", "m/s", "m.s")}
    assert len(bases) == 9
