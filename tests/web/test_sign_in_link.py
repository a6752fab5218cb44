"""The link that lets a user in: for one press of its button, for five minutes, and for nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.clients import ApplicationClient, UserClient, http
from tests.web.browser import Visitor, sign_in_link

NewVisitor = Callable[[], Awaitable[Visitor]]


async def test_looking_at_a_link_does_not_spend_it_and_its_button_does(
    new_visitor: NewVisitor, application: ApplicationClient, user: UserClient
) -> None:
    link = sign_in_link(application, user, "/sign-in/nowhere")
    scanner, person, late = await new_visitor(), await new_visitor(), await new_visitor()
    assert await scanner.open(link) == 200
    assert await person.open(link) == 200
    assert await late.open(link) == 200
    await person.shoot("sign-in-link")
    await person.check_accessibility()
    await person.check_accessibility("dark")
    await person.press("Continue")
    assert person.path == "/sign-in/nowhere"
    await late.press("Continue")
    assert "used before" in await late.text()
    assert await scanner.open(link) == 410
    names = [{cookie["name"] for cookie in await each.page.context.cookies()} for each in (person, late, scanner)]
    assert ["fhirstore-user" in each for each in names] == [True, False, False]


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example", "/\\evil.example", "health-history", "/a b", "/\n/evil.example"]
)
def test_a_link_leads_to_this_server_alone(application: ApplicationClient, user: UserClient, next: str) -> None:
    answer = application.manage("POST", "user/sign-in-link", oneup_user_id=user.id, next=next)
    assert answer.status_code == 400


def test_a_link_is_given_to_the_users_own_application_alone(
    application: ApplicationClient, user: UserClient, pages: object
) -> None:
    answer = http.post(
        f"{application.address}/user-management/v1/user/sign-in-link",
        data={"client_id": application.client_id, "client_secret": "wrong", "oneup_user_id": str(user.id)},
    )
    assert answer.status_code == 401
    assert application.manage("POST", "user/sign-in-link", oneup_user_id=user.id + 1000).json()["success"] is False


def test_a_user_who_is_switched_off_gets_no_link(application: ApplicationClient, user: UserClient) -> None:
    assert application.manage("PUT", "user", oneup_user_id=user.id, active="false").status_code == 200
    answer = application.manage("POST", "user/sign-in-link", oneup_user_id=user.id)
    assert answer.json() == {"success": False, "error": "this user is not active"}


def test_a_link_that_was_made_up_is_refused(application: ApplicationClient) -> None:
    answer = http.get(f"{application.address}/sign-in/{'a' * 43}")
    assert answer.status_code == 410
    assert "script-src 'self'" in answer.headers["content-security-policy"]
