/**
 * The fourth layout: the history of the gate's traffic. Rows are added up in the gate (`src/signals/history/`); here they lie only.
 *
 * - `history_points` has a row a flow for each minute, hour and day with traffic, by the writer that wrote it; and one for all flows together. Its second index serves what goes by time alone:
 *   forgetting, and ranges over all flows.
 * - `history_values` has each point's counts of values. It is a table of its own because it is read for one question only, and is as large as all the rest.
 * - `history_requests` has single requests; `seq` is their order of arrival. Of each flow and kind the newest stay, so rows are freed and used again.
 * - `history_seen` has what of a flow was in force or seen last, so that a change while the gate was down is noticed.
 */
export const HISTORY_LAYOUT = `
CREATE TABLE history_points (
  seq        INTEGER PRIMARY KEY,
  step_ms    INTEGER NOT NULL,
  flow       TEXT    NOT NULL,
  from_ms    INTEGER NOT NULL,
  writer     INTEGER NOT NULL,
  requests   INTEGER NOT NULL,
  bytes_in   INTEGER NOT NULL,
  counts     TEXT    NOT NULL,
  times      BLOB    NOT NULL,
  UNIQUE (step_ms, flow, from_ms, writer)
) STRICT;
CREATE INDEX history_points_by_time ON history_points (step_ms, from_ms);

CREATE TABLE history_values (
  point      INTEGER PRIMARY KEY,
  counts     TEXT    NOT NULL
) STRICT;

CREATE TABLE history_requests (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  flow       TEXT    NOT NULL,
  because    TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  request_id TEXT    NOT NULL,
  signal     TEXT    NOT NULL
) STRICT;
CREATE INDEX history_requests_by_flow ON history_requests (flow, because, seq);
CREATE INDEX history_requests_by_id ON history_requests (request_id);
CREATE INDEX history_requests_by_time ON history_requests (at_ms);

CREATE TABLE history_marks (
  seq        INTEGER PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  at_ms      INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  flow       TEXT,
  version    TEXT,
  previous   TEXT,
  note       TEXT,
  by_whom    TEXT
) STRICT;
CREATE INDEX history_marks_by_time ON history_marks (at_ms);

CREATE TABLE history_seen (
  flow       TEXT    NOT NULL,
  what       TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  PRIMARY KEY (flow, what)
) STRICT, WITHOUT ROWID;
`;
