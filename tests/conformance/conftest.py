"""One application for all cases of a run; each case has a user of its own, so nothing but its own is there."""

from __future__ import annotations

import pytest

from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer


@pytest.fixture(scope="session")
def application(server: AppServer) -> ApplicationClient:
    return new_application(server, "conformance")


@pytest.fixture
def user(application: ApplicationClient) -> UserClient:
    return application.user()
