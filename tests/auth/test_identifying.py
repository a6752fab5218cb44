"""Which ids are refused because they tell who somebody is, and which are not."""

from __future__ import annotations

import pytest

from fhirstore.auth.identifying import what_identifies

IDENTIFYING = {
    "an e-mail address": ["a@b.c", "jane.doe+test@example.org", "Jane@host", " jane@example.org "],
    "a telephone number": [
        *("+15551234567", "+1 (555) 123-4567", "+44 20 7946 0958", "+49.30.901820"),
        *("(555) 123-4567", "555-123-4567", "555.123.4567", "555 123 4567", "1-555-123-4567", "(555)1234567"),
        *("5551234567", "15551234567", "02079460958"),
    ],
    "a person's full name": [
        *("Jane Doe", "jane doe", "Doe, Jane", "Jane Q. Doe", "Mary-Ann O'Neil", "Zo\u00eb M\u00fcller", "jane.doe"),
        *("Jane_Doe", "Jane-Doe", "Juan Carlos de Borb\u00f3n"),
    ],
}
TELLING_NOTHING = [
    *("123467890", "13475", "1", "0000000042", "1700000000", "20150207123456", "99999999999999999999"),
    *("user", "user-1", "user_12", "test-user", "study_participant", "demo_user", "P-001-0042", "001-0042"),
    *("b3c1f2c4-7f0e-4f5a-9d9b-0a1b2c3d4e5f", "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3", "51aca5a06dedda916400002b"),
    *("patient 12", "site.7", "v1.2.3", "A-B", "X_Y", "2015-02-07", "@home", "tail@"),
]


@pytest.mark.parametrize(("what", "name"), [(what, name) for what, names in IDENTIFYING.items() for name in names])
def test_a_name_that_tells_who_somebody_is_is_recognized(what: str, name: str) -> None:
    assert what_identifies(name) == what


@pytest.mark.parametrize("name", TELLING_NOTHING)
def test_a_name_that_tells_nothing_is_left_alone(name: str) -> None:
    assert what_identifies(name) is None


def test_no_name_takes_long_to_judge() -> None:
    """Each of these would be exponential, or quadratic, to a careless expression; the run has a time limit."""
    for name in ("1 " * 100_000, "a " * 100_000, "+" + "(" * 200_000, "@ " * 100_000, "A-" * 100_000, "1." * 100_000):
        what_identifies(name)
