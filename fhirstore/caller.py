"""Who asks, and whose data the asking is about: every request acts as exactly one user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fhirstore.dstu2.levels import Level
from fhirstore.errors import Forbidden

Access = Literal["read", "write"]
Profile = Literal["standard", "oneup"]
"""Whose habits an application wants where FHIR's and 1upHealth's cannot both be kept."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a version: through which application, and which user acted; None where it was nobody but that."""

    client_id: str
    user: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A user's bearer token, understood.

    `user` is the owner of all that is read and written; `client_id` the application that holds the token;
    `scope` the OAuth scope it was granted; `level` how strictly the application wants its writes judged, where
    it chose; `profile` whose habits it wants.
    """

    client_id: str
    user: int
    scope: str
    level: Level | None = None
    profile: Profile = "standard"

    @property
    def author(self) -> Author:
        return Author(self.client_id, self.user)

    def require(self, access: Access, type: str) -> None:
        """Raises Forbidden where the scope does not reach so far: it narrows types and verbs, and never widens.

        A scope looks like `user/Observation.read`, with `*` for any type or verb.
        """
        for granted in self.scope.split():
            resource, _, verb = granted.partition("/")[2].partition(".")
            if resource in {"*", type} and verb in {"*", access}:
                return
        raise Forbidden(f"The token's scope does not include {access} access to {type or 'this'}.")
