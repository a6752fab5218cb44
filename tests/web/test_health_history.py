"""A person's own record in a browser: looked at, narrowed, read in full, shared, taken along, and closed again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, expect

from fhirstore.auth.sign_in import user_link
from fhirstore.clock import now
from fhirstore.demo.making import make_demo
from fhirstore.store.accounts import User
from tests.clients import ApplicationClient, UserClient, http
from tests.server import AppServer
from tests.web.browser import Visitor, fetch, sign_in, visit

NewVisitor = Callable[[], Awaitable[Visitor]]

PAGES = (
    "/health-history",
    "/health-history?kind=labs",
    "/health-history/entries/Patient/hospital-patient",
    "/health-history/entries/DocumentReference/hospital-letter/documents/0",
    "/health-history/measurements",
    "/health-history/measurements/of?code=4548-4",
    "/health-history/about",
    "/health-history/sharing",
    "/health-history/access",
    "/health-history/download",
    "/health-history/download/bundle.json",
    "/health-history/download/record.ndjson",
    "/health-history/print",
)


@pytest.fixture(scope="module")
def demo(pages: AppServer) -> User:
    """The user with the made-up record."""
    return pages.call(make_demo(pages.store, now))


@pytest.fixture
async def reader(visitor: Visitor, pages: AppServer, demo: User) -> Visitor:
    await enter(visitor, pages, demo)
    return visitor


async def enter(visitor: Visitor, pages: AppServer, user: User, next: str = "/health-history") -> None:
    secret = pages.call(user_link(pages.store.sessions, user, next, now()))
    await visitor.open(f"/sign-in/{secret}")
    await visitor.press("Continue")


async def test_a_person_looks_at_their_record_narrows_it_reads_an_entry_and_leaves(reader: Visitor) -> None:
    page = reader.page
    assert reader.path == "/health-history"
    await expect(page.get_by_role("heading", level=1)).to_have_text("Marta Elena Álvarez Koch")
    assert await page.locator("h2").all_inner_texts() == [
        "Latest measurements",
        "Allergies 2",
        "Current medications 3",
        "Problems 3",
        "Timeline",
    ]
    assert await page.locator(".timeline > li > ul > li").count() == 30
    await reader.shoot("health-history")
    await reader.check_accessibility()
    await reader.check_accessibility("dark")
    await reader.shoot_dark("health-history")

    await page.get_by_label("Kind").select_option("Lab results")
    await page.get_by_label("Source").select_option("St. Brigid Hospital")
    await reader.press("Show")
    said = await page.locator(".timeline .whence").all_inner_texts()
    assert len(said) == 4
    assert all("St. Brigid Hospital" in each and each.startswith(("Lab result", "Report")) for each in said)

    await reader.press("Fasting blood glucose")
    await expect(page.locator("main .figure").first).to_have_text("148 mg/dL")
    assert "Usual: 70 to 99 mg/dL" in await reader.text()
    await expect(page.get_by_role("img", name="Fasting blood glucose")).to_be_visible()
    await reader.shoot("health-history-entry")
    await reader.check_accessibility()
    await reader.press("All values of Fasting blood glucose")
    await page.get_by_text("values in a table").click()
    rows = page.locator("table tbody tr")
    assert await rows.count() == len(await page.locator("svg .point").all()) == 13
    await reader.shoot("health-history-measure")
    await reader.check_accessibility("dark")

    await reader.press("Sign out")
    assert "You are signed out" in await reader.text()
    assert await reader.open("/health-history") == 401


async def test_every_entry_is_on_exactly_one_page_newest_first(reader: Visitor) -> None:
    seen: list[str] = []
    await reader.open("/health-history?kind=visits")
    for _ in range(3):
        seen += [await each.get_attribute("datetime") or "" for each in await reader.page.locator(".day time").all()]
        older = reader.page.get_by_role("link", name="Older entries")
        if not await older.count():
            break
        await older.click()
    assert len(seen) == len(set(seen)) == 26
    assert seen == sorted(seen, reverse=True)


async def test_the_other_pages_are_whole_and_accessible(reader: Visitor) -> None:
    for name, path, word in (
        ("measurements", "/health-history/measurements", "LDL cholesterol"),
        ("about", "/health-history/about", "Birth place"),
        ("sharing", "/health-history/sharing", "Your number is"),
        ("download", "/health-history/download", "Download as JSON"),
        ("patient", "/health-history/entries/Patient/hospital-patient", "Version 2"),
    ):
        assert await reader.open(path) == 200
        assert word in await reader.text()
        await reader.shoot(f"health-history-{name}")
        await reader.check_accessibility()


async def test_sources_that_disagree_are_told_with_each_ones_value(reader: Visitor) -> None:
    await reader.open("/health-history/about")
    rows = await reader.page.locator("tr.differs").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["Birth place differs", "Phone and e-mail differs"]
    assert all(word in rows[0] for word in ("Vitoria", "Bilbao", "not said"))
    assert await reader.page.locator("thead th").count() == 4


async def test_what_several_sources_state_is_shown_beside_each_other(reader: Visitor) -> None:
    await reader.open("/health-history/entries/Condition/hospital-diabetes")
    await reader.press("What other sources say of the same")
    assert "2 entries of your record state the same" in await reader.text()
    assert await reader.page.locator("thead th").all_inner_texts() == [
        "What",
        "St. Brigid Hospital",
        "Riverside Family Practice",
    ]
    await reader.check_accessibility()
    await reader.open("/health-history/entries/Observation/practice-visit-4-ldl/same")
    assert "No other source says the same." in await reader.text()
    await reader.open("/health-history/entries/Immunization/practice-tetanus-4/same")
    assert "No other source says the same." in await reader.text()


async def test_versions_tell_who_changed_what(reader: Visitor) -> None:
    await reader.open("/health-history/entries/Patient/hospital-patient")
    newest = reader.page.locator(".versions > li").first
    assert "Demonstration" in await newest.inner_text()
    assert await newest.locator("del").inner_text() == "+34 600 555 009 (mobile)"
    assert await newest.locator("ins").inner_text() == "+34 600 555 014 (mobile)"


async def test_what_is_shared_is_listed_and_can_be_stopped(
    visitor: Visitor, application: ApplicationClient, user: UserClient, stranger: UserClient
) -> None:
    mine = user.create({"resourceType": "Patient", "name": [{"text": "Ada Hill"}]})
    await sign_in(visitor, application, user, "/health-history/sharing")
    assert "You share your record with nobody." in await visitor.text()
    assert stranger.get(f"Patient/{mine['id']}").status_code == 404
    await visitor.fill("Their number", str(stranger.id))
    await visitor.press("Share")
    assert f"Number {stranger.id} may read it from now on." in await visitor.text()
    assert stranger.get(f"Patient/{mine['id']}").json()["name"] == [{"text": "Ada Hill"}]
    await visitor.check_accessibility()
    await visitor.shoot("health-history-shared")
    await visitor.press("Stop sharing")
    assert "You share your record with nobody." in await visitor.text()
    assert stranger.get(f"Patient/{mine['id']}").status_code == 404
    for name in ("access", "print"):
        await visitor.open(f"/health-history/{name}")
        await visitor.shoot(f"health-history-{name}")
        await visitor.check_accessibility()
    await visitor.open("/health-history/sharing")
    await visitor.fill("Their number", "999999999")
    await visitor.press("Share")
    assert "There is no other user with this number." in await visitor.text()


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_refused_everywhere(pages: AppServer, demo: User, path: str) -> None:
    answer = http.get(pages.address + path)
    assert answer.status_code == 401
    assert "lvarez" not in answer.text


async def test_another_users_entries_are_not_there(
    visitor: Visitor, application: ApplicationClient, user: UserClient, demo: User
) -> None:
    await sign_in(visitor, application, user)
    for path in ("entries/Patient/hospital-patient", "entries/DocumentReference/hospital-letter/documents/0"):
        assert await visitor.open(f"/health-history/{path}") == 404
    await visitor.open("/health-history/measurements/of?code=4548-4")
    assert "There are no such measurements." in await visitor.text()


async def test_what_a_resource_only_points_at_is_called_by_its_name(
    visitor: Visitor, application: ApplicationClient, user: UserClient
) -> None:
    medication = user.create({"resourceType": "Medication", "code": {"text": "Aspirin 100 mg"}})
    reference = {"reference": f"Medication/{medication['id']}"}
    user.create({"resourceType": "MedicationOrder", "status": "active", "medicationReference": reference})
    await sign_in(visitor, application, user)
    await expect(visitor.page.get_by_role("region", name="Current medications 1")).to_contain_text("Aspirin 100 mg")
    assert "tests" in await visitor.page.locator(".timeline .whence").first.inner_text(), (
        "the source is the application"
    )
    person = user.create({"resourceType": "Patient", "name": [{"text": "Ada Hill"}]})
    visit = user.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "patient": {"reference": f"Patient/{person['id']}"},
            "participant": [{"individual": {"reference": "Practitioner/gone"}}],
        }
    )
    await visitor.open(f"/health-history/entries/Encounter/{visit['id']}")
    assert await visitor.page.locator("dd a").all_inner_texts() == ["Ada Hill", "Practitioner"]


async def test_a_record_without_anything_says_so(
    visitor: Visitor, application: ApplicationClient, user: UserClient
) -> None:
    await sign_in(visitor, application, user)
    assert "There is nothing in your record yet." in await visitor.text()
    await visitor.shoot("health-history-empty")
    await visitor.check_accessibility()
    for path in ("measurements", "about", "sharing", "print", "access?after=", "?kind=labs&from=2020-01-01"):
        assert await visitor.open(f"/health-history/{path}" if path[0] != "?" else f"/health-history{path}") == 200


async def test_the_whole_record_is_taken_along_as_it_is_stored(reader: Visitor) -> None:
    answer = await fetch(reader, "/health-history/download/bundle.json")
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    addresses = {f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in bundle["entry"]}
    assert len(addresses) == len(bundle["entry"]) > 500
    assert '"value":13.4' in answer.text
    assert "attachment" in answer.headers["content-disposition"]
    lines = (await fetch(reader, "/health-history/download/record.ndjson")).text.splitlines()
    assert [json.loads(line) for line in lines] == [each["resource"] for each in bundle["entry"]]


async def test_a_document_is_handed_out_as_it_is_and_without_our_origin(reader: Visitor) -> None:
    await reader.open("/health-history/entries/DocumentReference/hospital-letter")
    address = await reader.page.get_by_role("link", name="Download Letter of discharge").get_attribute("href")
    answer = await fetch(reader, str(address))
    assert answer.content.startswith(b"%PDF-1.4")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Letter%20of%20discharge.pdf"
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await fetch(reader, f"{address}9")).status_code == 404


async def test_everything_works_without_script_and_with_the_keyboard(
    browser: Browser, pages: AppServer, demo: User
) -> None:
    context, visitor = await visit(browser, pages.address, java_script_enabled=False)
    await enter(visitor, pages, demo)
    await visitor.page.get_by_label("Kind").select_option("Allergies")
    await visitor.press("Show")
    assert "Penicillin" in await visitor.text()
    await visitor.open("/health-history")
    await visitor.page.keyboard.press("Tab")
    assert await visitor.page.locator(":focus").inner_text() == "Skip to the content"
    await visitor.page.keyboard.press("Enter")
    await visitor.page.keyboard.press("Tab")
    assert await visitor.page.locator(":focus").inner_text() == "What 3 sources say about you"
    await context.close()
