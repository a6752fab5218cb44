"""Templates as answers: escaped whatever they show, strict about what they name, with a policy that runs no script but
our own file.

https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fhirstore.clock import instant
from fhirstore.errors import NotFound
from fhirstore.presentation.moments import date_words
from fhirstore.web.forms import form_token
from fhirstore.web.visits import Visit, visit_of

_HERE = Path(__file__).parent
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every page, and on everything that a page leads to."""


def page(
    request: Request, template: str, status: int = 200, *, form_action: Sequence[str] = (), **values: Any
) -> HTMLResponse:
    """A template with values. `form_action` are origins that its forms may lead to, beside this server."""
    visit: Visit | None = getattr(request.state, "visit", None)
    shown = {
        "visit": visit,
        "said": visit.hear() if visit else "",
        "form_token": form_token(visit.secret) if visit else "",
        "path": request.url.path,
    }
    body = _environment().get_template(template).render(shown | values)
    return HTMLResponse(body, status, {**HEADERS, "Content-Security-Policy": policy(form_action)})


def go(request: Request, path: str, *, say: str = "") -> RedirectResponse:
    """Lead on to another page after a form (RFC 9110 §15.4.4), which tells what was done."""
    if say:
        visit_of(request).say(say)
    return RedirectResponse(path, 303, HEADERS)


def policy(form_action: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of a page."""
    actions = " ".join(["'self'", *form_action])
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        f"form-action {actions}; frame-ancestors 'none'; base-uri 'none'"
    )


def static_file(name: str) -> Response:
    """One of our own few files; its address tells its content, so that it may be kept. Raises NotFound."""
    content = _static().get(name)
    if content is None:
        raise NotFound("There is no such file.")
    headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, headers=headers, media_type=_MEDIA_TYPES[Path(name).suffix])


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static"] = _address
    environment.filters |= {"moment": show_moment, "second": show_second, "day": show_day, "number": show_number}
    environment.filters |= {"moment_words": moment_words, "day_words": day_words}
    return environment


@cache
def _static() -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in (_HERE / "static").iterdir() if path.suffix in _MEDIA_TYPES}


@cache
def _address(name: str) -> str:
    return f"/static/{name}?{hashlib.sha256(_static()[name]).hexdigest()[:12]}"


def show_moment(milliseconds: int | None) -> str:
    """2015-02-07 13:28 UTC"""
    return f"{instant(milliseconds)[:16].replace('T', ' ')} UTC" if milliseconds is not None else "never"


def show_second(milliseconds: int) -> str:
    """2015-02-07 13:28:17"""
    return instant(milliseconds)[:19].replace("T", " ")


def show_day(milliseconds: int | None) -> str:
    return instant(milliseconds)[:10] if milliseconds is not None else "never"


def moment_words(milliseconds: int | None) -> str:
    """7 February 2015, 13:28 UTC: for people, where `show_moment` is for developers."""
    return f"{date_words(instant(milliseconds))} UTC" if milliseconds is not None else "never"


def day_words(milliseconds: int) -> str:
    """7 February 2015"""
    return date_words(instant(milliseconds)[:10])


def show_number(number: int) -> str:
    """12 345, with a space that does not break."""
    return f"{number:,}".replace(",", "\u202f")
