"""Conditional reads and version-aware writes: http://hl7.org/fhir/DSTU2/http.html#concurrency, RFC 9110 §13."""

from __future__ import annotations

import pytest

from tests.builders import patient
from tests.clients import UserClient

LONG_AGO, FAR_AHEAD = "Sat, 07 Feb 2015 13:28:17 GMT", "Fri, 07 Feb 2200 13:28:17 GMT"


@pytest.fixture
def second(user: UserClient) -> str:
    """The place of a patient that is in its second version."""
    id = user.create(patient("One"))["id"]
    assert user.put(f"Patient/{id}", patient("Two", id=id)).status_code == 200
    return f"Patient/{id}"


WRITES = [
    # the state of the resource, header, what update answers, what delete answers
    ("present", {"if_match": 'W/"2"'}, 200, 204),
    ("present", {"if_match": '"2"'}, 200, 204),
    ("present", {"if_match": "2"}, 200, 204),
    ("present", {"if_match": "*"}, 200, 204),
    ("present", {"if_match": 'W/"1", W/"2"'}, 200, 204),
    ("present", {"if_match": 'W/"1"'}, 409, 409),
    ("present", {"if_match": 'W/"3"'}, 409, 409),
    ("present", {"if_match": ""}, 400, 400),
    ("present", {"if_none_match": "*"}, 412, 412),
    ("present", {"if_none_match": 'W/"2"'}, 412, 412),
    ("present", {"if_none_match": 'W/"1"'}, 200, 204),
    ("deleted", {"if_match": 'W/"3"'}, 412, 412),
    ("deleted", {"if_match": "*"}, 412, 412),
    ("deleted", {"if_none_match": "*"}, 201, 204),
    ("absent", {"if_match": 'W/"1"'}, 412, 404),
    ("absent", {"if_none_match": "*"}, 201, 404),
]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(("state", "headers", "updated", "deleted"), WRITES)
def test_a_write_with_a_precondition_is_done_or_changes_nothing(
    user: UserClient, second: str, method: str, state: str, headers: dict[str, str], updated: int, deleted: int
) -> None:
    place = second if state != "absent" else "Patient/absent"
    if state == "deleted":
        user.delete(place)
    before = user.get(f"{place}/_history").content
    body = patient("Three", id=place.partition("/")[2]) if method == "PUT" else None
    answer = user.request(method, place, body, **headers)
    assert answer.status_code == (updated if method == "PUT" else deleted), answer.text
    if answer.status_code >= 400:
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert user.get(f"{place}/_history").content == before


READS = [
    ({"if_none_match": 'W/"2"'}, 304),
    ({"if_none_match": '"2"'}, 304),
    ({"if_none_match": "*"}, 304),
    ({"if_none_match": 'W/"1", W/"2"'}, 304),
    ({"if_none_match": 'W/"1"'}, 200),
    ({"if_modified_since": FAR_AHEAD}, 304),
    ({"if_modified_since": LONG_AGO}, 200),
    ({"if_modified_since": "yesterday"}, 200),
    ({"if_none_match": 'W/"1"', "if_modified_since": FAR_AHEAD}, 200),
    ({"if_none_match": 'W/"2"', "if_modified_since": LONG_AGO}, 304),
]


@pytest.mark.parametrize(("headers", "status"), READS)
def test_a_read_sends_the_body_only_where_the_client_does_not_have_it(
    user: UserClient, second: str, headers: dict[str, str], status: int
) -> None:
    answer = user.get(second, **headers)
    assert answer.status_code == status
    assert answer.headers["etag"] == 'W/"2"'
    assert (answer.content == b"") == (status == 304)


def test_what_was_last_modified_at_the_moment_named_is_not_sent_again(user: UserClient, second: str) -> None:
    modified = user.get(second).headers["last-modified"]
    assert user.get(second, if_modified_since=modified).status_code == 304
