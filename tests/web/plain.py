"""A browser without a window: cookies, forms and addresses, for what needs no eyes."""

from __future__ import annotations

import re

import httpx

from fhirstore.auth.sign_in import begin_session
from fhirstore.clock import now
from tests.server import AppServer


class PlainBrowser(httpx.Client):
    """Cookies and addresses of one server, without a window."""

    def __init__(self, server: AppServer) -> None:
        super().__init__(base_url=server.address, verify=False, trust_env=False)
        self.server = server

    def sign_in(self, *, developer: str | None = None, user: int | None = None) -> str:
        """Begin a session without its forms; answers the cookie's value."""
        sessions = self.server.store.sessions
        cookie = self.server.call(begin_session(sessions, now(), developer=developer, user=user))
        self.cookies.set("fhirstore-developer" if developer else "fhirstore-user", cookie)
        return cookie

    def token(self, path: str) -> str:
        """A form's token from a page."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def submit(self, path: str, token: str = "", /, **fields: str) -> httpx.Response:
        return self.post(path, data={"form_token": token, **fields})
