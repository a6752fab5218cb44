"""What an interaction answers, free of HTTP."""

from __future__ import annotations

import msgspec

from fhirstore.store.contract import Version


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A status and JSON bytes; `version` where the answer is about one version of one resource.

    `location` says that the version's own address belongs into the answer.
    """

    status: int
    body: bytes = b""
    version: Version | None = None
    location: bool = False
