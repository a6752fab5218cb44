"""HTTP/1.1 as uvicorn speaks it, for requests that come to the end of their head.

What a head begins with is gathered until it ends, and joined anew with each piece that arrives: without a limit anybody
who can connect has the server spend its time and memory on one that never does.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES = 256 * 1024
"""More than what clients send in their addresses and headers, by far; what arrives in one piece is not counted."""

_TOO_LONG = b"The head of the request is too long."
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TOO_LONG), _TOO_LONG)
)


class BoundedHttp(HttpToolsProtocol):
    """Refuses with 431 what is neither a whole head nor a body, and goes on for too long."""

    _unfinished = 0
    """So many bytes have come since anything was there to go on with."""

    def data_received(self, data: bytes) -> None:
        if self._unfinished > HEAD_BYTES:
            # Behind the last piece of a body there may be headers too: by then an answer may have begun.
            cycle: RequestResponseCycle | None = self.cycle  # uvicorn has it None until the first request
            if cycle is None or cycle.response_complete:
                self.transport.write(_REFUSAL)
            self.transport.close()
            return
        self._unfinished += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._unfinished = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished = 0
        super().on_message_complete()
