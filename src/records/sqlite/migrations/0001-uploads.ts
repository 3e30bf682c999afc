/**
 * The first layout: uploads with their moves, their files and deliveries, and the bytes of small files.
 *
 * - `uploads.seq` is the order of arrival; ids are random and say nothing of it.
 * - `uploads.moves` has a line of JSON for each move: `["receiving","received",1795348800000]`, and the note as a fourth item where
 *   there is one. A move is appended to the row that it changes anyway.
 * - `uploads_by_state` serves both a start (what is unfinished?) and a list by state.
 * - `inline_bytes` is a table of its own: its pages are freed and used again while the records stay. It goes by the upload's order,
 *   not by the random key, because each index in random order costs every upload one more page to log; and it has rowids, because
 *   a search in a table without them reads the whole bytes of each row that it passes.
 * - There are no foreign keys: rows are put only under a `seq` that was found in the same transaction, and an upload is deleted only together
 *   with its rows; checking that again took a fifth of a small upload's time.
 */
export const UPLOADS_LAYOUT = `
CREATE TABLE uploads (
  seq            INTEGER PRIMARY KEY,
  id             TEXT    NOT NULL UNIQUE,
  flow           TEXT    NOT NULL,
  policy_version TEXT    NOT NULL,
  mode           TEXT    NOT NULL,
  protocol       TEXT    NOT NULL,
  method         TEXT    NOT NULL,
  path           TEXT    NOT NULL,
  principal      TEXT    NOT NULL,
  request_id     TEXT    NOT NULL,
  started_at_ms  INTEGER NOT NULL,
  state          TEXT    NOT NULL,
  updated_at_ms  INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  moves          TEXT    NOT NULL,
  refusal        TEXT
) STRICT;
CREATE INDEX uploads_by_state ON uploads (state, seq);
CREATE INDEX uploads_by_flow ON uploads (flow, seq);

CREATE TABLE files (
  upload        INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  field         TEXT    NOT NULL,
  declared_name TEXT,
  declared_type TEXT,
  key           TEXT    NOT NULL UNIQUE,
  size_bytes    INTEGER NOT NULL,
  sha256        TEXT    NOT NULL,
  verified_type TEXT,
  findings      TEXT,
  PRIMARY KEY (upload, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  upload        INTEGER NOT NULL,
  attempt       INTEGER NOT NULL,
  kind          TEXT    NOT NULL,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms   INTEGER,
  status        INTEGER,
  error         TEXT,
  PRIMARY KEY (upload, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE inline_bytes (
  upload   INTEGER NOT NULL,
  position INTEGER NOT NULL,
  bytes    BLOB    NOT NULL,
  PRIMARY KEY (upload, position)
) STRICT;

CREATE TABLE probe (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  at_ms INTEGER NOT NULL
) STRICT;
`;
