/**
 * The second layout: the audit chain, use of shares, idempotency keys, used grants, API keys, and deliveries that are tried again.
 *
 * - `audit` is only ever added to: the triggers make a change or a deletion fail, also one by `INSERT OR REPLACE`, whoever asks for it. They
 *   are against mistakes; against somebody with the file in hand there is the chain of hashes (`audit-chain.ts`). It has no index but its
 *   number: every decision would pay for one, and lists of it are read newest first.
 * - `idempotency_keys` has rowids, so that answers, which are long, are not passed through by a search for another key.
 *   `expires_at_ms` grows with time, so its index is written at one end.
 * - `usage` and `used_grants` hold what did not expire yet: few rows, which the one that forgets reads through.
 * - `uploads_by_next_try` has only uploads that wait for another try; other uploads cost it nothing.
 */
export const DECISIONS_LAYOUT = `
CREATE TABLE audit (
  seq            INTEGER PRIMARY KEY,
  at_ms          INTEGER NOT NULL,
  event          TEXT    NOT NULL,
  flow           TEXT,
  policy_version TEXT,
  upload_id      TEXT,
  principal      TEXT,
  request_id     TEXT,
  rule           TEXT,
  detail         TEXT,
  previous_hash  BLOB    NOT NULL,
  hash           BLOB    NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'audit entries are never replaced'); END;

CREATE TABLE usage (
  share         TEXT    NOT NULL,
  subject       TEXT    NOT NULL,
  slot_ms       INTEGER NOT NULL,
  requests      INTEGER NOT NULL,
  files         INTEGER NOT NULL,
  bytes         INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (share, subject, slot_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  seq           INTEGER PRIMARY KEY,
  scope         TEXT    NOT NULL UNIQUE,
  fingerprint   TEXT    NOT NULL,
  upload_id     TEXT    NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  answer        TEXT
) STRICT;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at_ms);

CREATE TABLE used_grants (
  id            TEXT    PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  id            TEXT    PRIMARY KEY,
  name          TEXT    NOT NULL,
  principal     TEXT    NOT NULL,
  secret_sha256 TEXT    NOT NULL,
  scopes        TEXT    NOT NULL,
  flows         TEXT,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE handovers (
  upload   INTEGER PRIMARY KEY,
  handover TEXT NOT NULL
) STRICT;

ALTER TABLE uploads ADD COLUMN next_try_at_ms INTEGER;
CREATE INDEX uploads_by_next_try ON uploads (next_try_at_ms) WHERE next_try_at_ms IS NOT NULL;
CREATE INDEX uploads_by_principal ON uploads (principal, seq);
`;
