"""Failures outside of FHIR as HTTP answers, in the words that each face's clients know."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from fhirstore.api.dependencies import told_allowance
from fhirstore.auth.users import UserExists, UserFailure, UserUnknown
from fhirstore.errors import Failure, OAuthFailure, Unauthorized

_log = logging.getLogger("fhirstore")


def add_failure_handlers(app: FastAPI) -> None:
    app.add_exception_handler(OAuthFailure, _oauth)
    app.add_exception_handler(UserFailure, _user)
    app.add_exception_handler(Failure, _plain)


async def _oauth(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OAuthFailure)
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", **error.headers}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="fhirstore"'
    body = {"error": error.error, "error_description": error.reason}
    return JSONResponse(body, error.http_status, headers)


async def _user(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UserFailure)
    # The service of the years up to 2021 answered these two so, and clients of that time throw on a 400.
    answered_before = isinstance(error, UserExists | UserUnknown) and getattr(request.state, "profile", "") == "oneup"
    body = {"success": False, "error": error.reason}
    return JSONResponse(body, 200 if answered_before else 400, told_allowance(request))


async def _plain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Failure)
    message = "Unauthorized" if isinstance(error, Unauthorized) else error.reason
    return JSONResponse({"message": message}, error.status, {**told_allowance(request), **error.headers})
