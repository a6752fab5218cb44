"""Secrets: made from 256 random bits, kept as SHA-256, compared in constant time.

A slow hash is for passwords that people think up; 256 random bits cannot be guessed at any speed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def mint() -> str:
    """A new secret, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a secret, and by what it is looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored: str) -> bool:
    return hmac.compare_digest(digest(secret), stored)
