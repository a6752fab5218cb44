"""The one way in: permission and notes around whatever interaction it is handed, for HTTP and for Bundles alike."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable

from msgspec import structs

from fhirstore.errors import Failure
from fhirstore.interactions.audited import TYPE, Audited
from fhirstore.interactions.conditional import perform_conditional
from fhirstore.interactions.incoming import accept
from fhirstore.interactions.notes import Notes
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.interactions.write import Write
from fhirstore.store.contract import Version

LARGE_BYTES = 200_000
"""A resource of so many bytes keeps the others waiting, for some 10 ms, where it is judged among them."""

_TELLING = frozenset({"read", "vread", "search-type"})
"""Interactions that see the trail among the AuditEvents."""


async def perform(interaction: Interaction, request: Request, context: Context) -> Reply:
    """Raises Forbidden where the caller's token does not cover the interaction, and what the interaction raises."""
    notes = context.notes
    try:
        reply = await _begin(interaction, request, context)
    except Exception as error:
        if notes is not None:
            _note(interaction, request, error.status if isinstance(error, Failure) else Failure.status, notes)
        raise
    if notes is not None:
        _note(interaction, request, reply.status, notes, reply.version)
    return reply


def _note(
    interaction: Interaction, request: Request, status: int, notes: Notes, version: Version | None = None
) -> None:
    code, access = interaction.code, interaction.access
    if request.linked:
        patient = request.id if request.type == "Patient" else ""
        notes.note(code, access, status, request.linked.strip("*"), "", patient=patient)
    else:
        notes.note(code, access, status, request.type, request.id, version=version)


def _begin(interaction: Interaction, request: Request, context: Context) -> Awaitable[Reply]:
    """What is to be awaited: all that needs no waiting is done."""
    authorize(interaction, request, context)
    if TYPE in (request.type, request.linked) and interaction.code in _TELLING and context.own_trail is not None:
        readable = context.caller.opened.readable
        audited = Audited(context.resources, context.own_trail(), readable, context.base)
        context = structs.replace(context, resources=audited)
    if interaction.takes_resource and request.incoming is None:
        if len(request.body) > LARGE_BYTES:
            return _begin_apart(interaction, request, context)
        request = _accepted(request, context)
    if interaction.by_criteria(request):
        return perform_conditional(interaction.method, request, context)
    if interaction.write is not None:
        return _make(interaction.write(request, context), context)
    assert interaction.run is not None
    return interaction.run(request, context)


def _accepted(request: Request, context: Context) -> Request:
    return structs.replace(request, incoming=accept(request.type, request.id, request.body, context.level))


async def _begin_apart(interaction: Interaction, request: Request, context: Context) -> Reply:
    """What a large resource takes before it is written, in a thread."""
    request = await to_thread(_accepted, request, context)
    if interaction.write is None or interaction.by_criteria(request):
        return await _begin(interaction, request, context)
    return await _make(await to_thread(interaction.write, request, context), context)


async def _make(write: Write, context: Context) -> Reply:
    written = await context.resources.change(write.change)
    assert written is not None
    return write.reply(written)


def authorize(interaction: Interaction, request: Request, context: Context) -> None:
    """Whether the caller may ask this at all; which resources it is about for them, the store knows."""
    if interaction.access is None:
        return
    context.caller.require(interaction.access, interaction.asked_type(request))
    if interaction.by_criteria(request):
        context.caller.require("read", request.type)  # what matches is told by whether it is written
