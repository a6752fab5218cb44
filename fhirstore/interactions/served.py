"""All that the server can be asked for: the single interactions, and the Bundles of them."""

from __future__ import annotations

from collections.abc import Sequence

from fhirstore.dstu2.bundle_parts import read_bundle
from fhirstore.errors import BadRequest, Issue
from fhirstore.interactions.batch import batch
from fhirstore.interactions.incoming import check_type
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import INTERACTIONS, Interaction, Table
from fhirstore.interactions.transaction import transaction

_BUNDLES = {"batch": batch, "transaction": transaction}


async def process(request: Request, context: Context) -> Reply:
    """Carry out a Bundle that was posted to the base. Raises BadRequest for any other."""
    bundle = read_bundle(request.body)
    check_type("Bundle", {"resourceType": bundle.resource_type})
    carry_out = _BUNDLES.get(bundle.type) if isinstance(bundle.type, str) else None
    if carry_out is None:
        reason = "A Bundle that is posted here must be a batch or a transaction."
        raise BadRequest(reason, [Issue("error", "value", reason, "Bundle.type")])
    return await carry_out(bundle, context, minimal=request.minimal)


SERVED: Sequence[Interaction] = (*INTERACTIONS, Interaction("transaction", "POST", "", None, process))
TABLE = Table(SERVED)
