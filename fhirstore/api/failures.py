"""Failures outside of FHIR as HTTP answers, in the words that each face's clients know."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from fhirstore.auth.users import UserFailure
from fhirstore.errors import Failure, OAuthFailure, Unauthorized

_log = logging.getLogger("fhirstore")


def add_failure_handlers(app: FastAPI) -> None:
    app.add_exception_handler(OAuthFailure, _oauth)
    app.add_exception_handler(UserFailure, _user)
    app.add_exception_handler(Failure, _plain)


async def _oauth(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OAuthFailure)
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="fhirstore"'
    body = {"error": error.error, "error_description": error.reason}
    return JSONResponse(body, error.http_status, headers)


async def _user(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UserFailure)
    return JSONResponse({"success": False, "error": error.reason}, 400)


async def _plain(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Failure)
    message = "Unauthorized" if isinstance(error, Unauthorized) else error.reason
    return JSONResponse({"message": message}, error.status, dict(error.headers))
