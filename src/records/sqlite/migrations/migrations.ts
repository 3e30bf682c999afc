/**
 * The layouts of the records database, oldest first. `PRAGMA user_version` is the number of layouts that were applied.
 *
 * Always holds: a layout that was published is never changed, only followed by another one.
 */
import type { DatabaseSync } from "node:sqlite";
import { GateError } from "../../../problems/gate-error.ts";
import { UPLOADS_LAYOUT } from "./0001-uploads.ts";
import { DECISIONS_LAYOUT } from "./0002-decisions.ts";
import { KEYS_WITHOUT_EXPIRY_INDEX_LAYOUT } from "./0003-keys-without-expiry-index.ts";
import { HISTORY_LAYOUT } from "./0004-history.ts";

const LAYOUTS: readonly string[] = [
  UPLOADS_LAYOUT,
  DECISIONS_LAYOUT,
  KEYS_WITHOUT_EXPIRY_INDEX_LAYOUT,
  HISTORY_LAYOUT,
];

/** The `user_version` of a database that this version of the gate reads and writes. */
export const LAYOUT_VERSION = LAYOUTS.length;

/** The number of layouts applied to a database; 0 for an empty one. */
export function layoutVersionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}

/**
 * Brings a database to the present layout, all steps in one transaction, so that two gates that start at once do not meet halfway.
 * @throws RECORDS_NEWER where a newer version wrote the database; SQLite's own error where a step fails, with nothing changed.
 */
export function migrate(database: DatabaseSync): void {
  if (layoutVersionOf(database) === LAYOUT_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    refuseNewerLayout(database);
    for (const layout of LAYOUTS.slice(layoutVersionOf(database))) database.exec(layout);
    database.exec(`PRAGMA user_version = ${LAYOUT_VERSION}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** @throws RECORDS_NEWER */
export function refuseNewerLayout(database: DatabaseSync): void {
  const version = layoutVersionOf(database);
  if (version <= LAYOUT_VERSION) return;
  throw new GateError("RECORDS_NEWER", {
    expected: `a database of layout ${LAYOUT_VERSION} or older`,
    seen: `layout ${version}`,
  });
}

/**
 * For a reader that cannot migrate, and asks for what an older layout does not have.
 * @throws RECORDS_UNAVAILABLE
 */
export function refuseOlderLayout(database: DatabaseSync): void {
  const version = layoutVersionOf(database);
  if (version >= LAYOUT_VERSION) return;
  throw new GateError("RECORDS_UNAVAILABLE", {
    message:
      "An earlier version of the gate wrote these records. Start this version once: it brings them up to date.",
    expected: `a database of layout ${LAYOUT_VERSION}`,
    seen: `layout ${version}`,
  });
}
