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
    WriteConcernError,
)

from fhirstore.errors import Failure, TooLarge, Unavailable

Kind = TypeVar("Kind", bound=type)
Result = TypeVar("Result")

DUPLICATE_KEY, WRITE_CONFLICT, DOCUMENT_TOO_LARGE = 11000, 112, 10334
"""Codes of the server's errors."""
CAME_FIRST = frozenset({DUPLICATE_KEY, WRITE_CONFLICT})
"""Those that say that another writer was first."""

# A failure of connection covers elections (NotPrimaryError) and servers that are not found in time.
_AWAY = (ConnectionFailure, ExecutionTimeout, WriteConcernError)
_UNDONE = "TransientTransactionError"
"""The label of what undid a transaction for the time being; the driver ran it again for as long as it does."""


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
            failure = _in_words(error) if getattr(self, "_session", None) is None else None
            if failure is None:
                raise
            raise failure from error

    return call


def _in_words(error: PyMongoError | DocumentTooLarge) -> Failure | None:
    """None for what is explained neither by the state of the database nor by the size of what it was sent."""
    # The driver tells, unless it is but a little too large: then the server does.
    if isinstance(error, DocumentTooLarge) or DOCUMENT_TOO_LARGE in codes_of(error):
        return TooLarge("The resource is too large, with all that it is found by.")
    # A bulk tells in its own way that no majority has it.
    unsure = isinstance(error, BulkWriteError) and error.details["writeConcernErrors"]
    if unsure or isinstance(error, _AWAY) or error.has_error_label(_UNDONE):
        return Unavailable("The database cannot be reached.")
    return None


def codes_of(error: PyMongoError) -> frozenset[int | None]:
    """The server's codes for what went wrong: a bulk has one for each write that failed."""
    if isinstance(error, BulkWriteError) and error.details["writeErrors"]:
        return frozenset(each["code"] for each in error.details["writeErrors"])
    return frozenset([error.code] if isinstance(error, OperationFailure) else [])


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
