"""Id tokens: who signed in, told to the application in a form that it can check.

OpenID Connect Core §2 and §3.1.3.6; `fhirUser` and `profile` as SMART on FHIR has them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from fhirstore.auth.patients import patients_of
from fhirstore.auth.tokens import ACCESS_SECONDS, SECOND, Issued
from fhirstore.store.contract import Store

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
CLAIMS = ("iss", "sub", "aud", "iat", "exp", "nonce", "fhirUser", "profile")

_KEY, _BITS = "signing", 2048


class Signer:
    """Signs with the key that all processes share; it is made when it is first needed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: RSAKey | None = None

    async def id_token(self, issued: Issued, client_id: str, issuer: str, endpoint: str, now: int) -> str:
        """Who is behind what was just issued, for the application it was issued to.

        `issuer` is the server's address, `endpoint` the FHIR endpoint's; `now` is in milliseconds.
        """
        from joserfc import jwt

        assert issued.user is not None
        claims: dict[str, Any] = {
            "iss": issuer,
            "sub": str(issued.user),
            "aud": client_id,
            "iat": now // SECOND,
            "exp": now // SECOND + ACCESS_SECONDS,
        }
        if issued.nonce is not None:
            claims["nonce"] = issued.nonce
        asked = {"fhirUser", "profile"} & set(issued.scope.split())
        if asked and (place := await self._person(issued.user)) is not None:
            claims |= dict.fromkeys(sorted(asked), f"{endpoint}/{place}")
        key = await self._key()
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key)

    async def public_keys(self) -> dict[str, Any]:
        """What signatures are checked with, as a set of keys (RFC 7517 §5)."""
        key = await self._key()
        return {"keys": [key.as_dict(private=False)]}

    async def _person(self, user: int) -> str | None:
        """The Patient who the user is: known where the record has one, and unknown in a family's."""
        people = await patients_of(self._store, user)
        return f"Patient/{people[0].id}" if len(people) == 1 else None

    async def _key(self) -> RSAKey:
        if self._known is None:
            # Cryptography takes its time to load, and few servers ever sign.
            from joserfc.jwk import RSAKey

            kept = await self._store.keys.key(_KEY)
            if kept is None:
                kept = await self._store.keys.keep(_KEY, await asyncio.to_thread(_make))
            self._known = RSAKey.import_key(msgspec.json.decode(kept))
        return self._known


def _make() -> bytes:
    """A new private key as JSON (RFC 7517), named by its thumbprint (RFC 7638)."""
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(_BITS, {"use": "sig", "alg": ALGORITHM})
    return msgspec.json.encode({**key.as_dict(private=True), "kid": key.thumbprint()})
