"""What the console tells of an application's use, and of what was done through it."""

from __future__ import annotations

from fhirstore.clock import now
from fhirstore.store.consents import Consent
from fhirstore.store.usage import HOUR, Counted
from fhirstore.web.console.bars import HEIGHT, WIDTH, draw
from tests.builders import observation
from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer
from tests.web.console import AtConsole

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


async def test_use_is_counted_by_the_hour_and_against_the_limit(developer: AtConsole, pages: AppServer) -> None:
    visitor = developer.visitor
    limited = new_application(pages, "Limited", developer=developer.email, calls_per_hour=3)
    path = f"/console/applications/{limited.client_id}/usage"
    await visitor.open(path)
    assert "Nothing in this time" in await visitor.text()
    await visitor.shoot("console-usage-empty")
    user = limited.register("a")
    assert user.get("Patient/nothing").status_code == 404
    assert user.get("Patient").status_code == 200
    assert limited.manage("POST", "user", app_user_id=user.app_user_id).status_code == 400
    assert [limited.manage("GET", "user").status_code for _ in range(3)] == [200, 429, 429]
    await visitor.open(path)
    shown = await visitor.text()
    assert "3 of 3 management calls are used" in shown
    for counted in ("Answered 2", "Failed 1", "Too many (429) 2", "Answered 1", "Failed 1"):
        assert counted in shown

    # A week of a busy application, for the eye.
    hour = now() // HOUR
    counts = {Counted(limited.client_id, hour - ago, "management"): (ago * 37) % 260 for ago in range(1, 150)}
    counts |= {Counted(limited.client_id, hour - ago, "fhir"): (ago * 91) % 4000 for ago in range(1, 150)}
    counts |= {Counted(limited.client_id, hour - ago, "fhir-failed"): ago * 3 for ago in range(1, 150, 5)}
    counts |= {Counted(limited.client_id, hour - ago, "throttled"): 40 for ago in range(3, 150, 24)}
    pages.call(pages.store.usage.add({key: count for key, count in counts.items() if count}))
    await visitor.open(path)
    await visitor.shoot("console-usage")
    await visitor.check_accessibility()
    await visitor.check_accessibility("dark")
    await visitor.press("7 days")
    await visitor.shoot("console-usage-week")


async def test_the_trail_is_told_newest_first_and_filtered(developer: AtConsole) -> None:
    visitor, application = developer.visitor, developer.application
    path = f"{developer.own}/audit"
    await visitor.open(path)
    assert "Nothing was done" in await visitor.text()
    first, second = application.register("a"), application.register("b")
    created = first.create(observation())
    assert first.get("Observation").status_code == 200
    assert second.get(f"Observation/{created['id']}").status_code == 404
    for _ in range(50):
        second.get("Patient")
    await visitor.open(path)
    rows = visitor.page.locator("tbody tr")
    assert await rows.count() == 50
    assert "search-type" in await rows.first.inner_text()
    await visitor.shoot("console-audit")
    await visitor.press("Older")
    assert "user-create" in await visitor.text()
    assert await rows.count() >= 3
    assert "create" in await visitor.text()

    await visitor.fill("User", str(second.id))
    await visitor.page.get_by_label("Outcome").select_option("failure")
    await visitor.press("Filter")
    assert await rows.count() == 1
    assert "404" in await rows.inner_text()
    assert created["id"] in await rows.inner_text()
    await visitor.check_accessibility()
    await visitor.fill("To", "2020-01-01")
    await visitor.press("Filter")
    assert "Nothing fits" in await visitor.text()
    assert await visitor.open(f"{path}?user=1%20OR%201") == 400
    assert await visitor.open(f"{path}?since=yesterday") == 400


async def test_the_trail_tells_nothing_of_other_applications(
    developer: AtConsole, application: ApplicationClient, user: UserClient
) -> None:
    user.create(observation())
    await developer.visitor.open(f"{developer.own}/audit")
    assert "Nothing was done" in await developer.visitor.text()


async def test_applications_that_a_user_allowed_in_are_listed(developer: AtConsole, pages: AppServer) -> None:
    user, other = developer.application.user(), new_application(pages, "A cardiologist's app")
    scope = "patient/*.read launch/patient"
    consent = Consent(user=user.id, client_id=other.client_id, patient=None, scope=scope, since=now())
    pages.call(pages.store.consents.allow(consent))
    await developer.visitor.open(f"{developer.own}/users/{user.id}")
    shown = await developer.visitor.text()
    assert "A cardiologist's app" in shown
    assert "patient/*.read launch/patient" in shown
    await developer.visitor.shoot("console-user-allowed")


async def test_script_in_any_name_is_shown_and_never_runs(developer: AtConsole) -> None:
    """The fixture of the window fails the test where a dialog opened or the browser complained."""
    visitor, application = developer.visitor, developer.application
    user = application.user(SCRIPT)
    await visitor.open(developer.own)
    await visitor.fill("Name", SCRIPT)
    await visitor.fill("Redirect URLs", 'org.example.app:/"></textarea><script>alert(3)</script>')
    await visitor.press("Save")
    assert "The settings are saved" in await visitor.text()
    assert SCRIPT in await visitor.text()
    assert await visitor.page.title() == f"{SCRIPT} · fhirstore"
    for path, told in (
        ("", SCRIPT),
        (f"?search={SCRIPT}", SCRIPT),
        ("/users", SCRIPT),
        (f"/users?search={SCRIPT[:9]}", SCRIPT),
        (f"/users?search={SCRIPT}x", SCRIPT),
        (f"/users/{user.id}", SCRIPT),
        (f"/audit?action={SCRIPT}", SCRIPT),
        ("/usage", SCRIPT),
    ):
        await visitor.open(developer.own + path)
        assert told in await visitor.text(), path
        assert await visitor.page.locator("script:not([src])").count() == 0
    await visitor.open("/console")
    assert SCRIPT in await visitor.text()
    await visitor.open(f"{developer.own}/try")
    await visitor.fill("app_user_id", SCRIPT)
    await visitor.fill("Observation", SCRIPT)
    await visitor.fill("Client secret", application.client_secret)
    for step in ("Get a new code for a user you have", "Post an Observation"):
        await visitor.press(f"Run: {step}")
    assert "alert(1)" in await visitor.text()


async def test_a_redirect_url_that_is_script_is_refused(developer: AtConsole) -> None:
    await developer.visitor.open(developer.own)
    await developer.visitor.fill("Redirect URLs", "javascript:alert(1)")
    await developer.visitor.press("Save")
    assert "must be absolute" in await developer.visitor.text()


def test_bars_stand_on_each_other_within_their_box() -> None:
    bars = draw([{"fhir": 3, "fhir-failed": 1}, {"fhir": 0, "fhir-failed": 0}, {"fhir": 8, "fhir-failed": 0}], {1: "x"})
    assert [part.name for part in bars.parts] == ["fhir", "fhir-failed", "fhir"]
    below, above, tall = bars.parts
    assert above.y + above.height == below.y
    assert below.y + below.height == bars.bottom
    assert tall.height == max(part.height for part in bars.parts)
    assert all(part.y >= 0 and part.y + part.height <= HEIGHT and part.x + part.width <= WIDTH for part in bars.parts)
    assert [rule.text for rule in bars.rules] == ["0", "2", "4", "6", "8"]


def test_a_limit_far_above_does_not_press_the_bars_flat() -> None:
    assert draw([{"management": 10}], {}, limit=1_000_000).limit is None
    near = draw([{"management": 10}], {}, limit=20)
    assert near.limit is not None
    assert near.limit < near.parts[0].y
    assert draw([], {}).parts == []
