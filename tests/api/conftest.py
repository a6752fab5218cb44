"""Those who call the faces."""

from __future__ import annotations

import pytest

from tests.api.validic import Organization, organization_of
from tests.clients import ApplicationClient


@pytest.fixture
def organization(application: ApplicationClient) -> Organization:
    return organization_of(application)
