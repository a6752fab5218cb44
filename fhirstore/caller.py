"""Who asks, and whose data the asking is about: every request acts as exactly one user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fhirstore.dstu2.levels import Level
from fhirstore.errors import Forbidden
from fhirstore.extents import Opened, Slice, has_type, opened

Access = Literal["read", "write"]
Profile = Literal["standard", "oneup"]
"""Whose habits an application wants where FHIR's and 1upHealth's cannot both be kept."""

_NARROW = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a version: through which application, and which user acted; None where it was nobody but that."""

    client_id: str
    user: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """A user's bearer token, understood.

    `user` is the owner of all that is read and written; `client_id` the application that holds the token;
    `scope` the OAuth scope it was granted, and `opened` what that opens; `level` how strictly the application wants
    its writes judged, where it chose; `profile` whose habits it wants; `patient` the id of the Patient that
    `patient/…` means; `shared` are the parts of other users' records that they share, as far as the scope goes. With
    `everybody` it is an application that asks, and `user` is nobody: `shared` are its users' records. `author` is who
    is behind what is written. Each is one of its own, so that what is made for it can be kept by it.
    """

    client_id: str
    user: int
    scope: str
    level: Level | None = None
    profile: Profile = "standard"
    patient: str | None = None
    shared: tuple[Slice, ...] = ()
    everybody: bool = False
    opened: Opened = field(init=False)
    author: Author = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "opened", opened(self.scope, self.patient))
        object.__setattr__(self, "author", Author(self.client_id, self.user))

    def may(self, access: Access, type: str) -> bool:
        """Whether the scope reaches any resource of a type; of type "", any resource."""
        return has_type(self.opened.readable if access == "read" else self.opened.writable, type)

    def require(self, access: Access, type: str) -> None:
        """Raises Forbidden where `may` says no (RFC 6750 §3.1). Which resources of the type, the store knows."""
        if not self.may(access, type):
            reason = f"The token's scope does not include {access} access to {type or 'anything'}."
            raise Forbidden(reason, headers=_NARROW)
