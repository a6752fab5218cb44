"""Page tokens: opaque to clients, signed, and bound to the caller and the question they came from."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from fhirstore.errors import BadRequest

Place = Sequence[str | int | None]
_SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads page tokens with a key that all processes on one database share."""

    key: bytes

    def write(self, owner: int, question: str, place: Place) -> str:
        """A token for the place after which the next page of this caller's question begins."""
        content = msgspec.msgpack.encode(list(place))
        return urlsafe_b64encode(self._sign(owner, question, content) + content).rstrip(b"=").decode()

    def read(self, owner: int, question: str, token: str) -> Place:
        """Raises BadRequest for a token that was not written for this caller and question."""
        try:
            signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            signed = b""
        content = signed[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signed[:_SIGNATURE_BYTES], self._sign(owner, question, content)):
            raise BadRequest("The page token does not belong to this question.")
        place: list[str | int | None] = msgspec.msgpack.decode(content)
        return place

    def _sign(self, owner: int, question: str, content: bytes) -> bytes:
        message = b"%d\0%b\0%b" % (owner, question.encode(), content)
        return blake2b(message, key=self.key, digest_size=_SIGNATURE_BYTES, person=b"page token").digest()
