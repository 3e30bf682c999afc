/**
 * The settings of a drill's own gate: those of the gate in production, with other ports, folders and keys, and with the waits shortened that would make
 * a drill long.
 *
 * Always holds: nothing of the other gate's data is named in them, and no secret is written: secrets go by the environment. What decides about content
 * stays as it is.
 */
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { Flow } from "../flows/flow.ts";
import type { Settings, UpstreamSettings, VerificationKeys } from "../settings/settings.ts";
import { formatDuration } from "../setup/duration.ts";

/** Where the drill's gate is, and what stands behind it. */
export interface GatePlace {
  readonly folder: string;
  readonly port: number;
  readonly operatorPort: number;
  /** Origin of the fault proxy. */
  readonly upstreamUrl: string;
}

/** What a kind of drill wants of its gate. `null`: as it is. Times in milliseconds. */
export interface GateWishes {
  readonly uploadsMax: number | null;
  readonly idleMs: number | null;
  readonly headersMs: number | null;
}

export const NO_WISHES: GateWishes = { uploadsMax: null, idleMs: null, headersMs: null };

/** A drill cannot wait for thirty seconds until a slow service counts as one. */
export const UPSTREAM_TIMEOUT_MS_MAX = 1000;
const STOP_MS_MAX = 2000;

/** Whether tokens and grants are signed with a secret of the drill's own, since with public keys nobody could make one. */
function ownKeys(keys: VerificationKeys, flow: Flow): VerificationKeys {
  if (keys.secret !== null || (flow.verify?.credentials ?? null) !== null) return keys;
  return { secret: randomBytes(48).toString("base64url"), jwksFile: null, jwksUrl: null };
}

function ownCallers({ jwt, grant }: Settings["callers"], flow: Flow): Settings["callers"] {
  const jwtKeys = jwt === null ? null : ownKeys(jwt.keys, flow);
  return {
    jwt:
      jwt === null || jwtKeys === null
        ? null
        : {
            ...jwt,
            keys: jwtKeys,
            algorithms: jwtKeys.secret === jwt.keys.secret ? jwt.algorithms : ["HS256"],
          },
    grant: grant === null ? null : { ...grant, keys: ownKeys(grant.keys, flow) },
  };
}

/** @param settings those of the gate in production, with their secrets */
export function drillSettings(
  settings: Settings,
  flow: Flow,
  place: GatePlace,
  wishes: GateWishes,
): Settings {
  const { folder, port, operatorPort, upstreamUrl } = place;
  const data = join(folder, "data");
  const upstream: UpstreamSettings = settings.upstreams.get(flow.upstream) ?? {
    name: flow.upstream,
    url: upstreamUrl,
    passThrough: false,
    timeoutMs: UPSTREAM_TIMEOUT_MS_MAX,
  };
  const timeoutMs = Math.min(upstream.timeoutMs, UPSTREAM_TIMEOUT_MS_MAX);
  const { limits } = settings;
  return {
    ...settings,
    file: join(folder, "sluicegate.yaml"),
    listen: {
      public: { host: "127.0.0.1", port, tls: null },
      operator: { host: "127.0.0.1", port: operatorPort },
    },
    // Whoever looks behind the gate knows the flow by the folder that it is written in.
    flowsFolder: dirname(flow.folder),
    upstreams: new Map([[flow.upstream, { ...upstream, url: upstreamUrl, timeoutMs }]]),
    records: { ...settings.records, path: join(data, "records.sqlite") },
    // Apart from the records, so that a disk can be full of which they know nothing.
    storage: { driver: "disk", path: join(folder, "storage") },
    receipts: { ...settings.receipts, issuer: `http://127.0.0.1:${port}`, keysFolder: join(data, "keys") },
    callers: ownCallers(settings.callers, flow),
    trustProxy: [],
    limits: {
      ...limits,
      uploads: wishes.uploadsMax ?? limits.uploads,
      idleMs: Math.min(limits.idleMs, wishes.idleMs ?? limits.idleMs),
      headersMs: Math.min(limits.headersMs, wishes.headersMs ?? limits.headersMs),
      stopGraceMs: Math.min(limits.stopGraceMs, STOP_MS_MAX),
    },
    signals: { ...settings.signals, log: "stdout", metrics: true },
  };
}

