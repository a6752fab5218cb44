"""Which requests are the FHIR endpoint's."""

from __future__ import annotations

import pytest

from fhirstore.api.application import fhir_prefix


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/dstu2", "/dstu2"),
        ("/dstu2/", "/dstu2"),
        ("/dstu2/Patient/1", "/dstu2"),
        ("/dstu2//Patient", "/dstu2"),
        ("/fhir/dstu2", "/fhir/dstu2"),
        ("/fhir/dstu2/metadata", "/fhir/dstu2"),
        ("/dstu2/.well-known/smart-configuration", None),
        ("/fhir/dstu2/.well-known/smart-configuration", None),
        ("/dstu22", None),
        ("/dstu2.json", None),
        ("/fhir/oauth2/token", None),
        ("/", None),
        ("", None),
        ("/console/dstu2/Patient", None),
    ],
)
def test_what_is_below_a_fhir_address_is_the_endpoints_but_for_names_that_begin_with_a_dot(
    path: str, prefix: str | None
) -> None:
    assert fhir_prefix(path) == prefix
