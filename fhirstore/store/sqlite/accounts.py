"""Applications, users and tokens in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from typing import Any

import msgspec

from fhirstore.store.accounts import (
    LAST_CHARACTER,
    Application,
    AppUserIdTakenError,
    NewUser,
    Token,
    User,
    UserChange,
    UserPage,
    UserProfile,
    UserQuery,
    UserStatus,
    Window,
)
from fhirstore.store.sqlite.writer import Writer

_APPLICATION = (
    "client_id, name, secret_hash, organization_id, organization_token_hash, created, level, profile, calls_per_hour,"
    " redirect_uris, public, previous_secret_hash, previous_organization_token_hash, launch_uri, developer"
)
_USER = "id, hex_id, client_id, app_user_id, active, created, profile, seen"
_TOKEN = (
    "hash, kind, user, client_id, scope, family, expires, spent, redirect_uri, challenge, patient, nonce, consented"
)

_HAS_STATUS: dict[UserStatus, str] = {
    "all": "",
    "active": " AND active AND seen >= :recent",
    "inactive": " AND active AND seen < :recent",
    "provisioned": " AND active AND seen IS NULL",
    "suspended": " AND NOT active",
}


class SqliteAccounts:
    """`Accounts` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add_application(self, application: Application) -> None:
        row = _application_row(application)
        await self._changed(f"INSERT INTO applications ({_APPLICATION}) VALUES ({_marks(row)})", row)

    async def application(self, client_id: str) -> Application | None:
        return self._application("client_id = ?", client_id)

    async def application_of_organization(self, organization_id: str) -> Application | None:
        return self._application("organization_id = ?", organization_id)

    async def application_of_organization_token(self, token_hash: str) -> Application | None:
        return self._application("? IN (organization_token_hash, previous_organization_token_hash)", token_hash)

    async def applications(self) -> Sequence[Application]:
        rows = self._reader.execute(f"SELECT {_APPLICATION} FROM applications ORDER BY created, client_id")
        return [_to_application(row) for row in rows]

    async def applications_of(self, developer: str) -> Sequence[Application]:
        statement = f"SELECT {_APPLICATION} FROM applications WHERE developer = ? ORDER BY created, client_id"
        return [_to_application(row) for row in self._reader.execute(statement, (developer,))]

    async def replace_application(self, application: Application) -> bool:
        row = _application_row(application)
        statement = f"UPDATE applications SET ({_APPLICATION}) = ({_marks(row)}) WHERE client_id = ?"
        return await self._changed(statement, (*row, application.client_id)) == 1

    async def add_user(self, new: NewUser) -> User:
        row = (new.hex_id, new.client_id, new.app_user_id, new.active, new.created, _profile_text(new.profile))

        def insert(connection: sqlite3.Connection) -> User:
            with _unique_app_user_id():
                cursor = connection.execute(
                    "INSERT INTO users (hex_id, client_id, app_user_id, active, created, profile)"
                    f" VALUES ({_marks(row)})",
                    row,
                )
            assert cursor.lastrowid is not None
            return User(
                cursor.lastrowid, new.hex_id, new.client_id, new.app_user_id, new.active, new.created, new.profile
            )

        return await self._writer.run(insert)

    async def user(self, id: int) -> User | None:
        row = self._reader.execute(f"SELECT {_USER} FROM users WHERE id = ? AND deleted IS NULL", (id,)).fetchone()
        return row and _to_user(row)

    async def users(self, query: UserQuery) -> UserPage:
        where = "client_id = :client_id AND deleted IS NULL" + _HAS_STATUS[query.status]
        for column in ("app_user_id", "id", "hex_id"):
            if getattr(query, column) is not None:
                where += f" AND {column} = :{column}"
        if query.beginning:
            where += " AND app_user_id >= :beginning AND app_user_id < :beyond"
        values = {name: getattr(query, name) for name in UserQuery.__slots__}
        values["beyond"] = (query.beginning or "") + LAST_CHARACTER
        total = self._reader.execute(f"SELECT count(*) FROM users WHERE {where}", values).fetchone()[0]
        rows = self._reader.execute(
            f"SELECT {_USER} FROM users WHERE {where} ORDER BY id LIMIT :count OFFSET :skip", values
        )
        return UserPage([_to_user(row) for row in rows], total)

    async def change_user(self, user: User, change: UserChange) -> bool:
        def update(connection: sqlite3.Connection) -> bool:
            with _unique_app_user_id():
                cursor = connection.execute(
                    "UPDATE users SET app_user_id = coalesce(?, app_user_id), active = coalesce(?, active),"
                    " profile = coalesce(?, profile) WHERE id = ? AND client_id = ? AND deleted IS NULL",
                    (change.app_user_id, change.active, _profile_text(change.profile), user.id, user.client_id),
                )
            if change.active is False and cursor.rowcount == 1:
                _sign_out(connection, user)
            return cursor.rowcount == 1

        return await self._writer.run(update)

    async def see_user(self, id: int, now: int) -> None:
        await self._changed("UPDATE users SET seen = ? WHERE id = ?", (now, id))

    async def remove_user(self, user: User, now: int) -> bool:
        def remove(connection: sqlite3.Connection) -> bool:
            # No name has a line break, so this one takes none that another user could want.
            marked = connection.execute(
                "UPDATE users SET deleted = ?, active = 0, profile = NULL, app_user_id = char(10) || hex_id"
                " WHERE id = ? AND client_id = ? AND deleted IS NULL",
                (now, user.id, user.client_id),
            )
            for table in ("tokens", "consents", "launches"):
                connection.execute(f"DELETE FROM {table} WHERE user = ?", (user.id,))
            connection.execute("DELETE FROM permissions WHERE owner = ? OR recipient = ?", (user.id, user.id))
            _sign_out(connection, user)
            return marked.rowcount == 1

        return await self._writer.run(remove)

    async def removed_users(self, before: int) -> Sequence[int]:
        rows = self._reader.execute("SELECT id FROM users WHERE deleted < ?", (before,))
        return [id for (id,) in rows]

    async def forget_removed_user(self, id: int) -> None:
        await self._changed("DELETE FROM users WHERE id = ? AND deleted IS NOT NULL", (id,))

    async def add_tokens(self, tokens: Sequence[Token]) -> None:
        await self._writer.run(lambda connection: _insert_tokens(connection, tokens))

    async def token(self, hash: str) -> Token | None:
        row = self._reader.execute(f"SELECT {_TOKEN} FROM tokens WHERE hash = ?", (hash,)).fetchone()
        return row and replace(Token(*row), consented=bool(row[-1]))

    async def exchange_token(self, hash: str, now: int, tokens: Sequence[Token], grace: int = 0) -> bool:
        def exchange(connection: sqlite3.Connection) -> bool:
            spent = connection.execute(
                # Without grace even a later `spent` is spent: another process may have read its clock after this one.
                "UPDATE tokens SET spent = coalesce(spent, ?)"
                " WHERE hash = ? AND (spent IS NULL OR (? > 0 AND spent > ?))",
                (now, hash, grace, now - grace),
            )
            if spent.rowcount == 1:
                connection.execute("DELETE FROM tokens WHERE expires < ?", (now,))
                _insert_tokens(connection, tokens)
            return spent.rowcount == 1

        return await self._writer.run(exchange)

    async def replace_lasting_token(self, token: Token) -> None:
        def replace_token(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM tokens WHERE user = ? AND kind = 'lasting'", (token.user,))
            _insert_tokens(connection, [token])

        await self._writer.run(replace_token)

    async def revoke_token(self, hash: str) -> None:
        await self._changed("DELETE FROM tokens WHERE hash = ?", (hash,))

    async def revoke_family(self, family: str) -> None:
        await self._changed("DELETE FROM tokens WHERE family = ?", (family,))

    async def count(self, key: str, now: int, span: int) -> Window:
        def count(connection: sqlite3.Connection) -> Window:
            connection.execute("DELETE FROM windows WHERE ends <= ?", (now,))
            row = connection.execute(
                "INSERT INTO windows (key, count, ends) VALUES (?, 1, ?)"
                " ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count, ends",
                (key, now + span),
            ).fetchone()
            return Window(*row)

        return await self._writer.run(count)

    async def window(self, key: str, now: int) -> Window | None:
        row = self._reader.execute("SELECT count, ends FROM windows WHERE key = ? AND ends > ?", (key, now)).fetchone()
        return row and Window(*row)

    def _application(self, where: str, value: str) -> Application | None:
        row = self._reader.execute(f"SELECT {_APPLICATION} FROM applications WHERE {where}", (value,)).fetchone()
        return row and _to_application(row)

    async def _changed(self, statement: str, values: Sequence[Any]) -> int:
        """Run one statement; answers how many rows it changed."""
        job: Callable[[sqlite3.Connection], int] = lambda connection: connection.execute(statement, values).rowcount  # noqa: E731
        return await self._writer.run(job)


class _unique_app_user_id:  # noqa: N801 - reads as the statement it is
    """Turns the database's word for a broken unique index into the contract's."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError) and "app_user_id" in str(error):
            raise AppUserIdTakenError from error


def _insert_tokens(connection: sqlite3.Connection, tokens: Sequence[Token]) -> None:
    rows = [astuple(token) for token in tokens]
    connection.executemany(f"INSERT INTO tokens ({_TOKEN}) VALUES ({_marks(rows[0])})", rows)


def _sign_out(connection: sqlite3.Connection, user: User) -> None:
    for table in ("sessions", "links"):
        connection.execute(f"DELETE FROM {table} WHERE user = ?", (user.id,))


def _marks(row: Sequence[object]) -> str:
    return ", ".join("?" * len(row))


def _application_row(application: Application) -> tuple[Any, ...]:
    # Addresses hold no spaces.
    return tuple(" ".join(value) if isinstance(value, tuple) else value for value in astuple(application))


def _to_application(row: tuple[Any, ...]) -> Application:
    stored = Application(*row)
    return replace(stored, redirect_uris=tuple(str(stored.redirect_uris).split()), public=bool(stored.public))


def _profile_text(profile: UserProfile | None) -> str | None:
    return msgspec.json.encode(profile).decode() if profile else None


def _to_user(row: tuple[Any, ...]) -> User:
    stored = User(*row)
    profile = msgspec.json.decode(str(stored.profile), type=UserProfile) if stored.profile else None
    return replace(stored, active=bool(stored.active), profile=profile)