/** What was changed of the limits, in words, so that a reader knows what was drilled and what was not. */
export function sayChanges(before: Settings, after: Settings, flow: Flow): string[] {
  const upstream = before.upstreams.get(flow.upstream);
  const waits = [
    ["the upstream's timeout", upstream?.timeoutMs, after.upstreams.get(flow.upstream)?.timeoutMs],
    ["limits.idle", before.limits.idleMs, after.limits.idleMs],
    ["limits.headers", before.limits.headersMs, after.limits.headersMs],
  ] as const;
  const said = waits.flatMap(([what, was, is]) =>
    was === undefined || is === undefined || was === is
      ? []
      : [`${what} is ${formatDuration(is)} instead of ${formatDuration(was)}`],
  );
  if (before.limits.uploads !== after.limits.uploads)
    said.push(`limits.uploads is ${after.limits.uploads} instead of ${before.limits.uploads}`);
  return said.length === 0 ? [] : [`In the drill's gate ${said.join("; ")}.`];
}

/** The file for the drill's gate (JSON, which is YAML), and the environment that its secrets go by. */
export function writtenSettings(
  settings: Settings,
  flowsFolder: string,
): { readonly text: string; readonly environment: Readonly<Record<string, string>> } {
  const environment: Record<string, string> = {};
  const keys = (name: string, { secret, jwksFile, jwksUrl }: VerificationKeys): Record<string, string> => {
    if (secret === null) return { [name === "JWT" ? "jwks" : "keys"]: jwksFile ?? jwksUrl ?? "" };
    environment[`SLUICEGATE_DRILL_${name}`] = secret;
    return { secret: `env:SLUICEGATE_DRILL_${name}` };
  };
  const written = {
    listen: writtenListen(settings),
    flows: flowsFolder,
    upstreams: writtenUpstreams(settings),
    records: { driver: "sqlite", path: settings.records.path },
    storage: { driver: "disk", path: settings.storage.path },
    receipts: {
      issuer: settings.receipts.issuer,
      keys: settings.receipts.keysFolder,
      lifetime: ms(settings.receipts.lifetimeMs),
    },
    ...writtenCallers(settings, keys),
    limits: writtenLimits(settings),
    signals: { log: "stdout", metrics: true, "server-timing": settings.signals.serverTiming },
  };
  return { text: `${JSON.stringify(written, null, 2)}\n`, environment };
}

const ms = (value: number): string => `${value} ms`;

function writtenListen({ listen }: Settings): unknown {
  const at = ({ host, port }: { readonly host: string; readonly port: number }) => ({
    address: `${host}:${port}`,
  });
  return { public: at(listen.public), operator: at(listen.operator) };
}

function writtenUpstreams({ upstreams }: Settings): unknown {
  const each = [...upstreams.values()].map(({ name, url, passThrough, timeoutMs }) => [
    name,
    { url, "pass-through": passThrough, timeout: ms(timeoutMs) },
  ]);
  return Object.fromEntries(each) as unknown;
}

function writtenCallers(
  { callers: { jwt, grant } }: Settings,
  keys: (name: string, keys: VerificationKeys) => Record<string, string>,
): { readonly callers?: unknown } {
  if (jwt === null && grant === null) return {};
  const writtenJwt = jwt && {
    issuer: jwt.issuer,
    audience: jwt.audience,
    ...keys("JWT", jwt.keys),
    algorithms: jwt.algorithms,
    "clock-skew": ms(jwt.clockSkewMs),
    principal: jwt.principalClaim,
  };
  const writtenGrant = grant && {
    ...keys("GRANT", grant.keys),
    "max-lifetime": ms(grant.lifetimeMaxMs),
    "clock-skew": ms(grant.clockSkewMs),
  };
  return {
    callers: { ...(writtenJwt ? { jwt: writtenJwt } : {}), ...(writtenGrant ? { grant: writtenGrant } : {}) },
  };
}

function writtenLimits({ limits }: Settings): unknown {
  return {
    connections: limits.connections,
    uploads: limits.uploads,
    "request-headers": `${limits.requestHeaderBytesMax} B`,
    idle: ms(limits.idleMs),
    "min-rate": `${limits.bodyBytesPerSecondMin} B/s`,
    headers: ms(limits.headersMs),
    stop: ms(limits.stopGraceMs),
  };
}
