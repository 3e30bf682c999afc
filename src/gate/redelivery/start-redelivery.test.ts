/**
 * The job on real records, real storage and real services.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Flow, FlowFailure } from "../../flows/flow.ts";
import { openSqliteRecords } from "../../records/sqlite/open-sqlite-records.ts";
import type { SqliteRecords } from "../../records/sqlite/sqlite-records.ts";
import { openLog } from "../../signals/log.ts";
import { makeMetrics } from "../../signals/metrics.ts";
import { openDiskStorage } from "../../storage/disk/open-disk-storage.ts";
import { newStorageKey } from "../../storage/storage.ts";
import { newUploadId, type UploadId } from "../../uploads/upload-id.ts";
import { connectUpstream } from "../../upstream/connect-upstream.ts";
import type { GateParts } from "../gate-parts.ts";
import { moves } from "../transitions.ts";
import { startRedelivery } from "./start-redelivery.ts";

const RETRY: FlowFailure = {
  upstreamDown: "retry",
  upstreamUnknown: "keep",
  upstreamError: "retry",
  retryForMs: 3_600_000,
  storageFull: "refuse",
};

interface Bench {
  readonly gate: GateParts;
  readonly records: SqliteRecords;
  /** Records an upload of a flow that waits and is due now. */
  keep(flow: string, count?: number): Promise<UploadId[]>;
}

/** A gate's parts with one flow for each service, of the same name. */
async function bench(t: TestContext, services: Readonly<Record<string, string>>): Promise<Bench> {
  const root = mkdtempSync(join(tmpdir(), "sluicegate-redelivery-"));
  const records = await openSqliteRecords({ path: join(root, "records.sqlite") });
  const storage = await openDiskStorage({ root });
  const upstreams = new Map(
    Object.entries(services).map(([name, url]) => [name, connectUpstream({ name, url, timeoutMs: 2000 })]),
  );
  const flows = Object.keys(services).map(
    (name) =>
      ({
        name,
        upstream: name,
        deliver: "forward",
        failure: RETRY,
        route: { method: "PUT", path: "/" },
      }) as Flow,
  );
  const parts: Partial<GateParts> = {
    records,
    storage,
    upstreams,
    log: openLog("off"),
    metrics: makeMetrics(),
    flows: { flows, match: () => ({ kind: "none" }) },
    settings: { upstreams: new Map() } as unknown as GateParts["settings"],
  };
  const gate = parts as GateParts;
  t.after(async () => {
    for (const upstream of upstreams.values()) await upstream.close();
    await records.close();
    await storage.close();
    rmSync(root, { recursive: true });
  });
  const keep = (flow: string, count = 1): Promise<UploadId[]> =>
    Promise.all(Array.from({ length: count }, () => keepOne(records, flow)));
  return { gate, records, keep };
}

async function keepOne(records: SqliteRecords, flow: string): Promise<UploadId> {
  const id = newUploadId();
  const key = newStorageKey();
  const nowMs = Date.now();
  const file = { index: 0, field: "body", declaredName: null, declaredType: null, key, sizeBytes: 5 };
  await records.begin(
    {
      id,
      flow,
      policyVersion: "1",
      mode: "enforce",
      protocol: "raw",
      method: "PUT",
      path: "/",
      principal: "public",
      requestId: "r",
      startedAtMs: nowMs,
    },
    moves(nowMs, "receiving", "received", "inspecting", "accepted", "released", "undeliverable"),
    {
      files: [{ ...file, sha256: "0".repeat(64), verifiedType: null, isInline: true, findings: [] }],
      putInline: [{ key, bytes: Buffer.from("hello") }],
      delivery: {
        attempt: 1,
        kind: "forward",
        startedAtMs: nowMs,
        endedAtMs: nowMs,
        status: null,
        error: "",
      },
      handover: {
        method: "PUT",
        target: "/",
        headers: [],
        idempotencyScope: null,
        parts: [{ kind: "file", name: "body", index: 0 }],
      },
      nextTryAtMs: nowMs,
    },
  );
  return id;
}

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("what waits for a service that is down does not keep another service's delivery waiting, however much it is", async (t) => {
  const delivered = Promise.withResolvers<string>();
  const well = await serve(t, (req, res) => {
    req.resume();
    res.writeHead(201).end();
    delivered.resolve(String(req.headers["sluicegate-upload"]));
  });
  const { gate, records, keep } = await bench(t, { down: "http://127.0.0.1:1", well });
  await keep("down", 250);
  const [last] = await keep("well");
  const job = startRedelivery(gate);
  assert.equal(await delivered.promise, last);
  await job.close();
  const tries = (await records.list({ flow: "down", limit: 500 })).map(({ deliveries }) => deliveries.length);
  assert.ok(
    tries.filter((count) => count > 1).length <= 10,
    "a service that is down is asked by one at a time",
  );
});

test("a stop breaks a try off, and its outcome is recorded as unknown: it waits for a person", {
  timeout: 20_000,
}, async (t) => {
  const asked = Promise.withResolvers<void>();
  const silent = await serve(t, () => asked.resolve());
  const { gate, records, keep } = await bench(t, { silent });
  const [id] = await keep("silent");
  const job = startRedelivery(gate);
  await asked.promise;
  await job.close();
  const record = await records.get(id as UploadId);
  assert.equal(record?.state, "undeliverable");
  assert.equal(record.nextTryAtMs, null);
  assert.match(record.deliveries.at(-1)?.error ?? "", /^(UPSTREAM_TIMEOUT|GATE_STOPPING): /);
});

test("a few go to a service at once, never more, and each once", async (t) => {
  let atOnce = 0;
  let most = 0;
  const seen: string[] = [];
  const all = Promise.withResolvers<void>();
  const slow = await serve(t, (req, res) => {
    req.resume();
    atOnce += 1;
    most = Math.max(most, atOnce);
    seen.push(String(req.headers["sluicegate-upload"]));
    setTimeout(() => {
      atOnce -= 1;
      res.writeHead(201).end();
      if (seen.length === 40) all.resolve();
    }, 5);
  });
  const { gate, records, keep } = await bench(t, { slow });
  const ids = await keep("slow", 40);
  const job = startRedelivery(gate);
  await all.promise;
  await job.close();
  assert.deepEqual(seen.sort(), [...ids].sort());
  assert.ok(most <= 4 && most > 1, String(most));
  assert.equal((await records.list({ state: "delivered", limit: 100 })).length, 40);
  assert.deepEqual(await records.inlineKeys(), []);
});

test("what a person has given up while it was due is not sent", async (t) => {
  const service = await serve(t, () => assert.fail("it was sent"));
  const { gate, records, keep } = await bench(t, { service });
  const [id] = await keep("service");
  const whole: SqliteRecords["dueDeliveries"] = records.dueDeliveries.bind(records);
  // Between the list of what is due and the try.
  records.dueDeliveries = async (nowMs, limit) => {
    const due = await whole(nowMs, limit);
    for (const one of due) await records.move(one.id, moves(nowMs, "undeliverable", "expired"));
    return due;
  };
  const job = startRedelivery(gate);
  await job.close();
  const record = await records.get(id as UploadId);
  assert.equal(record?.state, "expired");
});
