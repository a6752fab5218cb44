"""Parameters of the management and token endpoints, from wherever real clients put them: header, query, form, JSON."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from fastapi import Depends, Request

from fhirstore.api.requests import read_body
from fhirstore.errors import BadRequest

BODY_LIMIT = 100_000

Parameters = Mapping[str, str]


async def read_parameters(request: Request) -> Parameters:
    """All parameters of a request by name; the body goes before the query, the query before the headers.

    A body is read as its Content-Type says; without one, or with the wrong one, as what it looks like. An empty
    body is no parameters, whatever its type. Raises BadRequest, TooLarge.
    """
    found: dict[str, str] = {**_from_basic(request), **_from_headers(request)}
    found |= {name: value for name, value in request.query_params.items() if value}
    body = await read_body(request.headers, request.receive, BODY_LIMIT)
    return found | _from_body(body)


Given = Annotated[Parameters, Depends(read_parameters)]


def _from_headers(request: Request) -> dict[str, str]:
    names = ("client_id", "client_secret", "app_user_id", "oneup_user_id")
    return {name: request.headers[name] for name in names if name in request.headers}


def _from_basic(request: Request) -> dict[str, str]:
    """RFC 6749 §2.3.1: id and secret are form-encoded within HTTP Basic."""
    scheme, _, encoded = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, client_secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(client_secret)}


def _from_body(body: bytes) -> dict[str, str]:
    text = body.strip()
    if not text:
        return {}
    if text.startswith(b"{"):
        return _from_json(text)
    try:
        return dict(parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError as error:
        raise BadRequest("The body is neither a form nor JSON.") from error


def _from_json(text: bytes) -> dict[str, str]:
    try:
        members: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    return {name: _plain(value) for name, value in members.items() if value is not None}


def _plain(value: Any) -> str:
    """Numbers and booleans as a form would have sent them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise BadRequest("A parameter must be a string, a number or a boolean.")
