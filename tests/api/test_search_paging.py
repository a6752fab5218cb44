"""Walking through what is found: links that tell the truth, page tokens, `_skip`, and others writing meanwhile.

http://hl7.org/fhir/DSTU2/search.html#count
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from urllib.parse import parse_qsl, urlsplit

import pytest

from fhirstore.search.query import PAGE
from tests.api.searching import by_form, follow, found, ids, issue, keep, links, name, observation, pages, search
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer, running

LETTERS = "abcdefghijklm"


@pytest.fixture
def thirteen(user: UserClient) -> UserClient:
    keep(user, *(name(letter * 3, id=letter) for letter in LETTERS))
    return user


def query_of(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def relations(bundle: dict[str, list[dict[str, str]]]) -> list[str]:
    return [link["relation"] for link in bundle["link"]]


def test_next_leads_through_all_pages_once_and_previous_back(thirteen: UserClient) -> None:
    walked = pages(thirteen, "Patient?_sort=-family&_count=5")
    assert ["".join(ids(page)) for page in walked] == ["mlkji", "hgfed", "cba"]
    assert [relations(page) for page in walked] == [
        ["self", "next"],
        ["self", "next", "first", "previous"],
        ["self", "first", "previous"],
    ]
    back = follow(thirteen, links(walked[2])["previous"])
    assert ids(back) == ids(walked[1])
    assert ids(follow(thirteen, links(back)["previous"])) == ids(walked[0])
    assert ids(follow(thirteen, links(walked[2])["first"])) == ids(walked[0])
    assert {page["total"] for page in [*walked, back]} == {13}


def test_the_self_link_asks_for_what_was_answered(thirteen: UserClient) -> None:
    for page in pages(thirteen, "Patient?family=a,b,c,d,e,f,g&_count=3&_sort=-_id"):
        assert ids(follow(thirteen, links(page)["self"])) == ids(page)
    bundle = search(thirteen, "Patient?_count=3&_format=json&access_token=x&family=a%2Cb&given:missing=true")
    assert links(bundle)["self"] == f"{thirteen.base}/Patient?_count=3&family=a,b&given:missing=true"


def test_criteria_in_links_mean_what_they_meant(user: UserClient) -> None:
    """Whatever stands in a value: marks of the URL, of the query language, and of no alphabet at all."""
    odd = ["a&b=c", "50%", "x+y", "ä ö", "#1", "p?q", "c,d", "e|f", "日本"]
    keep(user, *(name(f"{text} {number}", id=f"o{number}{n}") for n, text in enumerate(odd) for number in range(3)))
    for text in odd:
        value = text.replace(",", "\\,").replace("|", "\\|")
        answer = by_form(user, "Patient/_search", [("family", value), ("_count", "2")])
        bundle = answer.json()
        assert (bundle["total"], len(bundle["entry"])) == (3, 2), text
        assert dict(query_of(links(bundle)["self"]))["family"] == value
        rest = follow(user, links(bundle)["next"])
        assert (rest["total"], len(rest["entry"])) == (3, 1), text


class TestSkip:
    def test_skip_counts_from_the_start_and_stands_last(self, thirteen: UserClient) -> None:
        bundle = search(thirteen, "Patient?_skip=5&family:missing=false&_count=4")
        assert ids(bundle) == list("fghi")
        assert {relation: query_of(url) for relation, url in links(bundle).items()} == {
            "self": [("family:missing", "false"), ("_count", "4"), ("_skip", "5")],
            "next": [("family:missing", "false"), ("_count", "4"), ("_skip", "9")],
            "first": [("family:missing", "false"), ("_count", "4")],
            "previous": [("family:missing", "false"), ("_count", "4"), ("_skip", "1")],
        }
        assert relations(bundle)[:2] == ["self", "next"]

    def test_pages_of_ten_are_computed_from_the_total_alone(self, thirteen: UserClient) -> None:
        """As clients of 1upHealth do it: all at once, from zero, in steps of ten."""
        both = [search(thirteen, f"Patient?_skip={skip}") for skip in (0, 10)]
        assert [id for page in both for id in ids(page)] == list(LETTERS)
        assert {page["total"] for page in both} == {13}
        assert links(both[0]) == {"self": f"{thirteen.base}/Patient", "next": f"{thirteen.base}/Patient?_skip=10"}
        assert links(both[1])["self"] == f"{thirteen.base}/Patient?_skip=10"

    @pytest.mark.parametrize("skip", [13, 14, 10_000, 999_999_999])
    def test_beyond_the_end_is_an_empty_page(self, thirteen: UserClient, skip: int) -> None:
        bundle = search(thirteen, f"Patient?_skip={skip}")
        assert (bundle["entry"], bundle["total"]) == ([], 13)
        assert "next" not in links(bundle)

    @pytest.mark.parametrize("skip", ["-1", "x", "", "1.0", "9" * 20])
    def test_what_is_no_number_is_refused(self, thirteen: UserClient, skip: str) -> None:
        answer = thirteen.get(f"Patient?_skip={skip}")
        assert (answer.status_code, "_skip" in issue(answer)) == (400, True)


class TestTokens:
    @pytest.fixture
    def token(self, thirteen: UserClient) -> str:
        return dict(query_of(links(search(thirteen, "Patient?_sort=family&_count=5"))["next"]))[PAGE]

    def test_a_token_serves_its_own_user_and_question_only(
        self, thirteen: UserClient, stranger: UserClient, token: str
    ) -> None:
        question = "Patient?_sort=family&_count=5"
        assert ids(search(thirteen, f"{question}&{PAGE}={token}")) == list("fghij")
        keep(stranger, *(name(letter * 3, id=letter) for letter in LETTERS))
        refused = [
            stranger.get(f"{question}&{PAGE}={token}"),
            thirteen.get(f"Patient?_sort=-family&_count=5&{PAGE}={token}"),
            thirteen.get(f"Patient?_sort=family&_count=6&{PAGE}={token}"),
            thirteen.get(f"Patient?_sort=family&_count=5&gender=male&{PAGE}={token}"),
            thirteen.get(f"Patient?{PAGE}={token}"),
            thirteen.get(f"Practitioner?_sort=family&_count=5&{PAGE}={token}"),
            thirteen.get(f"?_sort=_id&_count=5&{PAGE}={token}"),
            thirteen.get(f"Patient/_history?_count=5&{PAGE}={token}"),
        ]
        assert [answer.status_code for answer in refused] == [400] * len(refused)

    def test_a_token_of_another_server_is_refused(
        self, thirteen: UserClient, token: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with running(f"sqlite:///{tmp_path_factory.mktemp('other') / 'store.db'}") as other:
            users = new_application(other)
            twin = next(user for user in iter(users.user, None) if user.id >= min(thirteen.id, 3))
            assert twin.get(f"Patient?_sort=family&_count=5&{PAGE}={token}").status_code == 400

    @pytest.mark.parametrize("change", ["cut", "turned", "longer", "empty", "marks", "other"])
    def test_a_token_that_was_tampered_with_is_refused(self, thirteen: UserClient, token: str, change: str) -> None:
        tampered = {
            "cut": token[:-4],
            "turned": token[:10] + ("A" if token[10] != "A" else "B") + token[11:],
            "longer": token + "AAAA",
            "empty": "%00",
            "marks": "$where%7B%7D",
            "other": "é",
        }[change]
        assert thirteen.get(f"Patient?_sort=family&_count=5&{PAGE}={tampered}").status_code == 400

    def test_a_token_tells_nothing_to_those_who_take_it_apart(self, thirteen: UserClient, token: str) -> None:
        """It is signed, not secret: it holds places of its own user's record, and no key."""
        assert len(token) < 300
        assert thirteen.access_token not in token

    def test_a_token_together_with_skip_is_refused(self, thirteen: UserClient, token: str) -> None:
        assert thirteen.get(f"Patient?_sort=family&_count=5&_skip=2&{PAGE}={token}").status_code == 400


