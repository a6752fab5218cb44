"""The developer console: accounts, applications, their users, their use, and a page to try it all."""

from __future__ import annotations

from fastapi import APIRouter

from fhirstore.web.console import account, applications, entering, trail, try_it, usage, users
from fhirstore.web.pages import DeveloperPage, nothing

router = APIRouter(include_in_schema=False)
for part in (entering, account, applications, users, usage, trail, try_it):
    router.include_router(part.router, prefix="/console")
router.add_api_route("/console/{rest:path}", nothing, methods=["GET", "POST"], route_class_override=DeveloperPage)
