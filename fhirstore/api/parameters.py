"""Parameters of the management and token endpoints, from wherever real clients put them: header, query, form, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import Depends, Request

from fhirstore.api.requests import basic_credentials, read_body
from fhirstore.errors import BadRequest

BODY_LIMIT = 100_000

Parameters = Mapping[str, str]


async def read_parameters(request: Request) -> Parameters:
    """All parameters of a request by name; the body goes before the query, the query before the headers.

    A body is read as its Content-Type says; without one, or with the wrong one, as what it looks like. An empty
    body is no parameters, whatever its type. Raises BadRequest, TooLarge.
    """
    found: dict[str, str] = {**basic_credentials(request.headers), **_from_headers(request)}
    found |= {name: value for name, value in request.query_params.items() if value}
    body = await read_body(request.headers, request.receive, BODY_LIMIT)
    return found | _from_body(body)


Given = Annotated[Parameters, Depends(read_parameters)]


async def read_members(request: Request) -> dict[str, Any]:
    """The same for parameters with members of their own, as Validic's clients send them: in JSON, or by names like
    `user[profile][gender]` in a form or the query. Raises BadRequest, TooLarge."""
    found = _nested(list(request.query_params.multi_items()))
    body = (await read_body(request.headers, request.receive, BODY_LIMIT)).strip()
    return found | (_json(body) if body.startswith(b"{") else _nested(_form(body)))


Members = Annotated[dict[str, Any], Depends(read_members)]


def _from_headers(request: Request) -> dict[str, str]:
    names = ("client_id", "client_secret", "app_user_id", "oneup_user_id")
    return {name: request.headers[name] for name in names if name in request.headers}


def _from_body(body: bytes) -> dict[str, str]:
    text = body.strip()
    if not text:
        return {}
    if text.startswith(b"{"):
        return {name: _plain(value) for name, value in _json(text).items() if value is not None}
    return dict(_form(text))


def _form(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise BadRequest("The body is neither a form nor JSON.") from error


def _json(text: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Pairs as an object: `a[b][c]=d` is `{"a": {"b": {"c": "d"}}}`. A name that contradicts an earlier one wins."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        first, *inner = [step.removesuffix("]") for step in name.split("[", 3)]
        holder = found
        for step, following in pairwise([first, *inner]):
            if not isinstance(holder.get(step), dict):
                holder[step] = {}
            holder = holder[step]
            first = following
        holder[first] = value
    return found


def _plain(value: Any) -> str:
    """Numbers and booleans as a form would have sent them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise BadRequest("A parameter must be a string, a number or a boolean.")
