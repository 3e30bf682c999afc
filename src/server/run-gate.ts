/**
 * From settings to a running gate, and back down: opened in the order in which the parts need each other, closed in the reverse one.
 */
import { setMaxListeners } from "node:events";
import type { Server as OperatorServer } from "node:http";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { openReceiptKeys } from "../delivery/receipt/receipt-keys.ts";
import type { FlowSet } from "../flows/flow.ts";
import { trustedProxies } from "../gate/client-address.ts";
import { SeenRoutes, trafficPath } from "../gate/discovery/seen-routes.ts";
import { ForgetExpired } from "../gate/forget-expired.ts";
import type { GateParts } from "../gate/gate-parts.ts";
import { openIdempotency } from "../gate/idempotency/idempotency-keys.ts";
import { type Recovery, recover } from "../gate/recover.ts";
import { startRedelivery } from "../gate/redelivery/start-redelivery.ts";
import { RefusalTally } from "../gate/refusal-tally.ts";
import { UploadSlots } from "../gate/upload-slots.ts";
import { openCallers } from "../permissions/callers/open-callers.ts";
import { openShares } from "../permissions/shares/open-shares.ts";
import { GateError } from "../problems/gate-error.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import { restoreInline } from "../release/restore-inline.ts";
import { Settler } from "../release/settle.ts";
import { openOperatorAccess } from "../settings/operator-access.ts";
import type { ListenAddress, Settings } from "../settings/settings.ts";
import { readVersion } from "../setup/read-version.ts";
import { openGateHistory } from "../signals/history/gate-history.ts";
import type { Log } from "../signals/log.ts";
import { makeMetrics } from "../signals/metrics.ts";
import { SignalBus } from "../signals/signal-bus.ts";
import { openDiskStorage } from "../storage/disk/open-disk-storage.ts";
import { connectUpstream } from "../upstream/connect-upstream.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { lockData } from "./data-lock.ts";
import { openGateConsole } from "./open-gate-console.ts";
import { makeOperatorServer } from "./operator-server.ts";
import { openPublicServer } from "./public-server.ts";
import { type ReloadResult, reloadGate } from "./reload.ts";
import { stopGate } from "./stop-gate.ts";