@pytest.mark.parametrize("order", ["_sort=family", "_sort=-family", "_sort=birthdate", "_sort=-_id", "_type=Patient"])
def test_what_is_there_throughout_is_met_once_whatever_others_write(user: UserClient, order: str) -> None:
    """Between pages, neighbours are deleted, come in before and behind, and change places."""
    random = Random(order)
    steady = [name(letter * 3, id=letter, birthDate=f"19{50 + n}-01-01") for n, letter in enumerate(LETTERS)]
    keep(user, *steady, *(name(letter * 3, id=f"{letter}{n}") for letter in LETTERS[::3] for n in (1, 2)))
    base = "" if order.startswith("_type") else "Patient"
    page = search(user, f"{base}?{order}&_count=3")
    met = ids(page)
    while "next" in links(page):
        letter = random.choice(LETTERS)
        user.delete(f"Patient/{random.choice(LETTERS[::3])}{random.choice('12')}")
        keep(
            user,
            name(f"{letter}{random.choice('az')}", id=f"{letter}{random.choice('345')}"),
            {**random.choice(steady), "active": random.random() < 0.5},  # written anew, where it was
        )
        page = follow(user, links(page)["next"])
        met += ids(page)
        assert len(met) < 200
    assert sorted(id for id in met if len(id) == 1) == list(LETTERS)
    if order == "_sort=family":
        assert all(first <= second for first, second in pairwise(id[0] for id in met))


def test_pages_of_a_search_by_update_are_stable_while_nothing_is_written(user: UserClient) -> None:
    """Many of them are of the same millisecond."""
    keep(user, *(observation(f"o{number}") for number in range(9)))
    for order in ("_lastUpdated", "-_lastUpdated"):
        query = f"Observation?_sort={order}"
        assert [id for page in pages(user, f"{query}&_count=2") for id in ids(page)] == found(user, query)


def test_a_search_by_form_pages_by_address(thirteen: UserClient) -> None:
    answer = by_form(thirteen, "Patient/_search?_count=5", [("family", "a,b,c,d,e,f"), ("_sort", "-family")])
    bundle = answer.json()
    assert (ids(bundle), bundle["total"]) == (list("fedcb"), 6)
    assert links(bundle)["self"] == f"{thirteen.base}/Patient?_count=5&family=a,b,c,d,e,f&_sort=-family"
    assert ids(follow(thirteen, links(bundle)["next"])) == ["a"]


def test_a_link_is_of_no_use_without_a_token_of_access(thirteen: UserClient) -> None:
    bundle = search(thirteen, "Patient?_count=5")
    assert http.get(links(bundle)["next"]).status_code == 401
    assert "access_token" not in links(bundle)["next"]


def test_two_users_with_the_same_record_page_apart(application: ApplicationClient, server: AppServer) -> None:
    users = [application.user() for _ in range(2)]
    for number, each in enumerate(users):
        keep(each, *(name(letter * 3, id=letter) for letter in LETTERS[number :: 1 + number]))
    assert [len(found(each, "Patient")) for each in users] == [13, 6]
    walked = [[id for page in pages(each, "Patient?_count=4") for id in ids(page)] for each in users]
    assert walked == [list(LETTERS), list(LETTERS[1::2])]
