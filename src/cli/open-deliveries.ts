/**
 * The records as the commands change them that decide about deliveries: beside a gate that runs, which is then told to look, or without one.
 */
import { existsSync } from "node:fs";
import { GateError } from "../problems/gate-error.ts";
import type { Records } from "../records/records.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import { readOperatorAccess } from "../settings/operator-access.ts";
import type { Settings } from "../settings/settings.ts";

/** Waits out a gate that holds the write lock. */
const BUSY_TIMEOUT_MS = 10_000;
const WAKE_MS_MAX = 5_000;

/** Opens the records to change them. @throws RECORDS_MISSING where no gate has run yet, RECORDS_UNAVAILABLE */
export async function openRecords(settings: Settings): Promise<Records> {
  const { path } = settings.records;
  if (!existsSync(path))
    throw new GateError("RECORDS_MISSING", {
      expected: `a records database at ${path}`,
      seen: "no such file",
    });
  return openSqliteRecords({ path, busyTimeoutMs: BUSY_TIMEOUT_MS, checkBytesMax: 0 });
}

/** Tells the gate to look at once for what is due. @returns whether one runs */
export async function wakeGate(settings: Settings): Promise<boolean> {
  try {
    const { address, token } = readOperatorAccess(settings);
    const answer = await fetch(`http://${address.host}:${address.port}/api/deliveries/wake`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(WAKE_MS_MAX),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
