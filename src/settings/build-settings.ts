/**
 * From what is written to the settings that the gate runs with: defaults filled in, paths absolute, everything frozen.
 */
import { resolve } from "node:path";
import { deepFreeze, frozenMap } from "../setup/frozen.ts";
import { formatListenAddress } from "./address.ts";
import type { ListenAddress, Settings, UpstreamSettings } from "./settings.ts";
import { DEFAULTS, type WrittenSettings } from "./settings-schema.ts";

/** @param folder from which relative paths count. @param file absolute, or `null` where there is none. */
export function buildSettings(written: WrittenSettings, folder: string, file: string | null): Settings {
  const publicAddress = written.listen?.public?.address ?? DEFAULTS.publicAddress;
  const at = (path: string | undefined, otherwise: string): string => resolve(folder, path ?? otherwise);
  return deepFreeze({
    file,
    listen: {
      public: { ...publicAddress, tls: null },
      operator: { ...(written.listen?.operator?.address ?? DEFAULTS.operatorAddress) },
    },
    flowsFolder: at(written.flows, DEFAULTS.flows),
    upstreams: frozenMap(
      Object.entries(written.upstreams ?? {}).map(([name, one]) => [name, upstream(name, one)]),
    ),
    records: {
      driver: "sqlite",
      path: at(written.records?.path, DEFAULTS.records),
      keepMs: DEFAULTS.recordsKeptMs,
    },
    storage: { driver: "disk", path: at(written.storage?.path, DEFAULTS.storage) },
    receipts: {
      issuer: written.receipts?.issuer ?? defaultIssuer(publicAddress),
      keysFolder: at(written.receipts?.keys, DEFAULTS.keys),
      lifetimeMs: written.receipts?.lifetime ?? DEFAULTS.receiptLifetimeMs,
    },
    callers: { jwt: null, grant: null },
    trustProxy: [...(written["trust-proxy"] ?? [])],
    limits: limits(written.limits),
    signals: {
      log: written.signals?.log ?? "stdout",
      metrics: written.signals?.metrics ?? true,
      serverTiming: written.signals?.["server-timing"] ?? false,
    },
  });
}

/** The gate's URL where the settings name no issuer. */
export function defaultIssuer(address: ListenAddress): string {
  return `http://${formatListenAddress(address)}`;
}

type WrittenUpstream = NonNullable<WrittenSettings["upstreams"]>[string];

function upstream(name: string, written: WrittenUpstream): UpstreamSettings {
  return {
    name,
    url: written.url,
    passThrough: written["pass-through"] ?? false,
    timeoutMs: written.timeout ?? DEFAULTS.upstreamTimeoutMs,
  };
}

function limits(written: WrittenSettings["limits"]): Settings["limits"] {
  return {
    connections: written?.connections ?? DEFAULTS.connections,
    uploads: written?.uploads ?? DEFAULTS.uploads,
    requestHeaderBytesMax: written?.["request-headers"] ?? DEFAULTS.requestHeaderBytesMax,
    idleMs: written?.idle ?? DEFAULTS.idleMs,
    bodyBytesPerSecondMin: DEFAULTS.bodyBytesPerSecondMin,
    headersMs: DEFAULTS.headersMs,
    stopGraceMs: DEFAULTS.stopGraceMs,
  };
}
