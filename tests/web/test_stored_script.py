"""Nothing that is stored in a record runs in the browser of whoever looks at it, wherever it stands."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.clients import ApplicationClient, UserClient
from tests.web.browser import Visitor, fetch, sign_in

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>"
HTML = b"<html><body><script>alert(document.domain)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(4)</script></svg>'
DIV = (
    '<div xmlns="http://www.w3.org/1999/xhtml"><p class="site" style="position:fixed" id="content">Hello '
    '<a href="https://evil.example/">there</a><img src="https://evil.example/x.png" alt="x"/> &lt;script&gt;</p></div>'
)


def resources() -> list[dict[str, Any]]:
    source = {"system": "urn:fhirstore:source", "code": "https://evil.example/%3Cscript%3E", "display": SCRIPT}
    meta = {"tag": [source]}
    return [
        {
            "resourceType": "Patient",
            "meta": meta,
            "name": [{"text": SCRIPT}],
            "telecom": [{"system": "phone", "value": SCRIPT}],
        },
        {"resourceType": "Patient", "name": [{"text": "Nobody Else"}]},
        measurement("2020-01-01", meta),
        measurement("2020-01-02", meta),
        {"resourceType": "AllergyIntolerance", "patient": {"display": SCRIPT}, "substance": {"text": SCRIPT}},
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"text": SCRIPT},
            "indexed": "2020-01-01T00:00:00Z",
            "description": SCRIPT,
            "content": [
                {"attachment": {"contentType": "text/html", "data": b64encode(HTML).decode(), "title": SCRIPT}},
                {"attachment": {"contentType": "image/svg+xml", "data": b64encode(SVG).decode()}},
                {"attachment": {"contentType": "application/xhtml+xml", "data": b64encode(HTML).decode()}},
                {"attachment": {"contentType": "text/plain", "data": b64encode(HTML).decode()}},
                {"attachment": {"contentType": "text/html", "url": "javascript:alert(5)", "title": "elsewhere"}},
            ],
        },
    ]


def measurement(day: str, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "meta": meta,
        "status": "final",
        "code": {"text": SCRIPT, "coding": [{"system": "http://loinc.org", "code": "8867-4", "display": SCRIPT}]},
        "valueQuantity": {"value": 60, "unit": SCRIPT},
        "effectiveDateTime": day,
        "comments": SCRIPT,
        "interpretation": {"text": SCRIPT},
        "referenceRange": [{"text": SCRIPT}],
        "text": {"status": "generated", "div": DIV},
    }


async def test_stored_script_is_shown_and_never_runs(
    visitor: Visitor, application: ApplicationClient, user: UserClient
) -> None:
    """The fixture fails the test where a dialog opened, the console told of an error or anything was asked for."""
    made = [user.create(each) for each in resources()]
    user.put(f"Patient/{made[0]['id']}", {**made[0], "name": [{"text": SCRIPT + "2"}]})
    await sign_in(visitor, application, user)
    assert SCRIPT in await visitor.text()
    await visitor.shoot("health-history-hostile")
    entries = [f"entries/{each['resourceType']}/{each['id']}" for each in made]
    for path in (
        "measurements",
        "measurements/of?code=8867-4",
        "about",
        "sharing",
        "access",
        "print",
        *entries,
    ):
        assert await visitor.open(f"/health-history/{path}") == 200, path
    await visitor.open(f"/health-history/{entries[2]}")
    narrative = visitor.page.locator(".narrative")
    assert (await narrative.inner_text()).split() == ["Hello", "there", "<script>"]
    assert "style" not in await narrative.inner_html()
    assert "evil" not in await narrative.inner_html()


async def test_documents_that_could_run_are_files_to_be_saved(
    visitor: Visitor, application: ApplicationClient, user: UserClient
) -> None:
    document = user.create(resources()[-1])
    await sign_in(visitor, application, user)
    base = f"/health-history/entries/DocumentReference/{document['id']}/documents"
    answers = [await fetch(visitor, f"{base}/{number}") for number in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404]
    for answer in answers[:3]:
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment;")
    assert answers[3].headers["content-type"] == "text/plain; charset=utf-8"
    assert all(answer.headers["content-security-policy"].startswith("sandbox;") for answer in answers[:4])
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)


async def test_names_of_any_length_and_direction_fit_the_page(
    visitor: Visitor, application: ApplicationClient, user: UserClient
) -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff" * 6
    user.create({"resourceType": "Patient", "name": [{"text": long}]})
    for name in (long, "حساسية من الفول السوداني (شديدة)", "a" + "b" * 300):
        user.create(
            {
                "resourceType": "Condition", "patient": {"display": name}, "code": {"text": name},
                "verificationStatus": "confirmed", "onsetDateTime": "2019",
            }
        )  # fmt: skip
    await sign_in(visitor, application, user)
    await visitor.shoot("health-history-long")
    await visitor.check_accessibility()
