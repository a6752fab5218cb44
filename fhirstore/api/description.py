"""What a call takes, told beside it: parameters may come from anywhere, so that no signature says which there are."""

from __future__ import annotations

from typing import Any

APPLICATION = {"client_id": "Who calls.", "client_secret": "Its secret."}
USER = {"app_user_id": "The application's own name for the user, or", "oneup_user_id": "the user's number."}
ORGANIZATION = {"access_token": "The organization's token."}
HOLDER = {"authentication_token": "The user's token."}


def takes(*several: dict[str, str], **meanings: str) -> dict[str, Any]:
    """For `openapi_extra`: the parameters by name, in order. An object's members are named as in `user[uid]`."""
    names = {name: meaning for group in several for name, meaning in group.items()} | meanings
    return {
        "parameters": [
            {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
            for name, meaning in names.items()
        ]
    }
