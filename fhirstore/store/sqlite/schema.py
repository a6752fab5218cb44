"""The tables and indexes of the embedded store. The owner is the first column of every index of resources.

`resources` holds what is there now, `history` what was, deletions included. What resources are found by stands in
`keys` and `ranges`, as numbers; `names` is the dictionary of the texts behind the numbers, one for each owner, with how
many resources use each. A resource's own row repeats its entries, so that they can be taken away again and sorted by.

A version's author is the application (`client_id`) that made it and the user who was `acting`.

In `ranges`, `first` and `last` are the ends that are ordered by: of dates, their only ones; of numbers, those of the
number alone, while `low` and `high` include its precision. `span` is the class of its width. `names.extra` counts the
ranges beyond the first that resources have under one name: where it is 0, what is asked twice is asked of one range.
"""

from __future__ import annotations

from fhirstore.store.sqlite.spans import NOT_EXACT

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
  rules INTEGER NOT NULL,
  keys TEXT NOT NULL,
  ranges TEXT NOT NULL,
  contains INTEGER NOT NULL,
  body BLOB NOT NULL,
  client_id TEXT,
  acting INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS contained (
  rid INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  inner TEXT NOT NULL,
  holder TEXT NOT NULL,
  container INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  keys TEXT NOT NULL,
  ranges TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS history (
  owner INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  method TEXT NOT NULL,
  body BLOB NOT NULL,
  client_id TEXT,
  acting INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS names (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  text TEXT NOT NULL,
  uses INTEGER NOT NULL,
  extra INTEGER NOT NULL,
  sets TEXT NOT NULL,
  spans INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS keys (
  owner INTEGER NOT NULL,
  name INTEGER NOT NULL,
  rid INTEGER NOT NULL,
  PRIMARY KEY (owner, name, rid)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ranges (
  owner INTEGER NOT NULL,
  name INTEGER NOT NULL,
  span INTEGER NOT NULL,
  first ANY NOT NULL,
  last ANY NOT NULL,
  rid INTEGER NOT NULL,
  low ANY NOT NULL,
  high ANY NOT NULL,
  PRIMARY KEY (owner, name, span, first, last, rid, low, high)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS texts (
  owner INTEGER NOT NULL,
  rid INTEGER NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (owner, rid)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS secrets (
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
  level TEXT,
  profile TEXT NOT NULL,
  calls_per_hour INTEGER,
  redirect_uris TEXT NOT NULL,
  launch_uri TEXT,
  public INTEGER NOT NULL,
  previous_secret_hash TEXT,
  previous_organization_token_hash TEXT,
  developer TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hex_id TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL REFERENCES applications,
  app_user_id TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL,
  profile TEXT,
  seen INTEGER,
  deleted INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS tokens (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  user INTEGER,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  family TEXT NOT NULL,
  expires INTEGER NOT NULL,
  spent INTEGER,
  redirect_uri TEXT,
  challenge TEXT,
  patient TEXT,
  nonce TEXT,
  consented INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS consents (
  user INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  patient TEXT NOT NULL,
  scope TEXT NOT NULL,
  since INTEGER NOT NULL,
  used INTEGER,
  PRIMARY KEY (user, client_id, patient)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS launches (
  hash TEXT PRIMARY KEY,
  user INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  patient TEXT,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS permissions (
  recipient INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  patient TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (recipient, owner, patient)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS events (
  id TEXT PRIMARY KEY,
  action TEXT NOT NULL,
  status INTEGER NOT NULL,
  owner INTEGER,
  client_id TEXT NOT NULL,
  user INTEGER,
  type TEXT NOT NULL,
  target TEXT NOT NULL,
  version INTEGER,
  patient TEXT NOT NULL,
  request_id TEXT NOT NULL,
  address TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS windows (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS usage (
  client_id TEXT NOT NULL,
  hour INTEGER NOT NULL,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (client_id, hour, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS developers (
  email TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS sessions (
  hash TEXT PRIMARY KEY,
  developer TEXT,
  user INTEGER,
  secret TEXT NOT NULL,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS links (
  hash TEXT PRIMARY KEY,
  who TEXT NOT NULL,
  developer TEXT,
  user INTEGER,
  next TEXT NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY,
  owner INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  created INTEGER NOT NULL,
  parameters TEXT NOT NULL,
  state TEXT NOT NULL,
  progress TEXT NOT NULL,
  result TEXT NOT NULL,
  updated INTEGER NOT NULL,
  lease INTEGER NOT NULL,
  holder TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS chunks (
  job TEXT NOT NULL,
  file TEXT NOT NULL,
  number INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;
"""

INDEXES = {
    "names_by_text": "CREATE UNIQUE INDEX IF NOT EXISTS names_by_text ON names (owner, text)",
    "ranges_by_last": (
        f"CREATE INDEX IF NOT EXISTS ranges_by_last ON ranges (owner, name, span, last, rid) WHERE {NOT_EXACT.text}"
    ),
    "contained_by_id": (
        "CREATE INDEX IF NOT EXISTS contained_by_id ON contained (owner, type, id, inner, holder, container)"
    ),
    "contained_by_container": (
        "CREATE INDEX IF NOT EXISTS contained_by_container ON contained (owner, container, inner)"
    ),
    "resources_by_id": "CREATE UNIQUE INDEX IF NOT EXISTS resources_by_id ON resources (owner, type, id)",
    "resources_by_time": "CREATE INDEX IF NOT EXISTS resources_by_time ON resources (owner, updated, type, id, number)",
    "history_by_id": "CREATE UNIQUE INDEX IF NOT EXISTS history_by_id ON history (owner, type, id, number)",
    "history_by_time": "CREATE INDEX IF NOT EXISTS history_by_time ON history (owner, updated, type, id, number)",
    "users_by_app_user_id": "CREATE UNIQUE INDEX IF NOT EXISTS users_by_app_user_id ON users (client_id, app_user_id)",
    "users_by_deletion": "CREATE INDEX IF NOT EXISTS users_by_deletion ON users (deleted) WHERE deleted IS NOT NULL",
    "tokens_by_expiry": "CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires)",
    "tokens_by_family": "CREATE INDEX IF NOT EXISTS tokens_by_family ON tokens (family)",
    "tokens_by_user": "CREATE INDEX IF NOT EXISTS tokens_by_user ON tokens (user)",
    "applications_by_developer": (
        "CREATE INDEX IF NOT EXISTS applications_by_developer ON applications (developer, created, client_id)"
    ),
    "usage_by_hour": "CREATE INDEX IF NOT EXISTS usage_by_hour ON usage (hour)",
    "sessions_by_developer": "CREATE INDEX IF NOT EXISTS sessions_by_developer ON sessions (developer)",
    "sessions_by_user": "CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user)",
    "sessions_by_expiry": "CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires)",
    "links_by_developer": "CREATE INDEX IF NOT EXISTS links_by_developer ON links (developer)",
    "links_by_user": "CREATE INDEX IF NOT EXISTS links_by_user ON links (user)",
    "links_by_expiry": "CREATE INDEX IF NOT EXISTS links_by_expiry ON links (expires)",
    "launches_by_expiry": "CREATE INDEX IF NOT EXISTS launches_by_expiry ON launches (expires)",
    "permissions_by_owner": "CREATE INDEX IF NOT EXISTS permissions_by_owner ON permissions (owner)",
    "events_by_owner": "CREATE INDEX IF NOT EXISTS events_by_owner ON events (owner, id) WHERE owner IS NOT NULL",
    "events_by_client": "CREATE INDEX IF NOT EXISTS events_by_client ON events (client_id, id)",
    "events_by_visitor": "CREATE INDEX IF NOT EXISTS events_by_visitor ON events (user, id) WHERE user IS NOT owner",
    "windows_by_end": "CREATE INDEX IF NOT EXISTS windows_by_end ON windows (ends)",
    "jobs_by_state": "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, created)",
    "jobs_by_client": "CREATE INDEX IF NOT EXISTS jobs_by_client ON jobs (client_id, state)",
    "jobs_by_owner": "CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs (owner)",
    "chunks_by_number": "CREATE UNIQUE INDEX IF NOT EXISTS chunks_by_number ON chunks (job, file, number)",
}
"""Every index by name; nothing else is created anywhere."""
