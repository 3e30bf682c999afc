import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenedRecords, recordsContract } from "../records.contract.ts";
import type { Records } from "../records.ts";
import { recordsAuditContract } from "../records-audit.contract.ts";
import { recordsHistoryContract } from "../records-history.contract.ts";
import { recordsKeysContract } from "../records-keys.contract.ts";
import { recordsUpkeepContract } from "../records-upkeep.contract.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";

async function open(): Promise<OpenedRecords> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-records-"));
  const path = join(folder, "data", "records.sqlite");
  const records = await openSqliteRecords({ path });
  let open: Records = records;
  return {
    records,
    reopen: async () => {
      await open.close();
      open = await openSqliteRecords({ path });
      return open;
    },
    dispose: async () => {
      await open.close();
      await rm(folder, { recursive: true });
    },
  };
}

recordsContract("SQLite", open);
recordsAuditContract("SQLite", open);
recordsHistoryContract("SQLite", open);
recordsKeysContract("SQLite", open);
recordsUpkeepContract("SQLite", open);
