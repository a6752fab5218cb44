"""All official examples through HTTP: stored, read back to the digit, and invisible to a stranger."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhirstore.dstu2.sources import SOURCE_SYSTEM
from tests.builders import smallest
from tests.clients import ApplicationClient, UserClient

# What breaks the specification's own rules may be refused; everything else must be stored.
KNOWN_ISSUES = "tables/examples_known_issues.tsv"


def exact(text: bytes | str) -> Any:
    """JSON with every number as its digits: 1.00 is not 1.0."""
    return json.loads(text, parse_float=Decimal, parse_int=lambda digits: Decimal(digits))


def spelt(document: Any) -> str:
    """For comparing: equal Decimals may have unequal digits, equal texts have not. The order of members counts."""
    return json.dumps(document, default=str, indent=1)


def without_the_servers_own(document: dict[str, Any]) -> dict[str, Any]:
    meta = {k: v for k, v in document.get("meta", {}).items() if k not in {"versionId", "lastUpdated", "tag"}}
    tags = [tag for tag in document.get("meta", {}).get("tag", []) if tag.get("system") != SOURCE_SYSTEM]
    meta |= {"tag": tags} if tags else {}
    rest = {name: value for name, value in document.items() if name not in {"id", "_id", "meta"}}
    return {**rest, "meta": meta}


def faulty_examples(definitions: Path) -> set[str]:
    rows = (definitions / KNOWN_ISSUES).read_text(encoding="utf-8").splitlines()[1:]
    return {row.split("\t")[0] for row in rows}


def test_every_official_example_is_stored_and_read_back_to_the_digit_and_is_not_there_to_a_stranger(
    user: UserClient, stranger: UserClient, definitions: Path
) -> None:
    faulty = faulty_examples(definitions)
    files = sorted((definitions / "examples" / "json").glob("*.json"))
    assert len(files) > 800
    stored: dict[str, bytes] = {}
    for file in files:
        body = file.read_bytes()
        sent = exact(body)
        created = user.post(sent["resourceType"], body)
        if created.status_code == 422 and file.name in faulty:
            continue
        assert created.status_code == 201, (file.name, created.text)
        place = f"{sent['resourceType']}/{created.json()['id']}"
        read = user.get(place)
        assert read.content == created.content, file.name
        assert spelt(without_the_servers_own(exact(read.content))) == spelt(without_the_servers_own(sent)), file.name
        stored[place] = read.content
    for place, content in stored.items():
        for path in (place, f"{place}/_history/1", f"{place}/_history"):
            assert stranger.get(path).status_code == 404, path
        type, _, id = place.partition("/")
        assert stranger.put(place, smallest(type, id=id)).status_code == 404, place
        assert stranger.delete(place).status_code == 404, place
        assert user.get(place).content == content


def test_one_users_whole_day_with_another_one_looking_on(application: ApplicationClient) -> None:
    """Register, token, write, correct, refresh the token, read, delete; the onlooker sees nothing at any step."""
    patient_of, onlooker = application.user("ann"), application.user("bob")
    created = patient_of.create({"resourceType": "Patient", "name": [{"family": ["Chalmers"]}]})
    place = f"Patient/{created['id']}"
    corrected = patient_of.put(place, {**created, "birthDate": "1974-12-25"}, if_match='W/"1"')
    assert corrected.status_code == 200
    fresh = application.token(grant_type="refresh_token", refresh_token=patient_of.refresh_token).json()
    bearer = f"Bearer {fresh['access_token']}"
    assert patient_of.get(place, authorization=bearer).json()["birthDate"] == "1974-12-25"
    for path in (place, f"{place}/_history", f"{place}/_history/1", f"{place}/_history/2"):
        assert onlooker.get(path).status_code == 404
    assert patient_of.delete(place, authorization=bearer).status_code == 204
    assert (patient_of.get(place).status_code, onlooker.get(place).status_code) == (410, 404)
    assert [entry["request"]["method"] for entry in patient_of.get(f"{place}/_history").json()["entry"]] == [
        "DELETE",
        "PUT",
        "POST",
    ]
