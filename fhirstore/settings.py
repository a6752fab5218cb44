"""Every setting, read once from the environment: FHIRSTORE_ and its name in capitals."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fhirstore.dstu2.levels import Level

SCHEMES = ("sqlite:///", "mongodb://", "mongodb+srv://")


class Settings(BaseSettings):
    """Read by `app` and `cli` alone; everybody else is handed values."""

    model_config = SettingsConfigDict(env_prefix="FHIRSTORE_", frozen=True, extra="ignore")

    database: str = Field(
        default="sqlite:///fhirstore-data/fhirstore.db",
        description="Where everything rests: `sqlite:///path`, `mongodb://…` or `mongodb+srv://…`",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on")
    workers: int = Field(default=1, ge=1, description="Server processes")
    gathered_reads: bool = Field(
        default=True,
        description="Whether MongoDB is asked for resources together that are asked for at the same time",
    )
    gathered_creates: bool = Field(
        default=True,
        description="Whether MongoDB is given new resources together that come at the same time",
    )
    base_url: str | None = Field(
        default=None, description="Public address, such as `https://records.example.org`; by default the request's own"
    )
    resource_bytes: int = Field(default=10_000_000, ge=1000, description="Largest resource accepted, in bytes")
    bundle_bytes: int = Field(default=50_000_000, ge=1000, description="Largest Bundle accepted, in bytes")
    trusted_proxies: str = Field(
        default="127.0.0.1,::1", description="Networks whose `X-Forwarded-*` headers are believed, with commas between"
    )
    cors_origins: str = Field(
        default="*", description="Origins whose pages may call the server, with commas between; empty for none"
    )
    validation: Level = Field(
        default="official", description="How strictly writes are judged: `strict`, `official` or `structure`"
    )
    conditional_delete: Literal["single", "multiple"] = Field(
        default="single", description="Whether a conditional delete may delete more than one resource"
    )
    referential_integrity: bool = Field(
        default=False, description="Whether a delete is refused (409) while another resource refers to it"
    )
    bundle_entries: int = Field(default=5000, ge=1, description="Most entries of a batch or transaction")
    import_bytes: int = Field(
        default=500_000_000, ge=1000, description="Largest `$import` accepted, in bytes, also once it is unpacked"
    )
    open_jobs: int = Field(
        default=4, ge=1, description="Imports, exports and removals that an application may have under way"
    )
    management_calls_per_hour: int = Field(
        default=300,
        ge=1,
        description="Management calls of an application in an hour, unless it has a number of its own",
    )
    credential_failures: int = Field(
        default=30, ge=1, description="Failed tries at an application's secrets from one address in 15 minutes"
    )
    audit: Literal["all", "writes", "off"] = Field(
        default="all", description="What the trail tells of: `all`, `writes` (all but reads and searches) or `off`"
    )
    audit_days: int = Field(default=2190, ge=1, description="For how many days the trail is kept: six years")
    sign_up: Literal["closed", "open"] = Field(
        default="closed", description="Whether everybody may make an account at the console: `closed` or `open`"
    )
    provenance: bool = Field(
        default=False, description="Whether each write also makes a Provenance, in the same commit"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged")

    @field_validator("database")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if not value.startswith(SCHEMES) or value in SCHEMES:
            raise ValueError("must be sqlite:///path, mongodb://host… or mongodb+srv://host…")
        return value

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(network, strict=False)
            except ValueError as error:
                raise ValueError("must be addresses or networks such as 10.0.0.0/8, with commas between") from error
        return value
