"""How versions, applications, users and tokens are written as documents, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fhirstore.search.entries import RULES_VERSION, Entries, Range
from fhirstore.store.accounts import Application, Token, User, UserProfile
from fhirstore.store.contract import Version, author_of
from fhirstore.store.ranges import ends_of
from fhirstore.store.scope import Scope

Document = Mapping[str, Any]

THERE, INSIDE = "=", "#"
"""Keys of the store's own: "=" and "=Patient" say that a document is a resource (no deletion) of a type, "#" stands
before everything, "#=Patient" too, that says the same of the resources that it contains."""

FOREVER = 2**63 - 1
"""When the current version ends: later than every moment, so that one condition finds what was current at one."""

VERSION_FIELDS = {"_id": 0, "type": 1, "id": 1, "number": 1, "updated": 1, "method": 1, "body": 1, "author": 1}


def resource_key(scope: Scope, type: str, id: str) -> str:
    """The `_id` of a resource's current version."""
    return f"{scope.owner}/{type}/{id}"


def older_key(scope: Scope, type: str, id: str, number: int) -> str:
    """The `_id` of an older version: it ends in the version, so that writing it twice is harmless."""
    return f"{scope.owner}/{type}/{id}/{number}"


def from_version(version: Version) -> dict[str, Any]:
    """What a version says, without its entries: all that is kept of an older one."""
    return {
        "type": version.type,
        "id": version.id,
        "number": version.number,
        "updated": version.updated,
        "method": version.method,
        "body": version.body,
        "author": {"client_id": version.author.client_id, "user": version.author.user} if version.author else None,
    }


def from_current(scope: Scope, version: Version) -> dict[str, Any]:
    """A current version with its entries: arrays of the document itself, so that one write renews all."""
    key = resource_key(scope, version.type, version.id)
    document = {"_id": key, "owner": scope.owner, "ended": FOREVER, **from_version(version)}
    return document if version.deleted else document | from_entries(version.type, version.entries)


def from_entries(type: str, entries: Entries) -> dict[str, Any]:
    inside: dict[str, None] = {}
    for each in entries.contained:
        inside |= dict.fromkeys([INSIDE + THERE, f"{INSIDE}{THERE}{each.type}"])
        inside |= dict.fromkeys(INSIDE + key for key in each.entries.keys)
    return {
        "rules": RULES_VERSION,
        "keys": [THERE, THERE + type, *entries.keys, *inside],
        "ranges": [from_range(each) for each in entries.ranges],
        "words": list(entries.words),
        "contained": [
            {
                "type": each.type,
                "id": each.id,
                "keys": list(each.entries.keys),
                "ranges": [from_range(range_) for range_ in each.entries.ranges],
                "words": list(each.entries.words),
            }
            for each in entries.contained
        ],
    }


def from_range(range_: Range) -> dict[str, Any]:
    ends = ends_of(range_)
    precision = {} if ends.low is None else {"low": ends.low, "high": ends.high}
    return {"name": range_.name, "first": ends.first, "last": ends.last, **precision}


def to_version(document: Document) -> Version:
    author = document["author"]
    return Version(
        document["type"],
        document["id"],
        # The driver's Int64 is an int that not every encoder takes.
        int(document["number"]),
        int(document["updated"]),
        document["method"],
        bytes(document["body"]),
        author=author_of(author["client_id"], author["user"]) if author else None,
    )


def from_application(application: Application) -> dict[str, Any]:
    document = {field: getattr(application, field) for field in Application.__slots__ if field != "client_id"}
    return {"_id": application.client_id, **document, "redirect_uris": list(application.redirect_uris)}


def to_application(document: Document) -> Application:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Application(document["_id"], **{**fields, "redirect_uris": tuple(document["redirect_uris"])})


def from_user(user: User) -> dict[str, Any]:
    document = {field: getattr(user, field) for field in User.__slots__ if field != "id"}
    return {"_id": user.id, **document, "profile": from_profile(user.profile), "deleted": None}


def to_user(document: Document) -> User:
    fields = {name: value for name, value in document.items() if name not in {"_id", "deleted"}}
    profile = document["profile"]
    return User(document["_id"], **{**fields, "profile": UserProfile(**profile) if profile else None})


def from_profile(profile: UserProfile | None) -> dict[str, Any] | None:
    return asdict(profile) if profile else None


def from_token(token: Token) -> dict[str, Any]:
    document = {field: getattr(token, field) for field in Token.__slots__ if field != "hash"}
    # The same moment as a date: what the TTL index reads.
    return {"_id": token.hash, **document, "expires_at": moment(token.expires)}


def to_token(document: Document) -> Token:
    fields = {name: value for name, value in document.items() if name not in {"_id", "expires_at"}}
    return Token(document["_id"], **fields)


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
