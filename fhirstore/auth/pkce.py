"""Proof Key for Code Exchange, by the one method worth having, S256: RFC 7636."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

METHODS = ("S256",)

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")


def is_challenge(text: str) -> bool:
    """Whether it can be the SHA-256 of a verifier (§4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def proves(verifier: str | None, challenge: str | None) -> bool:
    """Whether the verifier is what the challenge was made of (§4.6).

    A verifier for a code without a challenge is refused too: somebody took the challenge away (RFC 9700 §2.1.1).
    """
    if challenge is None or verifier is None:
        return verifier == challenge
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(made, challenge)
