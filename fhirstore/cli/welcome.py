"""What `serve` prints when it starts: at the first start also the secrets, and how to try the server at once."""

from __future__ import annotations

from fhirstore.auth.applications import NewApplication

_CONSOLE = """
Nobody has an account at the console yet. Make the first one here, within an hour:

  {link}
"""
_PATIENT = '{"resourceType":"Patient","name":[{"family":["Chalmers"],"given":["Peter"]}],"birthDate":"1974-12-25"}'


def welcome(address: str, first: NewApplication | None, link: str | None = None) -> str:
    """Plain text that ends in three commands to copy, the second and third using what the one before them keeps.

    `link` is where the first account at the console is made, while there is none.
    """
    console = _CONSOLE.format(link=link) if link else ""
    if first is None:
        return f"fhirstore listens at {address}\n{console}"
    return f"""\
fhirstore listens at {address}
{console}
This first start made an application. Keep its secrets: they are shown this once.

  client_id           {first.client_id}
  client_secret       {first.client_secret}
  organization_id     {first.organization_id}
  organization_token  {first.organization_token}
  base URL            {address}/dstu2

Try it in another terminal: create a user, exchange the code for a token, post a Patient.

{_steps(address, first)}
"""


def _steps(address: str, first: NewApplication) -> str:
    client = f"-d client_id={first.client_id} -d client_secret={first.client_secret}"
    user = f"curl -sS {address}/user-management/v1/user {client} -d app_user_id=me"
    token = f'curl -sS {address}/oauth2/token {client} -d grant_type=authorization_code -d "code=$CODE"'
    headers = """-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json+fhir'"""
    return f"""\
CODE=$({user} | tee /dev/stderr | {_member("code")})
TOKEN=$({token} | tee /dev/stderr | {_member("access_token")})
curl -sS {address}/dstu2/Patient {headers} -d '{_PATIENT}'
"""


def _member(name: str) -> str:
    """A filter that takes one member out of a JSON answer with nothing but sed."""
    return rf"""sed 's/.*"{name}": *"\([^"]*\)".*/\1/'"""
