"""Both stores under every test that asks for one, on real files and real sockets."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from pymongo import AsyncMongoClient, MongoClient

from fhirstore.store.contract import Store
from fhirstore.store.mongodb import MongoStore
from fhirstore.store.sqlite import SqliteStore
from tests.clients import ApplicationClient, UserClient, new_application
from tests.mongodb_server import MongoServer
from tests.server import AppServer, TurnedClock, running

# The same examples in every run, and none that fails because a machine is slow.
settings.register_profile(
    "tests", derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("tests")

SHARED = Path(__file__).parents[2] / "shared" / "dstu2"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is given the most time begins first, so that no process is left alone with it at the end."""
    items.sort(key=_seconds_given, reverse=True)


def pytest_collection_finish() -> None:
    """What all tests share stays for good: the garbage collector need not look through it again and again."""
    gc.freeze()


def _seconds_given(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0


@pytest.fixture(scope="session")
def definitions() -> Path:
    """The folder of official definitions beside the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"the official DSTU2 files are not at {SHARED.parent.name}/{SHARED.name} beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """One server for the whole run; each test takes a database of its own."""
    given = os.environ.get("FHIRSTORE_TEST_MONGODB_URI")
    if given:
        yield given
        return
    with MongoServer(None) as started:
        yield started.uri


@pytest.fixture(params=["sqlite", "mongodb"])
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def database(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URI of an empty database, dropped afterwards."""
    if store_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: str = request.getfixturevalue("mongodb_uri")
    name = f"test_{uuid4().hex}"
    yield database_of(server, name)
    async with AsyncMongoClient[dict[str, object]](server) as client:
        await client.drop_database(name)


_shared: list[tuple[str, str]] = []
"""Address and name of the MongoDB database that a run's server uses, while it runs."""


@pytest.fixture(scope="module", autouse=True)
def swept() -> Iterator[None]:
    """Leaves no records behind for the next module: the tests' MongoDB takes longer for each that it holds."""
    yield
    for uri, name in _shared:
        with MongoClient[dict[str, object]](uri) as client:
            for collection in ("resources", "events", "windows"):
                client[name][collection].delete_many({})


@pytest.fixture(scope="session", params=["sqlite", "mongodb"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The running server, one for the whole run: tests keep apart by having users of their own."""
    if request.param == "sqlite":
        with running(f"sqlite:///{tmp_path_factory.mktemp('server') / 'store.db'}") as started:
            yield started
        return
    uri: str = request.getfixturevalue("mongodb_uri")
    name = f"test_{uuid4().hex}"
    _shared.append((uri, name))
    with running(database_of(uri, name)) as started:
        yield started
    _shared.remove((uri, name))
    with MongoClient[dict[str, object]](uri) as client:
        client.drop_database(name)


@pytest.fixture
def application(server: AppServer) -> ApplicationClient:
    return new_application(server)


@pytest.fixture
def user(application: ApplicationClient) -> UserClient:
    return application.user()


@pytest.fixture
def stranger(application: ApplicationClient) -> UserClient:
    """Another user of the same application."""
    return application.user()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def turned(database: str, clock: TurnedClock) -> Iterator[AppServer]:
    """A server of its own, for a test that moves the time."""
    with running(database, clock) as started:
        yield started


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    opened = open_store(database)
    await opened.open()
    yield opened
    await opened.close()


def database_of(server_uri: str, name: str) -> str:
    address, _, options = server_uri.partition("/?")
    return f"{address.rstrip('/')}/{name}?{options}"


def open_store(database: str) -> Store:
    if database.startswith("sqlite:///"):
        return SqliteStore(Path(database.removeprefix("sqlite:///")))
    return MongoStore(database)
