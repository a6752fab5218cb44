"""An authorization that waits while its user signs in: the browser keeps it, for ten minutes, and goes on with it."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from fastapi import Request, Response

from fhirstore.web.rendering import go, page
from fhirstore.web.visits import visit_of

PLACE = "/oauth2/authorize"
WAITING_SECONDS = 600

_COOKIE = "fhirstore-waiting"
_LENGTH_LIMIT = 3000
_ASKED = re.compile(re.escape(PLACE) + r"\?[!-~]*")


def wait(request: Request) -> None:
    """Have the browser remember what it asked for. What is too long for a cookie, the user finds by going back."""
    kept = quote(f"{PLACE}?{request.url.query}", safe="")
    if len(kept) <= _LENGTH_LIMIT:
        visit = visit_of(request)
        visit.cookies[visit.name(_COOKIE)] = f"{request.app.state.clock() // 1000}.{kept}"


def lead_on(request: Request, path: str) -> Response:
    """Go on to a path of this server after a form.

    Browsers count all that follows a form as part of it, and hold it to the policy of the form's page: it may lead
    nowhere but here. Where an authorization goes on leads away, so that a page stands in between.
    """
    if not path.startswith("/oauth2/"):
        return go(request, path)
    response = page(request, "signed_in.html", onward=path)
    response.headers["Refresh"] = f"0; url={path}"
    return response


def resume(request: Request) -> str | None:
    """The path that was remembered, if it was not long ago, and forget it."""
    visit = visit_of(request)
    name = visit.name(_COOKIE)
    moment, _, kept = request.cookies.get(name, "").partition(".")
    if not kept:
        return None
    visit.cookies[name] = ""
    asked = int(moment) if moment.isdecimal() and len(moment) < 12 else 0
    path, age = unquote(kept), request.app.state.clock() // 1000 - asked
    # Only what this server asked to be remembered: another one on the same domain may set cookies too.
    return path if 0 <= age <= WAITING_SECONDS and _ASKED.fullmatch(path) else None
