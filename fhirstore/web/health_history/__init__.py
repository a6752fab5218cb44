"""The Health History: a person's own record as pages that they can read, signed in by a link or from an application."""

from fastapi import APIRouter

from fhirstore.web.health_history import about, access, downloads, entry, measurements, overview, sharing
from fhirstore.web.pages import UserPage, nothing

router = APIRouter(include_in_schema=False, route_class=UserPage)
for part in (overview, entry, measurements, about, sharing, access, downloads):
    router.include_router(part.router)
router.add_api_route("/health-history/{rest:path}", nothing, methods=["GET"])
