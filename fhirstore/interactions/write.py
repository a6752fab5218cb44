"""A write, ready to be made: alone at once, or with others in a transaction."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fhirstore.interactions.reply import Reply
from fhirstore.store.contract import Change, Version


class Write(msgspec.Struct, frozen=True):
    """`change` is for the store; `reply` says what to answer, given the version that is current then."""

    change: Change
    reply: Callable[[Version], Reply]
