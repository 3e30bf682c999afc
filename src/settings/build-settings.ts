/**
 * From what is written to the settings that the gate runs with: defaults filled in, paths absolute, everything frozen.
 */
import { resolve } from "node:path";
import { deepFreeze, frozenMap } from "../setup/frozen.ts";
import { formatListenAddress } from "./address.ts";
import { buildCallers } from "./callers-schema.ts";
import type { Settings, UpstreamSettings } from "./settings.ts";
import { DEFAULTS, type WrittenSettings } from "./settings-schema.ts";
import { buildTls } from "./tls-schema.ts";

/** @param folder from which relative paths count. @param file absolute, or `null` where there is none. */
export function buildSettings(written: WrittenSettings, folder: string, file: string | null): Settings {
  const publicAddress = written.listen?.public?.address ?? DEFAULTS.publicAddress;
  const tls = buildTls(written.listen?.public?.tls, folder);
  const at = (path: string | undefined, otherwise: string): string => resolve(folder, path ?? otherwise);
  return deepFreeze({
    file,
    listen: {
      public: { ...publicAddress, tls },
      operator: { ...(written.listen?.operator?.address ?? DEFAULTS.operatorAddress) },
    },
    flowsFolder: at(written.flows, DEFAULTS.flows),
    upstreams: frozenMap(
      Object.entries(written.upstreams ?? {}).map(([name, one]) => [name, upstream(name, one)]),
    ),
    records: {
      driver: "sqlite",
      path: at(written.records?.path, DEFAULTS.records),
      keepMs: written.records?.keep ?? DEFAULTS.recordsKeptMs,
    },
    storage: { driver: "disk", path: at(written.storage?.path, DEFAULTS.storage) },
    receipts: {
      issuer: written.receipts?.issuer ?? defaultIssuer({ ...publicAddress, tls }),
      keysFolder: at(written.receipts?.keys, DEFAULTS.keys),
      lifetimeMs: written.receipts?.lifetime ?? DEFAULTS.receiptLifetimeMs,
    },
    callers: buildCallers(written.callers, folder),
    trustProxy: [...(written["trust-proxy"] ?? [])],
    limits: limits(written.limits),
    signals: {
      log: written.signals?.log ?? "stdout",
      metrics: written.signals?.metrics ?? true,
      serverTiming: written.signals?.["server-timing"] ?? false,
      history: written.signals?.history ?? true,
      otlp: otlpCollector(written.signals?.otlp),
    },
  });
}

/** The gate's URL where the settings name no issuer. */
export function defaultIssuer(listen: Settings["listen"]["public"]): string {
  return `${listen.tls === null ? "http" : "https"}://${formatListenAddress(listen)}`;
}

function otlpCollector(
  written: NonNullable<WrittenSettings["signals"]>["otlp"],
): Settings["signals"]["otlp"] {
  if (written === undefined) return null;
  return {
    endpoint: written.endpoint,
    tracesShare: (written.traces ?? DEFAULTS.tracesPercent) / 100,
    metricsEveryMs: written["metrics-every"] ?? DEFAULTS.metricsEveryMs,
    environment: written.environment ?? null,
  };
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
    bodyBytesPerSecondMin: written?.["min-rate"] ?? DEFAULTS.bodyBytesPerSecondMin,
    headersMs: written?.headers ?? DEFAULTS.headersMs,
    stopGraceMs: written?.stop ?? DEFAULTS.stopGraceMs,
  };
}
