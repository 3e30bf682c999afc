/**
 * `sluicegate key list`: every API key and whether it opens anything; never its secret, which is kept nowhere.
 */
import { existsSync } from "node:fs";
import type { ApiKeyRecord } from "../records/records.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { CommandIo } from "./io.ts";
import { keyState, sayFlows, sayScopes } from "./key-words.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { sayTime } from "./say-time.ts";
import { alignColumns } from "./table.ts";

export interface KeyListArguments extends SettingsArguments {
  readonly json?: boolean;
}

/** Exit codes: 0 listed (also when there are none), 2 could not read. */
export async function keyListCommand(args: KeyListArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const keys = await readKeys(settings.records.path);
  const nowMs = Date.now();
  if (args.json === true) io.out(JSON.stringify(keys.map((key) => shown(key, nowMs))));
  else for (const line of table(keys, nowMs)) io.out(line);
  return 0;
}

/** Before the first start and the first key there is no database, and looking should not make one. */
async function readKeys(path: string): Promise<readonly ApiKeyRecord[]> {
  if (!existsSync(path)) return [];
  const records = await openSqliteRecords({ path });
  try {
    return await records.apiKeys();
  } finally {
    await records.close();
  }
}

/** The hash stays out: nobody needs it, and it would have to be explained. */
function shown({ secretSha256: _, ...key }: ApiKeyRecord, nowMs: number): object {
  return { ...key, state: keyState(key as ApiKeyRecord, nowMs) };
}

function table(keys: readonly ApiKeyRecord[], nowMs: number): string[] {
  if (keys.length === 0) return ["There are no API keys. `sluicegate key add NAME` makes one."];
  const header = ["id", "name", "principal", "scopes", "flows", "created (UTC)", "expires (UTC)", "state"];
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.principal,
    sayScopes(key),
    sayFlows(key),
    sayTime(key.createdAtMs),
    key.expiresAtMs === null ? "never" : sayTime(key.expiresAtMs),
    keyState(key, nowMs),
  ]);
  return alignColumns([header, ...rows]);
}
