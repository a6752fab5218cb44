"""`PUT` and `DELETE Patient/{id}/_permission/{oneup_user_id}`: 1upHealth's way to share a patient between users."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fhirstore.auth.sharing import share, unshare
from fhirstore.auth.tokens import Bearers
from fhirstore.caller import Caller
from fhirstore.errors import MethodNotAllowed, NotFound
from fhirstore.store.contract import Store

DONE = b'{"success":true}'

_PATH = re.compile(r"/patient/([A-Za-z0-9\-.]{1,64})/_permission/([0-9]{1,15})/?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sharing:
    """A request to share a Patient, or to end it, with the user of this number."""

    method: str
    patient: str
    recipient: int

    @property
    def action(self) -> str:
        return "unshare" if self.method == "DELETE" else "share"

    async def carry_out(self, store: Store, bearers: Bearers, caller: Caller, now: int) -> None:
        """Raises MethodNotAllowed, Forbidden, NotFound."""
        if self.method == "PUT":
            await share(store, bearers, caller, self.patient, self.recipient, now)
        elif self.method == "DELETE":
            await unshare(store, bearers, caller, self.patient, self.recipient)
        else:
            raise MethodNotAllowed("This address does not know this method.", headers={"Allow": "PUT, DELETE"})


def asked_sharing(method: str, path: str) -> Sharing:
    """What a path below the FHIR address asks for. Raises NotFound."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return Sharing(method, found[1], int(found[2]))
