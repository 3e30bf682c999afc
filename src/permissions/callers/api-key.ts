/**
 * `caller: api-key`: keys that the gate gave out itself, `sluicegate key add`.
 *
 * Always holds: a key that is not known and one whose secret is wrong take the same steps and get the same answer; what else is the matter with
 * a key is told only to who has its secret. A key that is revoked while an upload runs stops that upload; one that expires meanwhile does not,
 * for it was good when the upload began.
 */
import { timingSafeEqual } from "node:crypto";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { ApiKeyRecord } from "../../records/records.ts";
import type { Admission, CallerCheck, CallerRequest } from "../caller.ts";
import { parseApiKey, type ShownApiKey, secretHashOf } from "./api-key-text.ts";
import { credentialsInvalid, permissionDenied, readApiKey } from "./credentials.ts";
import { type ApiKeyRecords, MARK_READ_FOR_UPLOADS_EVERY_MS, RecentApiKeys } from "./recent-api-keys.ts";

/** Compared with where no record is found: no secret is known to have this hash. */
const NO_HASH = "0".repeat(64);

/** What can be replaced in tests: the clock (Unix milliseconds) and the comparison in constant time. */
export interface ApiKeyOptions {
  readonly now?: () => number;
  readonly isEqual?: (left: Buffer, right: Buffer) => boolean;
}

/** Checks keys against the records. The header with the key is the gate's own, and told as such in the admission. */
export function apiKeyCaller(records: ApiKeyRecords, options: ApiKeyOptions = {}): CallerCheck {
  const { now = Date.now, isEqual = timingSafeEqual } = options;
  const recent = new RecentApiKeys(records);

  /** Asks the records. */
  async function find(flow: Flow, shown: ShownApiKey): Promise<ApiKeyRecord> {
    const secretHash = secretHashOf(shown.secret);
    const key = await recent.find(shown, secretHash);
    const isProven = isEqual(secretHash, Buffer.from(key?.secretSha256 ?? NO_HASH, "hex"));
    if (key === null || !isProven) throw credentialsInvalid(flow, "The API key is not valid.");
    return key;
  }

  async function check(
    flow: Flow,
    text: string,
    request: CallerRequest,
    markReadEveryMs?: number,
  ): Promise<ApiKeyRecord> {
    const shown = parseApiKey(text);
    if (shown === null) throw credentialsInvalid(flow, "The credential is not an API key of this gate.");
    const key = recent.recall(shown, markReadEveryMs) ?? (await find(flow, shown));
    request.recognised?.(key.principal);
    refuseEnded(flow, key, now());
    refuseLimited(flow, key);
    return key;
  }

  return {
    async admit(flow: Flow, request: CallerRequest): Promise<Admission> {
      const { text, header } = readApiKey(flow, request);
      const key = await check(flow, text, request, MARK_READ_FOR_UPLOADS_EVERY_MS);
      return {
        principal: key.principal,
        narrowing: null,
        grant: null,
        requireApiKey: { id: key.id, secretSha256: key.secretSha256 },
        consumedHeaders: [header],
        confirm: async () => refuseRevoked(key, await records.findApiKey(key.id)),
      };
    },
    async identify(flow: Flow, request: CallerRequest): Promise<string> {
      const key = await check(flow, readApiKey(flow, request).text, request);
      return key.principal;
    },
  };
}

function refuseEnded(flow: Flow, { revokedAtMs, expiresAtMs }: ApiKeyRecord, nowMs: number): void {
  if (revokedAtMs !== null) throw credentialsInvalid(flow, "The API key is revoked.");
  if (expiresAtMs !== null && expiresAtMs <= nowMs)
    throw credentialsInvalid(flow, "The API key has expired.");
}

function refuseLimited(flow: Flow, { flows, scopes }: ApiKeyRecord): void {
  if (flows !== null && !flows.includes(flow.name))
    throw permissionDenied(flow, "The API key is not for this flow.", []);
  const required = flow.permissions.require.get("scope") ?? [];
  const missing = required.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return;
  throw permissionDenied(flow, "The API key lacks a scope.", required, {
    expected: `the scopes ${required.join(" ")}`,
    seen: `a key without ${missing.join(" ")}`,
  });
}

/** The secret is compared too: a key of the same id that was made anew is another key. */
function refuseRevoked(admitted: ApiKeyRecord, now: ApiKeyRecord | null): void {
  if (now !== null && now.revokedAtMs === null && now.secretSha256 === admitted.secretSha256) return;
  throw apiKeyRevoked();
}

/** What is said of a key that was good when its upload began and is not any more. */
export function apiKeyRevoked(cause?: unknown): GateError {
  return new GateError("PERMISSION_REVOKED", {
    expected: "an API key that is valid until the upload is complete",
    seen: "a key that was revoked while the upload was under way",
    ...(cause === undefined ? {} : { cause }),
  });
}
