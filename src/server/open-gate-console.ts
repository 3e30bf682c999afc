/**
 * Opens the console of a gate: gives it what the gate has opened and nobody below knows of, such as readiness.
 */
import { type Console, openConsole } from "../console/console.ts";
import type { FrontPage } from "../console/console-api.ts";
import type { GateParts } from "../gate/gate-parts.ts";
import { readVersion } from "../setup/read-version.ts";
import type { PublicCertificate } from "./public-certificate.ts";
import { readReadiness } from "./readiness.ts";

const UNDESCRIBED_MAX = 20;
const UNDESCRIBED_MS = 7 * 24 * 60 * 60_000;

/** @param token the operator's */
export function openGateConsole(
  gate: GateParts,
  { token, certificate }: { readonly token: string; readonly certificate: PublicCertificate | null },
): Console {
  return openConsole({
    gate,
    history: gate.history.reader,
    marks: gate.history.writer,
    lastSignalAtMs: watchSignals(gate),
    readiness: () => readReadiness(gate, certificate),
    undescribed: () => undescribedRoutes(gate),
    commandLine: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    token,
    version: readVersion(),
    startedAtMs: Date.now(),
    now: Date.now,
  });
}

/** When the last signal came that the history should have. A gate that keeps none makes no signals for this either. */
function watchSignals({ signals, settings }: GateParts): () => number | null {
  let lastAtMs: number | null = null;
  if (settings.signals.history) signals.add({ take: () => (lastAtMs = Date.now()) });
  return () => lastAtMs;
}

/** What traffic of the last days shows and no flow in force takes. */
function undescribedRoutes({ seenRoutes, flows }: GateParts): FrontPage["undescribed"] {
  const sinceMs = Date.now() - UNDESCRIBED_MS;
  return seenRoutes
    .list()
    .filter(({ method, path, lastAtMs }) => lastAtMs >= sinceMs && flows.match(method, path).kind === "none")
    .slice(0, UNDESCRIBED_MAX)
    .map(({ method, path, requests, lastAtMs, reason }) => ({ method, path, requests, lastAtMs, reason }));
}
