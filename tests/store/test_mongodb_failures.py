"""The driver's failures as the store's callers hear of them."""

from __future__ import annotations

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DocumentTooLarge,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    WriteConcernError,
    WriteError,
    WTimeoutError,
)

from fhirstore.errors import TooLarge, Unavailable
from fhirstore.store.mongodb.failures import unavailable_when_away

UNDONE = {"errorLabels": ["TransientTransactionError"]}


@unavailable_when_away
class Asked:
    """Something of the store's that fails in the driver."""

    def __init__(self, error: Exception, session: object = None) -> None:
        self._error = error
        self._session = session

    async def ask(self) -> None:
        raise self._error


def bulk(*codes: int, unsure: bool = False) -> BulkWriteError:
    failed = [{"index": at, "code": code, "errmsg": ""} for at, code in enumerate(codes)]
    return BulkWriteError({"writeErrors": failed, "writeConcernErrors": [{"code": 91}] if unsure else []})


AWAY = [
    AutoReconnect("gone"),
    NotPrimaryError("stepped down"),
    ExecutionTimeout("slow", 50),
    WTimeoutError("no majority in time", 64),
    WriteConcernError("no majority", 91),
    bulk(unsure=True),
    bulk(11000, unsure=True),
    OperationFailure("others came first for two minutes", 112, UNDONE),
    OperationFailure("the shard has no such transaction", 251, UNDONE),
]


@pytest.mark.parametrize("error", AWAY, ids=str)
async def test_what_may_pass_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable):
        await Asked(error).ask()


@pytest.mark.parametrize("error", [DocumentTooLarge("17 MB"), WriteError("17 MB", 10334), bulk(10334)], ids=str)
async def test_what_is_too_large_is_told_so(error: Exception) -> None:
    with pytest.raises(TooLarge):
        await Asked(error).ask()


@pytest.mark.parametrize("error", [OperationFailure("no such operator", 2), bulk(2), ValueError()], ids=str)
async def test_faults_of_the_program_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)):
        await Asked(error).ask()


@pytest.mark.parametrize("error", AWAY, ids=str)
async def test_inside_a_transaction_the_driver_sees_its_own_failure(error: Exception) -> None:
    with pytest.raises(type(error)):
        await Asked(error, session=object()).ask()
