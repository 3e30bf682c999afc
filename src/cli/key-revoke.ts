/**
 * `sluicegate key revoke ID`: ends an API key. It opens nothing from then on, and an upload that runs with it is refused at its end: its release
 * looks into the records, and what the gate remembers of keys it forgets when the records say that one has changed.
 */
import { existsSync } from "node:fs";
import { isApiKeyId, parseApiKey } from "../permissions/callers/api-key-text.ts";
import type { ApiKeyRecord, Records } from "../records/records.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { sayTime } from "./say-time.ts";

export interface KeyRevokeArguments extends SettingsArguments {
  /** An id; or a whole key, as somebody who found one has it. */
  readonly id: string;
}

/** Waits out a gate that holds the write lock. */
const BUSY_TIMEOUT_MS = 10_000;

/** Exit codes: 0 revoked (also when it was already), 1 no such key, 2 could not run. */
export async function keyRevokeCommand(args: KeyRevokeArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const id = isApiKeyId(args.id) ? args.id : (parseApiKey(args.id)?.id ?? null);
  if (id === null) {
    // What was given is not repeated: it may be a secret.
    io.err(
      "That is no id of an API key: expected 12 letters and digits, as `sluicegate key list` prints them.",
    );
    return 1;
  }
  const { path } = settings.records;
  const line = existsSync(path) ? await revoke(path, id) : null;
  if (line === null) io.err(`There is no API key ${id} here.`);
  else io.out(line);
  return line === null ? 1 : 0;
}

/** What was done, in a sentence; `null` where there is no such key. */
async function revoke(path: string, id: string): Promise<string | null> {
  const records = await openSqliteRecords({ path, busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    const key = await records.findApiKey(id);
    if (key === null) return null;
    const name = JSON.stringify(key.name);
    if (key.revokedAtMs !== null)
      return `API key ${id} (${name}) was revoked already, at ${sayTime(key.revokedAtMs)} UTC.`;
    await record(records, key, Date.now());
    return `API key ${id} (${name}) is revoked, also for uploads that are under way.`;
  } finally {
    await records.close();
  }
}

async function record(
  records: Pick<Records, "revokeApiKey">,
  key: ApiKeyRecord,
  atMs: number,
): Promise<void> {
  await records.revokeApiKey(key.id, atMs, {
    atMs,
    event: "key-revoked",
    flow: null,
    policyVersion: null,
    uploadId: null,
    principal: key.principal,
    requestId: null,
    rule: null,
    detail: { keyId: key.id, name: key.name },
  });
}
