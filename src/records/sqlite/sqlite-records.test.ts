import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsContract } from "../records.contract.ts";
import type { Records } from "../records.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";

recordsContract("SQLite", async () => {
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
});
