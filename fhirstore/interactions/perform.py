"""The one way in: permission around whatever interaction it is handed, for HTTP and for Bundles alike."""

from __future__ import annotations

from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction


async def perform(interaction: Interaction, request: Request, context: Context) -> Reply:
    """Raises Forbidden where the caller's token does not cover the interaction, and what the interaction raises."""
    context.caller.require(interaction.access, request.type)
    return await interaction.run(request, context)
