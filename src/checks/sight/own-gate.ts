/**
 * What the operator of a gate sees and can do on its machine: its records, audit, folders and readiness; and as whom a run can send there.
 *
 * Always holds: uploads are only read; what is added to the records are keys of the run, which end with it.
 */
import { readdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Flow } from "../../flows/flow.ts";
import { type RecordsView, readSqliteRecords } from "../../records/sqlite/read-sqlite-records.ts";
import { readOperatorAccess } from "../../settings/operator-access.ts";
import type { Settings } from "../../settings/settings.ts";
import { parseUploadId } from "../../uploads/upload-id.ts";
import type { Target } from "../check.ts";
import { GATE_PROMISES, GATE_TELLS } from "../gate-promises.ts";
import type { Hooks, LinkWish, StoredNames } from "../hooks.ts";
import type { Identities, Promises } from "../promise.ts";
import { type GateCallers, openGateCallers } from "./gate-callers.ts";
import { GateEvidence } from "./gate-evidence.ts";
import { forgedOf } from "./identities.ts";
import type { KeptSecrets } from "./kept-secrets.ts";
import { TokenMint } from "./mint-tokens.ts";

export interface OwnGateInput {
  readonly flow: Flow;
  readonly settings: Settings;
  readonly target: Target;
  readonly runId: string;
  readonly secrets: KeptSecrets;
  /** The flow says itself as whom to send. */
  readonly hasCredentials: boolean;
}

export interface OwnGate {
  readonly evidence: GateEvidence;
  readonly hooks: Hooks;
  readonly identities: Identities | null;
  readonly promises: Promises;
  /** Ids of uploads of this run that the service got. */
  readonly left: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const READINESS_MS_MAX = 5000;
const DECISIONS_MAX = 1000;

/** Whether an origin is the public address of the gate of these settings, and the gate does not let the flow through unseen. */
export function isOwnGate(origin: string, flow: Flow, { listen, receipts, flowsFolder }: Settings): boolean {
  if (flow.mode === "off" || dirname(resolve(flow.folder)) !== resolve(flowsFolder)) return false;
  const url = new URL(origin);
  if (url.origin === originOf(receipts.issuer)) return true;
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const isSamePort = port === listen.public.port && isTls === (listen.public.tls !== null);
  return isSamePort && reaches(url.hostname.replace(/^\[|\]$/g, ""), listen.public.host);
}

const originOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).origin : null);

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);
const ANY: ReadonlySet<string> = new Set(["0.0.0.0", "::", ""]);

/** Whether a host leads to an address on which this machine listens. */
function reaches(host: string, listened: string): boolean {
  if (host === listened || (LOOPBACK.has(host) && LOOPBACK.has(listened))) return true;
  if (!ANY.has(listened)) return false;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return LOOPBACK.has(host) || own.some(({ address }) => address === host);
}

/** @throws RECORDS_MISSING where no gate has run with these settings, RECORDS_UNAVAILABLE */
export async function openOwnGate(input: OwnGateInput): Promise<OwnGate> {
  const { flow, settings, target, secrets, hasCredentials } = input;
  const records = readSqliteRecords(settings.records.path);
  const callers = await openGateCallers({ ...input, areGiven: hasCredentials }).catch(
    async (error: unknown) => {
      await records.close();
      throw error;
    },
  );
  const identities = identitiesOf(callers, target, secrets);
  const evidence = new GateEvidence({
    flow,
    target: identities === null ? target : { ...target, identities },
    records,
    isOwn: callers.isOwn,
    passesThrough: settings.upstreams.get(flow.upstream)?.passThrough ?? true,
  });
  return {
    evidence,
    hooks: { ...hooksOf(input, records, evidence), ...callers.hooks },
    identities,
    promises: promisesOf(flow, settings),
    left: () => evidence.left(),
    close: async () => {
      await callers.close();
      await records.close();
    },
  };
}

function identitiesOf({ identities }: GateCallers, target: Target, secrets: KeptSecrets): Identities | null {
  if (identities === null) return null;
  return { ...identities, forged: identities.forged ?? forgedOf(identities.main, target, secrets) };
}

function hooksOf(
  { flow, settings, secrets }: OwnGateInput,
  records: RecordsView,
  evidence: GateEvidence,
): Hooks {
  const { grant } = settings.callers;
  const secret = grant?.keys.secret ?? null;
  const mint = new TokenMint(secrets);
  const canLink = grant !== null && secret !== null && flow.deliver === "receipt" && flow.mode === "enforce";
  return {
    ...(canLink
      ? { mintLink: (wish: LinkWish) => mint.link(grant, secret, settings.receipts.issuer, wish) }
      : {}),
    record: async (uploadId) => {
      const id = parseUploadId(uploadId);
      return id === null ? null : records.get(id);
    },
    decisions: async () => {
      const newest = await records.newestAudit({ limit: DECISIONS_MAX });
      return newest
        .toReversed()
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join("");
    },
    stored: () => storedNames(settings, evidence),
    readiness: () => readinessOf(settings),
  };
}

/** What lies in quarantine and store, without what others have sent meanwhile. */
async function storedNames({ storage }: Settings, evidence: GateEvidence): Promise<StoredNames> {
  const namesIn = async (area: string): Promise<readonly string[]> =>
    (await readdir(join(storage.path, area), { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  const [temporary, kept] = [await namesIn("quarantine"), await namesIn("store")];
  const others = await evidence.keysOfOthers();
  const own = (names: readonly string[]) => names.filter((name) => !others.has(name));
  return { temporary: own(temporary), kept: own(kept) };
}

async function readinessOf(settings: Settings): Promise<{ readonly status: number; readonly text: string }> {
  const { address } = readOperatorAccess(settings);
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const answer = await fetch(`http://${host}:${address.port}/health/ready`, {
    signal: AbortSignal.timeout(READINESS_MS_MAX),
  });
  return { status: answer.status, text: await answer.text() };
}

/** What a gate promises of each flow that it enforces, beside what the flow says itself. */
function promisesOf(flow: Flow, { upstreams }: Settings): Promises {
  if (flow.mode !== "enforce") return GATE_TELLS;
  const { idempotencyKey } = flow.retry;
  const { origins } = flow.permissions;
  const [pageOrigin] = origins === "any" ? [] : origins;
  const behindOrigin = flow.deliver === "receipt" ? upstreams.get(flow.upstream)?.url : undefined;
  return {
    ...GATE_PROMISES,
    ...(idempotencyKey === "off" ? {} : { idempotencyKey }),
    ...(pageOrigin === undefined ? {} : { pageOrigin }),
    ...(behindOrigin === undefined ? {} : { behindOrigin }),
    ...(keepsForLater(flow) ? { keptStatuses: [202] } : {}),
  };
}

const keepsForLater = ({ failure }: Flow): boolean =>
  [failure.upstreamDown, failure.upstreamUnknown, failure.upstreamError].includes("retry");
