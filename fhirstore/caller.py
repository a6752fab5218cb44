"""Who asks, and whose data the asking is about: every request acts as exactly one user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A user's bearer token, understood.

    `user` is the owner of all that is read and written; `client_id` the application that holds the token;
    `scope` the OAuth scope it was granted.
    """

    client_id: str
    user: int
    scope: str
