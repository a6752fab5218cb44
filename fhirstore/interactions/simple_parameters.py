"""What an operation is asked: in the query, or in a Parameters resource. http://hl7.org/fhir/DSTU2/operations.html"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fhirstore.dstu2.json_format import parse
from fhirstore.interactions.request import Request
from fhirstore.search.query import TRANSPORT, Pair


def asked_of(request: Request) -> Sequence[Pair]:
    """Names and texts of an operation's simple parameters, those of the query first, less those about transport."""
    pairs = [pair for pair in request.query if pair[0] not in TRANSPORT]
    given = parse(request.body).get("parameter") if request.body else None
    for parameter in given if isinstance(given, list) else ():
        if not isinstance(parameter, dict):
            continue
        for member, value in parameter.items():
            if member.startswith("value") and isinstance(value, str | int | Decimal):
                text = str(value).lower() if isinstance(value, bool) else str(value)
                pairs.append((str(parameter.get("name")), text))
    return pairs
