"""Who an application is, by what it shows: its id and secret, or its organization's token. Failures are throttled."""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore.auth.calls import by_application
from fhirstore.auth.secrets import digest, matches, mint
from fhirstore.auth.throttle import Throttle
from fhirstore.clock import Clock
from fhirstore.errors import Failure, Forbidden, Unauthorized
from fhirstore.store.accounts import Accounts, Application
from fhirstore.store.contract import Store

_NOBODY = digest(mint())


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the token endpoint; `proven` where it showed its secret."""

    application: Application
    proven: bool


class Credentials:
    """Knows applications by their secrets.

    After `limit` failed tries from one address at one application's secrets, that address is refused there, right
    secret or wrong, until a quarter of an hour after the first of them. Tries at what does not exist are counted
    together, for each address.
    """

    def __init__(self, store: Store, clock: Clock, limit: int) -> None:
        self._store = store
        self._throttle = Throttle(store, clock, limit)

    @property
    def _accounts(self) -> Accounts:
        return self._store.accounts

    async def application(self, client_id: str | None, client_secret: str | None, address: str) -> Application:
        """Raises Unauthorized, without saying which of the two is wrong, and TooManyRequests."""
        application = await self._accounts.application(client_id) if client_id else None
        right = has_secret(application, client_secret or "")
        if application is None or not right:
            wrong = Unauthorized("The client_id or client_secret is wrong.")
            raise await self._failure(application, address, wrong) if client_id and client_secret else wrong
        await self._admit(application, address)
        by_application(application.client_id)
        return application

    async def client(self, client_id: str | None, client_secret: str | None, address: str) -> Client:
        """As `application`, but a public application need not show a secret (RFC 6749 §2.1)."""
        application = await self._accounts.application(client_id) if client_id and not client_secret else None
        if application is not None and application.public:
            by_application(application.client_id)
            return Client(application, proven=False)
        return Client(await self.application(client_id, client_secret, address), proven=True)

    async def organization(self, organization_id: str, token: str | None, address: str) -> Application:
        """Raises Unauthorized for no token or a wrong one, Forbidden for another organization's, TooManyRequests."""
        application = await self._accounts.application_of_organization_token(digest(token)) if token else None
        if application is not None and application.organization_id == organization_id:
            await self._admit(application, address)
            by_application(application.client_id)
            return application
        wrong: Failure = Unauthorized("The organization's token is wrong.")
        if application is not None:
            wrong = Forbidden("This token is another organization's.")
        elif token:
            tried = await self._accounts.application_of_organization(organization_id)
            wrong = await self._failure(tried, address, wrong)
        raise wrong

    async def _admit(self, application: Application, address: str) -> None:
        await self._throttle.admit(_key(application, address))

    async def _failure(self, application: Application | None, address: str, wrong: Failure) -> Failure:
        failure = await self._throttle.failure(_key(application, address), wrong)
        # Whose secret was tried is told; what is tried after that is throttled, and would only fill the trail.
        if application is not None and failure is wrong:
            by_application(application.client_id)
        return failure


def has_secret(application: Application | None, secret: str) -> bool:
    """Whether it is the application's secret or the one before it.

    Two comparisons in any case, so that the time of the answer does not tell whether the application exists.
    """
    current = matches(secret, application.secret_hash if application else _NOBODY)
    previous = matches(secret, (application and application.previous_secret_hash) or _NOBODY)
    return current or previous


def _key(application: Application | None, address: str) -> str:
    """What does not exist shares one count, or whoever makes up ids could fill the database."""
    return f"failures/{application.client_id if application else ''}/{address}"
