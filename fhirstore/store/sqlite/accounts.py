"""Applications, users and tokens in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fhirstore.store.accounts import (
    Application,
    AppUserIdTakenError,
    NewUser,
    Token,
    User,
    UserPage,
    UserQuery,
)
from fhirstore.store.sqlite.writer import Writer

_APPLICATION = "client_id, name, secret_hash, organization_id, organization_token_hash, created, level"
_USER = "id, hex_id, client_id, app_user_id, active, created"
_TOKEN = "hash, kind, user, client_id, scope, family, expires, spent"


class SqliteAccounts:
    """`Accounts` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add_application(self, application: Application) -> None:
        values = (
            application.client_id,
            application.name,
            application.secret_hash,
            application.organization_id,
            application.organization_token_hash,
            application.created,
            application.level,
        )
        await self._writer.run(
            lambda connection: connection.execute(
                f"INSERT INTO applications ({_APPLICATION}) VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )
        )

    async def application(self, client_id: str) -> Application | None:
        row = self._reader.execute(
            f"SELECT {_APPLICATION} FROM applications WHERE client_id = ?", (client_id,)
        ).fetchone()
        return row and Application(*row)

    async def applications(self) -> Sequence[Application]:
        rows = self._reader.execute(f"SELECT {_APPLICATION} FROM applications ORDER BY created, client_id")
        return [Application(*row) for row in rows]

    async def replace_secret(self, client_id: str, secret_hash: str) -> bool:
        return await self._writer.run(
            lambda connection: (
                connection.execute(
                    "UPDATE applications SET secret_hash = ? WHERE client_id = ?", (secret_hash, client_id)
                ).rowcount
                == 1
            )
        )

    async def add_user(self, new: NewUser) -> User:
        def insert(connection: sqlite3.Connection) -> User:
            with _unique_app_user_id():
                cursor = connection.execute(
                    "INSERT INTO users (hex_id, client_id, app_user_id, active, created) VALUES (?, ?, ?, ?, ?)",
                    (new.hex_id, new.client_id, new.app_user_id, new.active, new.created),
                )
            assert cursor.lastrowid is not None
            return User(cursor.lastrowid, new.hex_id, new.client_id, new.app_user_id, new.active, new.created)

        return await self._writer.run(insert)

    async def user(self, id: int) -> User | None:
        row = self._reader.execute(f"SELECT {_USER} FROM users WHERE id = ?", (id,)).fetchone()
        return row and _user(row)

    async def users(self, query: UserQuery) -> UserPage:
        where = "client_id = ?"
        values: list[str | int] = [query.client_id]
        for column, value in (("app_user_id", query.app_user_id), ("id", query.id)):
            if value is not None:
                where += f" AND {column} = ?"
                values.append(value)
        total = self._reader.execute(f"SELECT count(*) FROM users WHERE {where}", values).fetchone()[0]
        rows = self._reader.execute(
            f"SELECT {_USER} FROM users WHERE {where} ORDER BY id LIMIT ? OFFSET ?",
            [*values, query.count, query.skip],
        )
        return UserPage([_user(row) for row in rows], total)

    async def replace_user(self, user: User) -> bool:
        def update(connection: sqlite3.Connection) -> bool:
            with _unique_app_user_id():
                cursor = connection.execute(
                    "UPDATE users SET app_user_id = ?, active = ? WHERE id = ? AND client_id = ?",
                    (user.app_user_id, user.active, user.id, user.client_id),
                )
            return cursor.rowcount == 1

        return await self._writer.run(update)

    async def add_tokens(self, tokens: Sequence[Token]) -> None:
        await self._writer.run(lambda connection: _insert_tokens(connection, tokens))

    async def token(self, hash: str) -> Token | None:
        row = self._reader.execute(f"SELECT {_TOKEN} FROM tokens WHERE hash = ?", (hash,)).fetchone()
        return row and Token(*row)

    async def exchange_token(self, hash: str, now: int, tokens: Sequence[Token], grace: int = 0) -> bool:
        def exchange(connection: sqlite3.Connection) -> bool:
            spent = connection.execute(
                # Without grace even a later `spent` is spent: another process may have read its clock after this one.
                "UPDATE tokens SET spent = coalesce(spent, ?)"
                " WHERE hash = ? AND (spent IS NULL OR (? > 0 AND spent > ?))",
                (now, hash, grace, now - grace),
            )
            if spent.rowcount == 1:
                _insert_tokens(connection, tokens)
            return spent.rowcount == 1

        return await self._writer.run(exchange)

    async def forget_expired_tokens(self, now: int) -> None:
        await self._writer.run(
            lambda connection: connection.execute("DELETE FROM tokens WHERE expires < ?", (now,)).rowcount
        )


class _unique_app_user_id:  # noqa: N801 - reads as the statement it is
    """Turns the database's word for a broken unique index into the contract's."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError) and "app_user_id" in str(error):
            raise AppUserIdTakenError from error


def _insert_tokens(connection: sqlite3.Connection, tokens: Sequence[Token]) -> None:
    rows = [
        (token.hash, token.kind, token.user, token.client_id, token.scope, token.family, token.expires, token.spent)
        for token in tokens
    ]
    connection.executemany(f"INSERT INTO tokens ({_TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _user(row: tuple[int, str, str, str, int, int]) -> User:
    id, hex_id, client_id, app_user_id, active, created = row
    return User(id, hex_id, client_id, app_user_id, bool(active), created)
