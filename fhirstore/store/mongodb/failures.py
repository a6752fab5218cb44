"""The driver's failures in the contract's words: a database that is away is `Unavailable`, whatever was asked of it,
and what is too large for one of its documents `TooLarge`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from fhirstore.errors import TooLarge, Unavailable

Kind = TypeVar("Kind", bound=type)
Result = TypeVar("Result")

DUPLICATE_KEY, WRITE_CONFLICT, DOCUMENT_TOO_LARGE = 11000, 112, 10334
"""Codes of the server's errors."""
CAME_FIRST = frozenset({DUPLICATE_KEY, WRITE_CONFLICT})
"""Those that say that another writer was first."""

# A failure of connection covers elections (NotPrimaryError) and servers that are not found in time.
_AWAY = (ConnectionFailure, ExecutionTimeout, WTimeoutError)


def unavailable_when_away(kind: Kind) -> Kind:
    """Have every public coroutine of a class raise Unavailable where the driver cannot reach the database."""
    for name, method in list(vars(kind).items()):
        if not name.startswith("_") and iscoroutinefunction(method):
            setattr(kind, name, _told(method))
    return kind


def _told(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await method(self, *args, **kwargs)
        except (PyMongoError, DocumentTooLarge) as error:
            # Inside a transaction the driver itself must see its failure: it decides whether to run it again.
            if getattr(self, "_session", None) is not None:
                raise
            if _is_too_large(error):
                raise TooLarge("The resource is too large, with all that it is found by.") from error
            if not _is_away(error):
                raise
            raise Unavailable("The database cannot be reached.") from error

    return call


def _is_too_large(error: Exception) -> bool:
    """The driver tells, unless it is but a little too large: then the server does."""
    if isinstance(error, BulkWriteError):
        failed = (error.details or {}).get("writeErrors") or ()
        return any(each["code"] == DOCUMENT_TOO_LARGE for each in failed)
    return isinstance(error, DocumentTooLarge) or getattr(error, "code", None) == DOCUMENT_TOO_LARGE


def _is_away(error: Exception) -> bool:
    if isinstance(error, BulkWriteError):  # which tells in this way that no majority has it
        return bool((error.details or {}).get("writeConcernErrors"))
    return isinstance(error, _AWAY)


async def tried_again(write: Callable[[], Awaitable[Result]]) -> Result:
    """One write of one document, until no other is in its way.

    Of many that upsert it at once only the first inserts, and a server may leave trying again to its clients.
    """
    while True:
        try:
            return await write()
        except OperationFailure as error:
            if error.code not in CAME_FIRST:
                raise
