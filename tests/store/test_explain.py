"""An administrator sees how a search is answered: by which indexes, in whose record."""

from __future__ import annotations

import os

from fhirstore.search.entries import Entries
from fhirstore.search.plan import HasKey, Plan
from fhirstore.store.contract import Change, Page, Store, Version
from fhirstore.store.scope import Scope


async def test_it_tells_what_is_asked_of_the_database_and_which_indexes_answer(store: Store, store_kind: str) -> None:
    key = "Patient.gender:female"
    version = Version("Patient", "a", 1, 1000, "PUT", b"{}", Entries((key,)))
    await store.within(Scope(7)).change(Change("Patient", "a", lambda current: version))
    lines = await store.indexing.explain(Scope(7), Plan(("Patient",), HasKey((key,))), Page(10))
    asked = [line for line in lines if not line.startswith(" ")]
    planned = [line for line in lines if line.startswith(" ")]
    assert asked
    assert all("7" in line for line in asked), "everything that is asked names the owner"
    assert planned
    # The wire server of the tests plans in its own way; a real one is held to its indexes.
    if store_kind == "sqlite" or "FHIRSTORE_TEST_MONGODB_URI" in os.environ:
        assert any("INDEX" in line or "IXSCAN" in line for line in planned)
        assert not any("SCAN resources" in line or "COLLSCAN" in line for line in planned)
