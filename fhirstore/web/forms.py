"""What is sent by forms: from this server's own pages alone, and not too much of it.

A token in every form is made anew for each page from the visit's secret, so that what is the same on two pages, and
could be guessed from how well they compress, is never the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import Request
from starlette.types import Message, Receive

from fhirstore.errors import Forbidden, TooLarge, UnsupportedMediaType
from fhirstore.web.visits import Visit

FORM_BYTES = 100_000
TOKEN_FIELD = "form_token"  # the field's name, no token

_FORM_TYPE = "application/x-www-form-urlencoded"


def form_token(secret: str) -> str:
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_proof(secret, nonce)}"


async def check_form(request: Request, visit: Visit) -> None:
    """Raises Forbidden for a form that another site sent, or of a session that is not this one."""
    _check_origin(request, visit)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise UnsupportedMediaType("These pages take forms alone.")
    form = await request.form()
    nonce, _, proof = str(form.get(TOKEN_FIELD, "")).partition(".")
    if not hmac.compare_digest(proof.encode(), _proof(visit.secret, nonce).encode()):
        raise Forbidden("This form is too old. Go back, load the page anew and try again.")


def limited(receive: Receive) -> Receive:
    """Raises TooLarge once a body has grown past what any form here holds."""
    read = 0

    async def receive_on() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > FORM_BYTES:
            raise TooLarge("This form is too large.")
        return message

    return receive_on


def _check_origin(request: Request, visit: Visit) -> None:
    """What the browser says of where a form is from. As no page of ours tells its address, `Origin` may be `null`."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = origin not in {None, "null", visit.origin} if site is None else site not in {"same-origin", "none"}
    if foreign:
        raise Forbidden("This form was sent from another site.")


def _proof(secret: str, nonce: str) -> str:
    return hmac.new(secret.encode(), nonce.encode(), hashlib.sha256).hexdigest()
