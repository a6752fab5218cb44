"""A valid resource broken in one place is refused, with an issue that points there: thousands of times."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore.dstu2.validate import check
from tests.dstu2.examples import MISSING, example_names, small_documents
from tests.dstu2.mutations import KINDS, Site, find_sites, mutate

pytestmark = pytest.mark.skipif(not example_names(), reason=MISSING)

EXAMPLES_PER_KIND = 200


@cache
def candidates(kind: str) -> list[tuple[dict[str, Any], list[Site]]]:
    """Each small example with the sites at which it can be broken in that way."""
    found = []
    for document in small_documents(6000):
        sites = [site for site in find_sites(document) if mutate(document, site, kind) is not None]
        if sites:
            found.append((document, sites))
    return found


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_broken_example_is_refused_where_it_is_broken(kind: str) -> None:
    """21 ways of breaking, 200 examples each, the same ones in every run."""

    @settings(max_examples=EXAMPLES_PER_KIND)
    @given(st.data())
    def judge(data: st.DataObject) -> None:
        document, sites = data.draw(st.sampled_from(candidates(kind)))
        mutant = mutate(document, data.draw(st.sampled_from(sites)), kind)
        assert mutant is not None
        issues = [issue for issue in check(mutant.document) if issue.refuses]
        assert any(issue.code == mutant.code and (issue.path or "").startswith(mutant.path) for issue in issues), (
            mutant.code,
            mutant.path,
            issues,
        )

    judge()


def test_there_are_more_than_three_thousand_broken_examples() -> None:
    assert len(KINDS) * EXAMPLES_PER_KIND > 3000
    assert all(sum(len(sites) for _, sites in candidates(kind)) > 0 for kind in KINDS)
