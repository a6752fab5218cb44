"""The lines that people copy from the documentation of 1upHealth and Validic, by real curl; only the host is ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.clients import ApplicationClient, UserClient

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

USERS = "https://api.1up.health/user-management/v1/user"
CREDENTIALS = '-d "client_id=clientidclientidclientid" -d "client_secret=clientsecretclientsecret"'


def curl(application: ApplicationClient, line: str, **values: Any) -> tuple[int, Any]:
    """Run one line with our host, ids and secrets in it; answers status and body."""
    hosts = ("https://api.1up.health", "https://auth.1up.health", "https://api.validic.com")
    words = {
        **dict.fromkeys(hosts, application.address),
        "clientidclientidclientid": application.client_id,
        "clientsecretclientsecret": application.client_secret,
        "ORGANIZATION_ID": application.organization_id,
        "ORGANIZATION_ACCESS_TOKEN": application.organization_token,
        **{name: str(value) for name, value in values.items()},
    }
    # In one go: a secret is random, and may itself hold one of the words.
    line = re.sub("|".join(words), lambda found: words[found.group()], line)
    script = line.replace("curl ", "curl -sS -w '\\n%{http_code}' ", 1)
    run = subprocess.run(["bash", "-e"], input=script, capture_output=True, text=True, timeout=30, check=True)
    body, _, status = run.stdout.rpartition("\n")
    return int(status), json.loads(body)


def test_the_lines_of_user_management(application: ApplicationClient) -> None:
    status, made = curl(application, f'curl -X POST "{USERS}" -d "app_user_id=myappsuser1" {CREDENTIALS}')
    shown = {"oneup_user_id": made["oneup_user_id"], "app_user_id": "myappsuser1", "active": True}
    assert (status, made) == (200, {"success": True, "code": made["code"], **shown})

    status, found = curl(application, f'curl -X GET "{USERS}" {CREDENTIALS}')
    assert (status, found) == (200, {"success": True, "entry": [shown], "total": 1})
    headers = '-H "client_id: clientidclientidclientid" -H "client_secret: clientsecretclientsecret"'
    assert curl(application, f'curl "{USERS}?app_user_id=myappsuser1" {headers}') == (200, found)
    query = "client_id=clientidclientidclientid&client_secret=clientsecretclientsecret"
    assert curl(application, f'curl -X GET "{USERS}?app_user_id=nobody&{query}"') == (
        200,
        {"success": True, "entry": [], "total": 0},
    )

    again = curl(application, f'curl -X POST "{USERS}" -d "app_user_id=myappsuser1" {CREDENTIALS}')
    assert again == (400, {"success": False, "error": "this user already exists"})

    line = f'curl -X PUT "{USERS}" -d "oneup_user_id=ID" -d "app_user_id=new" -d "active=true" {CREDENTIALS}'
    renamed = curl(application, line, ID=made["oneup_user_id"])
    assert renamed == (200, {"success": True, **shown, "app_user_id": "new"})

    line = f'curl -X POST "{USERS}/auth-code" -d "app_user_id=new" {CREDENTIALS}'
    status, code = curl(application, line)
    assert (status, code) == (200, {"success": True, "code": code["code"], **shown, "app_user_id": "new"})
    unknown = curl(application, f'curl -X POST "{USERS}/auth-code" -d "app_user_id=nobody" {CREDENTIALS}')
    assert unknown == (400, {"success": False, "error": "this user does not exist"})
    assert curl(application, f'curl -X GET "{USERS}" -d "client_id=x" -d "client_secret=y"') == (
        401,
        {"message": "Unauthorized"},
    )


@pytest.mark.parametrize("url", ["https://auth.1up.health/oauth2/token", "https://api.1up.health/fhir/oauth2/token"])
def test_the_lines_of_the_token_endpoint_and_of_fhir(application: ApplicationClient, url: str) -> None:
    made = curl(application, f'curl -X POST "{USERS}" -d "app_user_id=me" {CREDENTIALS}')[1]
    form = '-H "Content-Type: application/x-www-form-urlencoded"'
    line = f'curl -X POST "{url}" {form} {CREDENTIALS} -d "code=CODE" -d "grant_type=authorization_code"'
    status, issued = curl(application, line, CODE=made["code"])
    assert status == 200
    assert (issued["token_type"], issued["expires_in"]) == ("bearer", 7200)
    status, refused = curl(application, line, CODE=made["code"])
    assert (status, refused) == (400, {"error": "invalid_grant", "error_description": "Invalid code"})

    made = curl(application, f'curl -X POST "{USERS}/auth-code" -d "app_user_id=me" {CREDENTIALS}')[1]
    issued = curl(application, line, CODE=made["code"])[1]
    line = f'curl -X POST "{url}" {CREDENTIALS} -d "refresh_token=REFRESH" -d "grant_type=refresh_token"'
    status, refreshed = curl(application, line, REFRESH=issued["refresh_token"])
    assert (status, refreshed.keys()) == (200, issued.keys())

    bearer = '-H "Authorization: Bearer TOKEN"'
    body = """-d '{"resourceType": "Patient", "id": "135375", "gender": "female"}'"""
    line = f'curl -X POST "https://api.1up.health/dstu2/Patient" -H "Content-Type: application/json" {bearer} {body}'
    status, created = curl(application, line, TOKEN=refreshed["access_token"])
    assert (status, created["gender"]) == (201, "female")
    line = f'curl -X GET "https://api.1up.health/fhir/dstu2/Patient/PATIENT" {bearer}'
    assert curl(application, line, TOKEN=refreshed["access_token"], PATIENT=created["id"]) == (200, created)
    stranger = application.user().access_token
    assert curl(application, line, TOKEN=stranger, PATIENT=created["id"])[0] == 404


ORGANIZATION = "https://api.validic.com/v1/organizations/ORGANIZATION_ID"
JSON = '-H "Content-Type: application/json"'


def test_the_lines_of_validics_provisioning(application: ApplicationClient) -> None:
    body = """-d '{"user": {"uid": "123467890"}, "access_token": "ORGANIZATION_ACCESS_TOKEN"}'"""
    status, made = curl(application, f"curl -X POST {JSON} {body} {ORGANIZATION}/users.json")
    user = made["user"]
    assert (status, made["code"], made["message"]) == (201, 201, "Ok")
    assert user.keys() == {"_id", "uid", "access_token", "profile"}
    assert (user["uid"], user["profile"]) == ("123467890", None)
    assert curl(application, f"curl -X POST {JSON} {body} {ORGANIZATION}/users.json") == (
        409,
        {"code": 409, "message": "Conflict", "errors": "User already exists"},
    )
    known = UserClient(application.address, 0, "", user["access_token"], "")
    assert known.get("Patient/a").status_code == 404, "the token opens the record"

    query = "access_token=ORGANIZATION_ACCESS_TOKEN"
    status, listed = curl(application, f'curl "{ORGANIZATION}/users.json?{query}"')
    assert (status, listed["users"]) == (200, [{"_id": user["_id"], "uid": "123467890"}])

    place = f"{ORGANIZATION}/users/USER_ID.json"
    ids = {"USER_ID": user["_id"], "USER_TOKEN": user["access_token"]}
    line = "https://api.validic.com/v1/me.json?authentication_token=USER_TOKEN"
    assert curl(application, f'curl "{line}"', **ids) == (200, {"me": {"_id": user["_id"]}})
    for switch, done in (("1", "suspended"), ("0", "unsuspended")):
        body = f"""-d '{{"suspend": "{switch}", "access_token": "ORGANIZATION_ACCESS_TOKEN"}}'"""
        expected = {"code": 200, "message": f"The user has been {done} successfully"}
        assert curl(application, f"curl -X PUT {JSON} {body} {place}", **ids) == (200, expected)
    line = f'curl "{ORGANIZATION}/users/USER_ID/refresh_token.json?{query}"'
    status, refreshed = curl(application, line, **ids)
    assert (status, refreshed["user"].keys()) == (200, {"_id", "uid", "authentication_token"})
    assert known.get("Patient/a").status_code == 401

    body = """-d '{"access_token": "ORGANIZATION_ACCESS_TOKEN"}'"""
    assert curl(application, f"curl -X DELETE {JSON} {body} {place}", **ids) == (200, {"code": 200, "message": "Ok"})
    assert curl(application, f'curl -X DELETE "{place}?{query}"', **ids) == (
        404,
        {"code": 404, "message": "Not Found", "errors": "No user found"},
    )
    assert curl(application, f'curl "{ORGANIZATION}/users.json?access_token=wrong"') == (
        401,
        {"code": 401, "message": "Unauthorized"},
    )
