"""The server's own keys: made by the first process on a database, read by all."""

from __future__ import annotations

from typing import Protocol


class Keys(Protocol):
    async def key(self, name: str) -> bytes | None: ...

    async def keep(self, name: str, made: bytes) -> bytes:
        """The key of this name: what was kept first, or else what was made now."""
        ...