/** A gate that listens. */
export interface RunningGate {
  readonly parts: GateParts;
  readonly recovery: Recovery;
  readonly reload: () => Promise<ReloadResult>;
  /** Takes nothing new, lets what runs finish for so long, then closes everything. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/**
 * Starts a gate.
 * @throws GateError where a part cannot be opened or a port is taken; whatever was opened is closed again.
 */
export async function runGate(settings: Settings, flows: FlowSet, log: Log): Promise<RunningGate> {
  const closers: (() => Promise<void> | void)[] = [];
  try {
    closers.push(lockData(settings.records.path));
    const breakOff = new AbortController();
    // Each request at work listens.
    setMaxListeners(0, breakOff.signal);
    const parts = await openParts(settings, flows, { log, closers, breakOff: breakOff.signal });
    await sendSignals(parts, closers);
    if (settings.signals.history) parts.signals.add(parts.history.writer);
    parts.history.writer.noteFlows(flows.flows);
    const recovery = await recover(parts.records, parts.storage, log, Date.now(), flows.flows);
    await restoreInline(parts.records, parts.storage);
    const redelivery = startRedelivery(parts);
    closers.push(() => redelivery.close());
    const forgetting = new ForgetExpired({ records: parts.records, keepMs: settings.records.keepMs, log });
    closers.push(() => forgetting.close());
    const publicServer = await openPublicServer(parts);
    closers.push(() => publicServer.close());
    const reload = once(() => reloadGate(parts, publicServer.certificate));
    const { token } = openOperatorAccess(settings);
    const { certificate } = publicServer;
    const console = openGateConsole(parts, { token, certificate });
    closers.push(() => console.close());
    const operatorServer = makeOperatorServer(parts, { token, reload, certificate, console, log });
    await listen(publicServer.listener, settings.listen.public);
    closers.push(() => closeServer(operatorServer));
    await listen(operatorServer, settings.listen.operator);
    return {
      parts,
      recovery,
      reload,
      stop: async (graceMs) => {
        await stopGate(parts, publicServer, { breakOff, graceMs });
        await closeAll(closers, log);
      },
    };
  } catch (error) {
    await closeAll(closers, log);
    throw error;
  }
}

interface Opening {
  readonly log: Log;
  readonly closers: (() => Promise<void> | void)[];
  readonly breakOff: AbortSignal;
}

async function openParts(settings: Settings, flows: FlowSet, opening: Opening): Promise<GateParts> {
  const { log, closers, breakOff } = opening;
  const records = await openSqliteRecords({ path: settings.records.path });
  closers.push(() => records.close());
  const storage = await openDiskStorage({ root: settings.storage.path });
  closers.push(() => storage.close());
  const receiptKeys = await openReceiptKeys({ folder: settings.receipts.keysFolder });
  const upstreams = connectUpstreams(settings, closers);
  const callers = openCallers({ settings, records, upstreams, log });
  closers.push(() => callers.close());
  const shares = await openShares(records);
  closers.push(() => shares.close());
  const refusals = new RefusalTally(records, log);
  closers.push(() => refusals.close());
  const settler = new Settler(records, storage);
  closers.push(() => settler.close());
  const metrics = makeMetrics();
  const onLost = (count: number): void => metrics.historyLost.inc(count);
  const history = await openGateHistory({ store: records, path: settings.records.path, log, onLost });
  closers.push(() => history.close());
  const seenRoutes = new SeenRoutes({ path: trafficPath(dirname(settings.records.path)), log });
  closers.push(() => seenRoutes.close());
  return {
    settings,
    records,
    storage,
    quarantine: new Quarantine(storage),
    settler,
    upstreams,
    receiptKeys,
    callers,
    shares,
    idempotency: openIdempotency(records),
    refusals,
    log,
    metrics,
    signals: new SignalBus((error) => log.error({ err: error }, "a listener to signals failed")),
    history,
    slots: new UploadSlots(settings.limits.uploads, (active) => metrics.activeUploads.set(active)),
    seenRoutes,
    isTrustedProxy: trustedProxies(settings.trustProxy),
    flows,
    isStopping: false,
    breakOff,
  };
}

/** OpenTelemetry's exporters are loaded only where the settings name a collector. */
async function sendSignals(gate: GateParts, closers: Opening["closers"]): Promise<void> {
  const { otlp: collector } = gate.settings.signals;
  if (collector === null) return;
  const { openOtlp } = await import("../signals/otlp/open-otlp.ts");
  const routeOf = (name: string): string | null =>
    gate.flows.flows.find((flow) => flow.name === name)?.route.path ?? null;
  const otlp = openOtlp({ ...collector, version: readVersion(), routeOf, log: gate.log });
  closers.push(gate.signals.add(otlp), () => otlp.close());
}

function connectUpstreams(settings: Settings, closers: Opening["closers"]): ReadonlyMap<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const { name, url, timeoutMs } of settings.upstreams.values()) {
    const upstream = connectUpstream({ name, url, timeoutMs });
    closers.push(() => upstream.close());
    upstreams.set(name, upstream);
  }
  return upstreams;
}

function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new GateError("SETTINGS_INVALID", {
          message: `The gate cannot listen on ${host}:${port}: ${cause.code === "EADDRINUSE" ? "the port is taken" : cause.message}.`,
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function closeServer(server: OperatorServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function closeAll(closers: Opening["closers"], log: Log): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      log.error({ err: error }, "a part did not close");
    }
  }
}

/** Reloads one after another, never two at once: the later one sees the newer files. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  return () => {
    const next = running.then(work, work);
    running = next;
    return next;
  };
}
