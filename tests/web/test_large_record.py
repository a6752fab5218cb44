"""The summary of a record that has more than it looks at: told by what came last, and it says so."""

from __future__ import annotations

from tests.clients import ApplicationClient, UserClient
from tests.web.plain import PlainBrowser

PARTIAL = "There is more in the record than fits in here"


def test_a_summary_says_whether_it_looked_at_all_and_never_leaves_out_what_came_last(
    application: ApplicationClient, anonymous: PlainBrowser
) -> None:
    user = application.user()
    anonymous.sign_in(user=user.id)
    record_problems(user, 0, 99)
    for page in ("/health-history", "/health-history/print"):
        assert PARTIAL not in anonymous.get(page).text
    record_problems(user, 99, 104)
    for page in ("/health-history", "/health-history/print"):
        assert PARTIAL in anonymous.get(page).text
    summary = anonymous.get("/health-history/print").text.partition("<h2>Timeline</h2>")[0]
    assert all(f"Problem {number}<" in summary for number in range(99, 104))


def record_problems(user: UserClient, first: int, last: int) -> None:
    entries = [
        {
            "resource": {
                "resourceType": "Condition",
                "patient": {"display": "A"},
                "code": {"text": f"Problem {number}"},
                "verificationStatus": "confirmed",
            },
            "request": {"method": "POST", "url": "Condition"},
        }
        for number in range(first, last)
    ]
    answer = user.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text
