"""Counts of use on their way to the store (`auth/usage.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from fhirstore.auth.usage import Usage, kind_of
from fhirstore.errors import Unavailable
from fhirstore.store.contract import Store
from fhirstore.store.usage import HOUR, Counted, Kind


class Away:
    """Counts that cannot be written until the database is back."""

    def __init__(self) -> None:
        self.back = False
        self.written: list[Mapping[Counted, int]] = []

    async def add(self, counts: Mapping[Counted, int]) -> None:
        if not self.back:
            raise Unavailable("away")
        self.written.append(counts)

    async def since(self, client_id: str, hour: int) -> Sequence[tuple[Counted, int]]:
        raise NotImplementedError


async def test_counts_wait_while_the_database_is_away_and_none_is_lost_or_doubled() -> None:
    away = Away()
    usage = Usage(cast("Store", SimpleNamespace(usage=away)), lambda: 7 * HOUR + 5)
    for _ in range(3):
        usage.note("app", "fhir")
    await usage.flush()
    usage.note("app", "fhir")
    usage.note("app", "throttled")
    away.back = True
    await usage.close()
    await usage.flush()
    assert away.written == [{Counted("app", 7, "fhir"): 4, Counted("app", 7, "throttled"): 1}]


@pytest.mark.parametrize(
    ("status", "management", "kind"),
    [
        (200, True, "management"),
        (400, True, "management-failed"),
        (429, True, "throttled"),
        (500, True, "management-failed"),
        (201, False, "fhir"),
        (304, False, "fhir"),
        (404, False, "fhir-failed"),
    ],
)
def test_a_request_counts_as_what_its_answer_was(status: int, management: bool, kind: Kind) -> None:
    assert kind_of(status, management=management) == kind
