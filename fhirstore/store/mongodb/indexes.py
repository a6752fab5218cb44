"""The collections and indexes of the MongoDB store, made at start and never inside a transaction.

The owner is the first key of every index of resources, and the shard key (hashed) where the cluster is sharded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel

from fhirstore.store.mongodb.documents import FOREVER


@dataclass(frozen=True, slots=True)
class Index:
    """`partial` is what a document must fulfil to stand in it: every query that is to use it says the same."""

    name: str
    keys: Sequence[tuple[str, int]]
    unique: bool = False
    expire_after_seconds: int | None = None
    partial: Mapping[str, Any] | None = None

    @property
    def model(self) -> IndexModel:
        """As the driver wants it told."""
        options = {"expireAfterSeconds": self.expire_after_seconds, "partialFilterExpression": self.partial}
        given = {name: value for name, value in options.items() if value is not None}
        return IndexModel(list(self.keys), name=self.name, unique=self.unique, **given)


CURRENT: Mapping[str, Any] = {"ended": FOREVER}
"""True of current versions alone: searches pass over no older ones."""

INDEXES: Mapping[str, Sequence[Index]] = {
    "resources": [
        # What has one key stands there in the order of type and id: every list of a type has such a key.
        Index("by_key", [("owner", 1), ("keys", 1), ("type", 1), ("id", 1)], partial=CURRENT),
        Index("by_first", [("owner", 1), ("ranges.name", 1), ("ranges.first", 1)], partial=CURRENT),
        Index("by_last", [("owner", 1), ("ranges.name", 1), ("ranges.last", -1)], partial=CURRENT),
        Index("by_word", [("owner", 1), ("words", 1)], partial=CURRENT),
        Index("by_update", [("owner", 1), ("updated", 1), ("type", 1), ("id", 1)], partial=CURRENT),
        # Those of history end in what it counts and limits by, so that no document is read for that.
        Index("by_time", [("owner", 1), ("updated", 1), ("type", 1), ("id", 1), ("number", 1), ("ended", 1)]),
        Index("by_version", [("owner", 1), ("type", 1), ("id", 1), ("updated", 1), ("number", 1), ("ended", 1)]),
    ],
    "applications": [
        Index("by_organization", [("organization_id", 1)], unique=True),
        Index("by_organization_token", [("organization_token_hash", 1)]),
        Index("by_previous_organization_token", [("previous_organization_token_hash", 1)]),
        Index("by_developer", [("developer", 1), ("created", 1), ("_id", 1)]),
    ],
    "users": [
        Index("by_app_user_id", [("client_id", 1), ("app_user_id", 1)], unique=True),
        Index("by_id", [("client_id", 1), ("_id", 1)]),
        Index("by_hex_id", [("hex_id", 1)], unique=True),
        Index("by_deletion", [("deleted", 1)]),
    ],
    "tokens": [
        Index("by_expiry", [("expires_at", 1)], expire_after_seconds=0),
        Index("by_family", [("family", 1)]),
        Index("by_user", [("user", 1)]),
    ],
    "usage": [
        Index("by_application", [("client_id", 1), ("hour", 1), ("kind", 1)]),
        Index("by_expiry", [("expires_at", 1)], expire_after_seconds=0),
    ],
    "developers": [],
    "sessions": [
        Index("by_expiry", [("expires_at", 1)], expire_after_seconds=0),
        Index("by_developer", [("developer", 1)]),
        Index("by_user", [("user", 1)]),
    ],
    "links": [
        Index("by_expiry", [("expires_at", 1)], expire_after_seconds=0),
        Index("by_developer", [("developer", 1)]),
        Index("by_user", [("user", 1)]),
    ],
    "consents": [
        Index("by_user", [("user", 1), ("since", 1), ("client_id", 1)]),
    ],
    "launches": [
        Index("by_expiry", [("expires_at", 1)], expire_after_seconds=0),
        Index("by_user", [("user", 1)]),
    ],
    "permissions": [
        Index("by_owner", [("owner", 1)]),
        Index("by_recipient", [("recipient", 1)]),
    ],
    "events": [
        Index("by_owner", [("owner", 1), ("_id", 1)]),
        Index("by_client", [("client_id", 1), ("_id", 1)]),
        Index("by_user", [("user", 1), ("_id", 1)]),
    ],
    "windows": [
        Index("by_end", [("ends_at", 1)], expire_after_seconds=0),
    ],
    "locks": [
        Index("by_age", [("at", 1)], expire_after_seconds=3600),
    ],
    "jobs": [
        Index("by_state", [("state", 1), ("created", 1)]),
        Index("by_client", [("client_id", 1), ("state", 1)]),
        Index("by_owner", [("owner", 1)]),
    ],
    "chunks": [
        Index("by_number", [("job", 1), ("file", 1), ("number", 1)]),
    ],
    "counters": [],
    "keys": [],
}
"""Every index by collection; `_id` has its own. Nothing else is created anywhere."""
