"""The front page and the page of the API: there for everybody, asking nothing of any other server."""

from __future__ import annotations

from tests.clients import http
from tests.server import AppServer
from tests.web.browser import Visitor


async def test_the_front_page_leads_to_everything_that_has_a_page(visitor: Visitor) -> None:
    assert await visitor.open("/") == 200
    await visitor.check_accessibility()
    await visitor.shoot("front")
    for link, path in {
        "Your record": "/health-history",
        "The console": "/console/sign-in?next=%2Fconsole",
        "The API": "/docs",
    }.items():
        await visitor.open("/")
        await visitor.press(link)
        assert visitor.path == path


async def test_the_page_of_the_api_tells_what_each_call_takes(visitor: Visitor) -> None:
    assert await visitor.open("/docs") == 200
    await visitor.check_accessibility()
    await visitor.shoot("api")
    text = await visitor.text()
    for told in ("POST /user-management/v1/user", "grant_type", "user[profile]", "confirm", "GET /health/ready"):
        assert told in text


def test_every_call_of_the_api_says_what_it_is_for_and_names_each_parameter(pages: AppServer) -> None:
    document = http.get(f"{pages.address}/openapi.json").json()
    calls = [call for operations in document["paths"].values() for call in operations.values()]
    assert len(calls) > 20
    shown = http.get(f"{pages.address}/docs").text
    assert all(path in shown for path in document["paths"])
    for call in calls:
        assert call["summary"]
        assert call["tags"]
        assert all(each.get("description") for each in call.get("parameters", ()) if each["in"] == "query")


def test_whoever_asks_whether_the_server_lives_need_not_read_the_answer(pages: AppServer) -> None:
    for path in ("/health", "/health/ready"):
        answer = http.head(f"{pages.address}{path}")
        assert (answer.status_code, answer.content) == (200, b"")
