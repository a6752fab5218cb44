"""What settings, and the proxies in front, change for clients: http://hl7.org/fhir/DSTU2/http.html#general."""

from __future__ import annotations

from pathlib import Path

from tests.builders import patient
from tests.clients import UserClient, http, new_application
from tests.conformance.bundles import batch, entry, transaction
from tests.server import running

FORWARDED = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "records.example.org, inner",
    "x-forwarded-for": "192.0.2.1",
}


def location(user: UserClient, **headers: str) -> str:
    sent = {**user.headers, **headers}
    return http.post(f"{user.base}/Patient", json=patient(), headers=sent).headers["location"]


def test_behind_a_trusted_proxy_addresses_are_those_that_the_client_used(user: UserClient) -> None:
    assert location(user, **FORWARDED).startswith("https://records.example.org/dstu2/Patient/")
    found = http.get(f"{user.base}/Patient", headers={**user.headers, **FORWARDED}).json()
    assert found["entry"][0]["fullUrl"].startswith("https://records.example.org/dstu2/Patient/")
    assert found["link"][0]["url"] == "https://records.example.org/dstu2/Patient"


def test_what_others_say_was_forwarded_is_not_believed(tmp_path: Path) -> None:
    with running(f"sqlite:///{tmp_path / 'store.db'}", trusted_proxies="192.0.2.0/24") as server:
        user = new_application(server).user()
        assert location(user, **FORWARDED).startswith(f"{user.base}/Patient/")


def test_a_base_url_that_was_set_is_the_servers_own(tmp_path: Path) -> None:
    with running(f"sqlite:///{tmp_path / 'store.db'}", base_url="https://records.example.org/") as server:
        user = new_application(server).user()
        assert location(user, **FORWARDED | {"x-forwarded-host": "evil.example.org"}).startswith(
            "https://records.example.org/dstu2/Patient/"
        )
        statement = user.get("metadata").json()
        assert statement["implementation"]["url"] == "https://records.example.org/dstu2"


def test_limits_on_resources_and_bundles_are_told(tmp_path: Path) -> None:
    """http://hl7.org/fhir/DSTU2/http.html#status"""
    database = f"sqlite:///{tmp_path / 'store.db'}"
    with running(database, resource_bytes=2000, bundle_bytes=4000, bundle_entries=3) as server:
        user = new_application(server).user()
        big = patient("x" * 3000)
        refused = user.post("Patient", big)
        assert (refused.status_code, refused.json()["issue"][0]["code"]) == (413, "too-long")
        assert user.post("", transaction(entry("POST", "Patient", big))).status_code == 200
        refused = user.post("", transaction(*[entry("POST", "Patient", big)] * 2))
        assert (refused.status_code, "4,000" in refused.text) == (413, True)
        for bundle in (transaction, batch):
            assert user.post("", bundle(*[entry("GET", "Patient")] * 3)).status_code == 200
            refused = user.post("", bundle(*[entry("GET", "Patient")] * 4))
            assert (refused.status_code, refused.json()["issue"][0]["code"]) == (400, "too-long")
            assert "up to 3 entries" in refused.text


def test_a_conditional_delete_deletes_many_where_that_is_set(tmp_path: Path) -> None:
    """http://hl7.org/fhir/DSTU2/http.html#2.1.0.12.1"""
    with running(f"sqlite:///{tmp_path / 'store.db'}", conditional_delete="multiple") as server:
        user = new_application(server).user()
        user.post("", batch(*[entry("POST", "Patient", patient("Gone"))] * 1200))
        kept = user.create(patient("Kept"))["id"]
        assert user.delete("Patient?family=Gone").status_code == 204
        assert [each["resource"]["id"] for each in user.get("Patient").json()["entry"]] == [kept]
        assert user.delete("Patient?family=Gone").status_code == 404
        user.create(patient("Gone"))
        answer = user.post("", transaction(*[entry("DELETE", "Patient?family=Gone")])).json()
        assert [each["response"]["status"] for each in answer["entry"]] == ["204 No Content"]
        resource = user.get("metadata").json()["rest"][0]["resource"][0]
        assert resource["conditionalDelete"] == "multiple"
