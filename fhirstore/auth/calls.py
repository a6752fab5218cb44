"""Who makes a management call, and which user it is about, for whoever notes the call once it is answered.

Found out deep within (by credentials, by the name of a user) and needed around everything: so each call has a place of
its own to which what is found out is put.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Call:
    """What is known so far: the application that was recognized, and the id of the user."""

    client_id: str = ""
    user: int | None = None


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def begin_call() -> Call:
    """The place of this call; what is found out from here on is put there."""
    call = Call()
    _current.set(call)
    return call


def by_application(client_id: str) -> None:
    """An application was recognized."""
    if (call := _current.get()) is not None:
        call.client_id = client_id


def about_user(id: int | None) -> None:
    """The user that the call is about was found, or made."""
    if id is not None and (call := _current.get()) is not None:
        call.user = id
