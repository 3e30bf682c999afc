/**
 * `sluicegate key add NAME`: makes an API key for flows with `caller: api-key`.
 *
 * Always holds: the key is printed once and alone on standard output, so that it can be piped to where it is kept; all else goes to standard
 * error. Only a hash of it is stored.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FLOW_NAME_PATTERN } from "../flows/flow-schema.ts";
import { newApiKey } from "../permissions/callers/api-key-text.ts";
import { isPrincipalName, PRINCIPAL_EXPECTED } from "../permissions/principal-name.ts";
import type { ApiKeyRecord, Records } from "../records/records.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { Settings } from "../settings/settings.ts";
import { readDuration } from "../setup/duration.ts";
import type { CommandIo } from "./io.ts";
import { sayFlows, sayScopes } from "./key-words.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { sayTime } from "./say-time.ts";

export interface KeyAddArguments extends SettingsArguments {
  readonly name: string;
  readonly principal?: string;
  readonly scope?: readonly string[];
  readonly flow?: readonly string[];
  /** A duration from now: `90d`. */
  readonly expires?: string;
}

/** Waits out a gate that holds the write lock, and the start of one. */
const BUSY_TIMEOUT_MS = 10_000;

const LIFETIME_MS_MAX = 3650 * 86_400_000;
const LIST_MAX = 50;

/** RFC 6749 section 3.3: `scope-token`. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/;
const FLOW_NAME = new RegExp(FLOW_NAME_PATTERN);

/** Exit codes: 0 made, 2 could not run. */
export async function keyAddCommand(args: KeyAddArguments, io: CommandIo): Promise<number> {
  const problems = problemsOf(args);
  for (const problem of problems) io.err(problem);
  if (problems.length > 0) return 2;
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const { text, ...made } = newApiKey();
  const key: ApiKeyRecord = { ...made, ...described(args, Date.now()) };
  const records = await openSqliteRecords({ path: settings.records.path, busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    await record(records, key);
  } finally {
    await records.close();
  }
  io.out(text);
  for (const line of [...describe(key), ...unknownFlows(settings, key)]) io.err(line);
  return 0;
}

function problemsOf({ name, principal, scope = [], flow = [], expires }: KeyAddArguments): string[] {
  const lifetimeMs = expires === undefined ? 1 : lifetimeOf(expires);
  const checks: readonly (readonly [isFine: boolean, problem: string])[] = [
    [isPrincipalName(name), `The name must be ${PRINCIPAL_EXPECTED}.`],
    [isPrincipalName(principal ?? "-"), `--principal takes ${PRINCIPAL_EXPECTED}.`],
    [
      scope.length <= LIST_MAX && scope.every((one) => SCOPE.test(one)),
      `--scope takes up to ${LIST_MAX} words of up to 100 ASCII characters without spaces, quotes and backslashes.`,
    ],
    [
      flow.length <= LIST_MAX && flow.every((one) => FLOW_NAME.test(one)),
      `--flow takes up to ${LIST_MAX} names of flows: small letters, digits and -, beginning with a letter.`,
    ],
    [lifetimeMs !== null, "--expires takes a duration from 1 s to 3650 d, such as 90d or 12h."],
  ];
  return checks.flatMap(([isFine, problem]) => (isFine ? [] : [problem]));
}

/** In milliseconds; `null` for what is no duration, or one out of bounds. */
function lifetimeOf(expires: string): number | null {
  const reading = readDuration(expires);
  return reading.ok && reading.value >= 1000 && reading.value <= LIFETIME_MS_MAX ? reading.value : null;
}

function described(
  { name, principal, scope = [], flow, expires }: KeyAddArguments,
  nowMs: number,
): Omit<ApiKeyRecord, "id" | "secretSha256"> {
  const lifetimeMs = expires === undefined ? null : lifetimeOf(expires);
  return {
    name,
    principal: principal ?? name,
    scopes: [...new Set(scope)],
    flows: flow === undefined ? null : [...new Set(flow)],
    createdAtMs: nowMs,
    expiresAtMs: lifetimeMs === null ? null : nowMs + lifetimeMs,
    revokedAtMs: null,
  };
}

function record(records: Pick<Records, "addApiKey">, key: ApiKeyRecord): Promise<void> {
  return records.addApiKey(key, {
    atMs: key.createdAtMs,
    event: "key-added",
    flow: null,
    policyVersion: null,
    uploadId: null,
    principal: key.principal,
    requestId: null,
    rule: null,
    detail: {
      keyId: key.id,
      name: key.name,
      scopes: key.scopes.join(" "),
      flows: key.flows?.join(" ") ?? null,
      expiresAtMs: key.expiresAtMs,
    },
  });
}

function describe(key: ApiKeyRecord): string[] {
  const end = key.expiresAtMs === null ? "until it is revoked" : `until ${sayTime(key.expiresAtMs)} UTC`;
  return [
    `Made API key ${key.id} for the principal ${JSON.stringify(key.principal)}: flows ${sayFlows(key)}, scopes ${sayScopes(key)}, valid ${end}.`,
    "Store the key now: only a hash of it is kept here, and it is not shown again.",
    "Clients send it as `X-API-Key: KEY` or `Authorization: Bearer KEY`.",
  ];
}

/** A key may be made before its flow; a name that was misspelt should be seen all the same. */
function unknownFlows({ flowsFolder }: Settings, { flows }: ApiKeyRecord): string[] {
  const unknown = (flows ?? []).filter((flow) => !existsSync(join(flowsFolder, flow, "flow.yaml")));
  return unknown.map(
    (flow) => `Note: there is no flow ${flow} in ${flowsFolder} now; the key opens it once there is one.`,
  );
}
