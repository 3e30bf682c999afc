/**
 * History on real records in a folder of its own, with a clock that the test moves.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openSqliteRecords } from "../../src/records/sqlite/open-sqlite-records.ts";
import type { SqliteRecords } from "../../src/records/sqlite/sqlite-records.ts";
import type { HistoryReader } from "../../src/signals/history/history.ts";
import type { HistoryStore } from "../../src/signals/history/history-store.ts";
import { openHistoryReader } from "../../src/signals/history/reader/open-history-reader.ts";
import { openHistoryWriter, type RollingHistory } from "../../src/signals/history/rolling-history.ts";
import { openLog } from "../../src/signals/log.ts";

const LOG = openLog("off");

/** A Sunday at 12:00 UTC. */
export const NOON_MS = Date.UTC(2026, 10, 22, 12);

export interface OpenedHistory {
  readonly path: string;
  readonly records: SqliteRecords;
  readonly reader: HistoryReader;
  readonly clock: { ms: number };
  readonly lost: () => number;
  /** Opens a writer, as a gate's start does. */
  openWriter(store?: HistoryStore): Promise<RollingHistory>;
}

/** Everything is closed and removed with the test. */
export async function openHistory(t: TestContext): Promise<OpenedHistory> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-history-"));
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path });
  const reader = openHistoryReader(path);
  const clock = { ms: NOON_MS };
  let lost = 0;
  t.after(async () => {
    await reader.close();
    await records.close();
    await rm(folder, { recursive: true });
  });
  const openWriter = (store: HistoryStore = records): Promise<RollingHistory> =>
    openHistoryWriter({
      store,
      log: LOG,
      now: () => clock.ms,
      writeEveryMs: 0,
      onLost: (count) => {
        lost += count;
      },
    });
  return { path, records, reader, clock, lost: () => lost, openWriter };
}
