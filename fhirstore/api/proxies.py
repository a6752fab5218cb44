"""Behind a proxy: the address that the client used, told by X-Forwarded-*, believed from trusted proxies only."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from ipaddress import ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

_FORWARDED = frozenset({b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-for"})


class TrustedProxies:
    """Puts scheme and host of the client's own request in place of the proxy's. Pure ASGI."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted = [ip_network(network, strict=False) for network in trusted]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            for name, _ in scope["headers"]:
                if name in _FORWARDED:
                    scope = self._believed(scope) if self._is_trusted(scope) else scope
                    break
        return self._app(scope, receive, send)

    def _is_trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and self._is_trusted_address(client[0])

    def _is_trusted_address(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)

    def _client(self, forwarded: str) -> str:
        """The nearest address that is no trusted proxy's: the client itself may have written those before it."""
        addresses = [each.strip() for each in forwarded.split(",")]
        strange = (each for each in reversed(addresses) if not self._is_trusted_address(each))
        return next(strange, addresses[0])

    def _believed(self, scope: Scope) -> Scope:
        headers = dict(scope["headers"])
        scheme = _first(headers.get(b"x-forwarded-proto"))
        host = _first(headers.get(b"x-forwarded-host"))
        client = self._client(headers.get(b"x-forwarded-for", b"").decode("latin-1"))
        changed = dict(scope)
        if scheme in {b"http", b"https"}:
            changed["scheme"] = scheme.decode()
        if host:
            kept = [(name, value) for name, value in scope["headers"] if name != b"host"]
            changed["headers"] = [*kept, (b"host", host)]
        if client:
            changed["client"] = (client, 0)
        return changed


def _first(header: bytes | None) -> bytes:
    """Each proxy puts its own value behind the others: the first is the client's."""
    return header.partition(b",")[0].strip() if header else b""
