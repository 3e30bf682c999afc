/**
 * From settings to a running gate, and back down: opened in the order in which the parts need each other, closed in the reverse one.
 */
import type { Server } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";
import { openReceiptKeys } from "../delivery/receipt/receipt-keys.ts";
import type { FlowSet } from "../flows/flow.ts";
import type { GateParts } from "../gate/gate-parts.ts";
import { type Recovery, recover } from "../gate/recover.ts";
import { UploadSlots } from "../gate/upload-slots.ts";
import { UploadSpotter } from "../gate/upload-spotter.ts";
import { GateError } from "../problems/gate-error.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import { restoreInline } from "../release/restore-inline.ts";
import { Settler } from "../release/settle.ts";
import type { ListenAddress, Settings } from "../settings/settings.ts";
import type { Log } from "../signals/log.ts";
import { makeMetrics } from "../signals/metrics.ts";
import { openDiskStorage } from "../storage/disk/open-disk-storage.ts";
import { connectUpstream } from "../upstream/connect-upstream.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { lockData } from "./data-lock.ts";
import { openOperatorAccess } from "./operator-access.ts";
import { makeOperatorServer } from "./operator-server.ts";
import { makePublicServer } from "./public-server.ts";
import { type ReloadResult, reloadFlows } from "./reload.ts";

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
    const parts = await openParts(settings, flows, { log, closers });
    const recovery = await recover(parts.records, parts.storage, log, Date.now());
    await restoreInline(parts.records, parts.storage);
    const reload = once(() => reloadFlows(parts));
    const publicServer = makePublicServer(parts);
    const operatorServer = makeOperatorServer(parts, { token: openOperatorAccess(settings).token, reload });
    await listen(publicServer, settings.listen.public, closers);
    await listen(operatorServer, settings.listen.operator, closers);
    return {
      parts,
      recovery,
      reload,
      stop: (graceMs) => stop(parts, { closers, servers: [publicServer, operatorServer], graceMs }),
    };
  } catch (error) {
    await closeAll(closers, log);
    throw error;
  }
}

interface Opening {
  readonly log: Log;
  readonly closers: (() => Promise<void> | void)[];
}

async function openParts(settings: Settings, flows: FlowSet, { log, closers }: Opening): Promise<GateParts> {
  const records = await openSqliteRecords({ path: settings.records.path });
  closers.push(() => records.close());
  const storage = await openDiskStorage({ root: settings.storage.path });
  closers.push(() => storage.close());
  const receiptKeys = await openReceiptKeys({ folder: settings.receipts.keysFolder });
  const upstreams = connectUpstreams(settings, closers);
  const settler = new Settler(records, storage);
  closers.push(() => settler.close());
  const metrics = makeMetrics();
  return {
    settings,
    records,
    storage,
    quarantine: new Quarantine(storage),
    settler,
    upstreams,
    receiptKeys,
    log,
    metrics,
    slots: new UploadSlots(settings.limits.uploads, (active) => metrics.activeUploads.set(active)),
    spotter: new UploadSpotter(),
    isTrustedProxy: trustedProxies(settings.trustProxy),
    flows,
    isStopping: false,
  };
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

/** Addresses and networks (`10.0.0.0/8`) of proxies whose forwarding headers count. */
function trustedProxies(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
    return isIP(plain) !== 0 && list.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  };
}

function listen(server: Server, { host, port }: ListenAddress, closers: Opening["closers"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new GateError("SETTINGS_INVALID", {
          message: `The gate cannot listen on ${host}:${port}: ${cause.code === "EADDRINUSE" ? "the port is taken" : cause.message}.`,
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      closers.push(() => closeServer(server));
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Stopping {
  readonly closers: Opening["closers"];
  readonly servers: readonly Server[];
  readonly graceMs: number;
}

async function stop(parts: GateParts, { closers, servers, graceMs }: Stopping): Promise<void> {
  parts.isStopping = true;
  for (const server of servers) {
    server.close();
    server.closeIdleConnections();
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([parts.slots.idle(), late]);
  clearTimeout(timer);
  await closeAll(closers, parts.log);
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
