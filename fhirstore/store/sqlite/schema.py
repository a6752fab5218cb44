"""The tables and indexes of the embedded store. The owner is the first column of every index of resources."""

from __future__ import annotations

SCHEMA_VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS resources (
  rid INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  method TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS history (
  owner INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  method TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS keys (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS applications (
  client_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  organization_id TEXT NOT NULL UNIQUE,
  organization_token_hash TEXT NOT NULL,
  created INTEGER NOT NULL,
  level TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hex_id TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL REFERENCES applications,
  app_user_id TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS tokens (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  user INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  family TEXT NOT NULL,
  expires INTEGER NOT NULL,
  spent INTEGER
) STRICT, WITHOUT ROWID;
"""

INDEXES = {
    "resources_by_id": "CREATE UNIQUE INDEX IF NOT EXISTS resources_by_id ON resources (owner, type, id)",
    "resources_by_time": "CREATE INDEX IF NOT EXISTS resources_by_time ON resources (owner, updated, type, id, number)",
    "history_by_id": "CREATE UNIQUE INDEX IF NOT EXISTS history_by_id ON history (owner, type, id, number)",
    "history_by_time": "CREATE INDEX IF NOT EXISTS history_by_time ON history (owner, updated, type, id, number)",
    "users_by_app_user_id": "CREATE UNIQUE INDEX IF NOT EXISTS users_by_app_user_id ON users (client_id, app_user_id)",
    "tokens_by_expiry": "CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires)",
}
"""Every index by name; nothing else is created anywhere."""
