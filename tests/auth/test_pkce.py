"""Proof Key for Code Exchange, by the vector of RFC 7636, Appendix B."""

from __future__ import annotations

import pytest

from fhirstore.auth.pkce import is_challenge, proves

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_published_verifier_proves_the_published_challenge() -> None:
    assert proves(VERIFIER, CHALLENGE)
    assert is_challenge(CHALLENGE)


@pytest.mark.parametrize(
    "verifier", [None, "", VERIFIER[:-1] + "l", VERIFIER + "a", CHALLENGE, VERIFIER[:42], "a" * 129, VERIFIER + "\n"]
)
def test_nothing_else_does(verifier: str | None) -> None:
    assert not proves(verifier, CHALLENGE)


def test_a_verifier_without_a_challenge_proves_nothing_and_neither_needs_the_other() -> None:
    assert not proves(VERIFIER, None)
    assert proves(None, None)


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "+"])
def test_a_challenge_is_the_url_safe_sha256_of_something(text: str) -> None:
    assert not is_challenge(text)
