"""The users of an application at the console: found, switched, let in; told by how much they have, never by what."""

from __future__ import annotations

from tests.builders import observation
from tests.web.browser import Visitor
from tests.web.console import AtConsole, NewVisitor


async def test_users_are_found_page_by_page_and_by_how_they_begin(developer: AtConsole) -> None:
    visitor, application = developer.visitor, developer.application
    await visitor.open(f"{developer.own}/users")
    assert "No users yet" in await visitor.text()
    await visitor.shoot("console-users-empty")
    for number in range(52):
        assert application.manage("POST", "user", app_user_id=f"person-{number:03}").json()["success"]
    long = application.user("x" * 256)
    await visitor.open(f"{developer.own}/users")
    assert "1–50 of 53" in await visitor.text()
    await visitor.press("Next")
    assert "51–53 of 53" in await visitor.text()
    await visitor.shoot("console-users")
    await visitor.check_accessibility()

    await visitor.fill("Find a user", "person-04")
    await visitor.press("Search")
    assert "1–10 of 10" in await visitor.text()
    await visitor.fill("Find a user", str(long.id))
    await visitor.press("Search")
    assert "1–1 of 1" in await visitor.text()
    await visitor.fill("Find a user", "person-04_")
    await visitor.press("Search")
    assert "No user" in await visitor.text()


async def test_a_user_is_shown_by_counts_switched_off_and_let_in_by_a_link(
    developer: AtConsole, new_visitor: NewVisitor
) -> None:
    visitor, user = developer.visitor, developer.application.user("somebody")
    user.create(observation())
    user.create(observation())
    user.create({"resourceType": "Patient", "name": [{"family": ["Secretname"]}]})
    await visitor.open(f"{developer.own}/users/{user.id}")
    shown = await visitor.text()
    assert "Observation\t2" in shown
    assert "Patient\t1" in shown
    assert "Secretname" not in await visitor.page.content()

    await visitor.press("Make a sign-in link")
    link = await visitor.page.locator("[data-copy='the link']").inner_text()
    await visitor.shoot("console-user")
    await visitor.check_accessibility()
    person = await new_visitor()
    await person.open(link)
    await person.press("Continue")
    assert person.path == "/health-history"
    assert await person.open("/health-history") == 200

    await visitor.press("Switch off")
    assert "signed out everywhere" in await visitor.text()
    assert user.get("Patient").status_code == 401, "a token is refused at once"
    assert await person.open("/health-history") == 401
    await visitor.press("Switch on")
    assert user.get("Patient").status_code == 200
    assert await person.open("/health-history") == 401, "the session was ended, not paused"


async def test_settings_are_saved_and_faults_are_told_beside_what_was_entered(developer: AtConsole) -> None:
    visitor = developer.visitor
    await visitor.open(developer.own)
    await visitor.shoot("console-application")
    await visitor.check_accessibility()
    await visitor.fill("Name", "Renamed")
    await visitor.fill("Redirect URLs", "https://app.example/back\nhttp://plain.example/back")
    await visitor.press("Save")
    assert "must be absolute" in await visitor.text()
    entered = visitor.page.get_by_label("Redirect URLs")
    assert await entered.input_value() == "https://app.example/back\nhttp://plain.example/back"
    await entered.fill("https://app.example/back\norg.example.app:/back")
    await visitor.fill("Launch URL", "https://app.example/launch")
    await visitor.page.get_by_label("Validation").select_option("structure")
    await visitor.page.get_by_label("It also runs where no secret can be kept").check()
    await visitor.press("Save")
    assert "The settings are saved" in await visitor.text()
    assert "The settings are saved" not in await _again(visitor), "it is told once"
    assert await visitor.page.get_by_label("Name", exact=True).input_value() == "Renamed"
    assert await entered.input_value() == "https://app.example/back\norg.example.app:/back"
    assert await visitor.page.get_by_label("Launch URL").input_value() == "https://app.example/launch"


async def test_a_secret_is_rotated_and_both_work_until_the_first_is_ended(developer: AtConsole) -> None:
    visitor, application = developer.visitor, developer.application
    await visitor.open(developer.own)
    await visitor.press("New secret")
    new = await visitor.page.locator("[data-copy]").inner_text()
    await visitor.shoot("console-rotated")
    assert application.manage("GET", "user").status_code == 200
    assert application.manage("GET", "user", client_secret=new).status_code == 200
    await visitor.press("Done")
    assert "the one before works too" in await visitor.text()
    await visitor.press("End the previous secret")
    assert application.manage("GET", "user").status_code == 401
    assert application.manage("GET", "user", client_secret=new).status_code == 200
    assert new not in await visitor.page.content(), "it was shown once"


async def _again(visitor: Visitor) -> str:
    await visitor.page.reload()
    return await visitor.text()
