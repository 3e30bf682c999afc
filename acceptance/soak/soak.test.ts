/**
 * A soak: honest, hostile, leaving and slow senders at once, with a `kill -9` now and then; two minutes in CI, `SLUICEGATE_SOAK_SECONDS=600` by hand.
 *
 * In the first half the gate is killed at random moments; in the second it lives on, and what it takes of the machine is watched. Afterwards:
 * every acknowledged upload is there, whole and once; a retry doubled and lost nothing; nothing is left in quarantine, of descriptors, of places or of
 * quota; the audit chain is whole.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "../gate-under-test.ts";
import { seededRandom } from "../seeded-random.ts";
import { type ServiceUnderTest, startService } from "../service-under-test.ts";
import { goAway, type Seen, sendHonestly, sendHostile, sendSlowly, type Traffic } from "./traffic.ts";
import { readVitals, sayVitals, type Vitals } from "./vitals.ts";

const SECONDS = Number(process.env.SLUICEGATE_SOAK_SECONDS ?? 120);
const KILL_EVERY_MS = 8_000;
const seed = Number(process.env.SLUICEGATE_SEED ?? Date.now() % 1_000_000);
const HONEST_SENDERS = 8;
/** What allocators and caches may still gain in the end without being a leak. */
const RESIDENT_GAIN_BYTES_MAX = 40e6;
const DESCRIPTORS_GAIN_MAX = 12;

test(`a soak of ${SECONDS} s (seed ${seed})`, { timeout: (SECONDS + 180) * 1000 }, async (t) => {
  const random = seededRandom(seed);
  const service = await startService();
  const options: GateOptions = {
    upstream: service.origin,
    flows: ["soak-raw", "soak-receipt"],
    limits: "idle: 3s, connections: 500, uploads: 100",
  };
  let gate = await startGate(options);
  let isStopping = false;
  t.after(async () => {
    isStopping = true;
    await gate.stop();
    await service.stop();
  });
  const apiKey = await addKey(gate);
  const seen: Seen = { honest: [], hostile: new Map(), aborted: 0, cutOff: 0, tolerated: 0, retries: 0 };
  const traffic: Traffic = {
    origin: () => gate.origin,
    isStopping: () => isStopping,
    random,
    apiKey,
    seen,
  };
  const senders = startSenders(traffic);
  let kills = 0;
  const endsAt = performance.now() + SECONDS * 1000;
  while (performance.now() < endsAt - SECONDS * 500) {
    await pause(KILL_EVERY_MS / 2 + random(KILL_EVERY_MS));
    gate.signal("SIGKILL");
    kills += 1;
    await gate.ended();
    gate = await restartGate(gate, options);
  }
  const samples = await watch(gate, endsAt);
  isStopping = true;
  await senders;
  const atRest = await vitalsAtRest(gate, await keptFiles(gate));
  for (const line of figures(seen, kills, samples, atRest)) t.diagnostic(line);

  await judgeHonest(gate, service, seen);
  judgeHostile(seen);
  assert.equal(seen.tolerated, 0, "slow senders are cut off");
  judgeVitals(samples, atRest);
  await judgeShares(gate, apiKey);
  const audit = await gate.run("audit", "verify");
  assert.equal(audit.exitCode, 0, audit.out + audit.err);
  t.diagnostic(audit.out.trim());
});

function startSenders(traffic: Traffic): Promise<unknown> {
  return Promise.all([
    ...Array.from({ length: HONEST_SENDERS }, () => sendHonestly(traffic)),
    sendHostile(traffic),
    sendHostile(traffic),
    goAway(traffic),
    sendSlowly(traffic),
    sendSlowly(traffic),
  ]);
}

async function addKey(gate: GateUnderTest): Promise<string> {
  const added = await gate.run("key", "add", "soak", "--principal", "soak");
  assert.equal(added.exitCode, 0, added.err);
  return added.out.trim();
}

async function watch(gate: GateUnderTest, endsAt: number): Promise<readonly Vitals[]> {
  const samples: Vitals[] = [];
  while (performance.now() < endsAt) {
    await pause(2000);
    samples.push(await readVitals(gate.pid, await gate.quarantined()));
  }
  return samples;
}

/** Names of the files in quarantine that a person has to decide about. */
async function keptFiles(gate: GateUnderTest): Promise<ReadonlySet<string>> {
  const kept = (await gate.uploads()).filter(({ state }) => state === "undeliverable");
  return new Set(kept.flatMap(({ files }) => files.map(({ key }) => key)));
}

/** When nobody sends any more and connections have been let go. */
async function vitalsAtRest(gate: GateUnderTest, kept: ReadonlySet<string>): Promise<Vitals> {
  const givesUpAt = performance.now() + 15_000;
  for (;;) {
    const left = (await gate.quarantined()).filter((path) => !kept.has(path.split("/").at(-1) ?? ""));
    const vitals = await readVitals(gate.pid, left);
    if (vitals.quarantined === 0 || performance.now() > givesUpAt) return vitals;
    await pause(250);
  }
}

function figures(seen: Seen, kills: number, samples: readonly Vitals[], atRest: Vitals): readonly string[] {
  const acknowledged = seen.honest.filter(({ status }) => status === 201).length;
  const undecided = seen.honest.filter(({ code }) => code === "IDEMPOTENCY_UNDECIDED").length;
  const hostile = [...seen.hostile].map(
    ([name, statuses]) =>
      `${name}: ${[...statuses].map(([status, times]) => `${times} × ${status}`).join(", ")}`,
  );
  const [first, last] = [samples.at(0), samples.at(-1)];
  const tenths = samples.filter((_, at) => at % Math.ceil(samples.length / 10) === 0);
  return [
    `${kills} kills; ${seen.honest.length} honest uploads, ${acknowledged} acknowledged, ${undecided} of unknown delivery, ${seen.retries} retries`,
    `${seen.aborted} went away, ${seen.cutOff} slow ones cut off, ${seen.tolerated} not`,
    ...hostile,
    ...(first === undefined || last === undefined
      ? []
      : [sayVitals("after the last start", first), sayVitals("at the end", last)]),
    `resident on the way, MB: ${tenths.map(({ residentBytes }) => (residentBytes / 1e6).toFixed(0)).join(" ")}`,
    sayVitals("at rest", atRest),
  ];
}

async function judgeHonest(gate: GateUnderTest, service: ServiceUnderTest, { honest }: Seen): Promise<void> {
  const copies = new Map<string, number>();
  for (const { path, files } of await service.received())
    for (const { sha256 } of files)
      if (path.endsWith(sha256)) copies.set(sha256, (copies.get(sha256) ?? 0) + 1);
  const records = new Map((await gate.uploads()).map((record) => [record.id, record]));
  const stored = new Set((await gate.stored()).map((path) => path.split("/").at(-1)));
  const odd = honest.filter(({ status, code }) => status !== 201 && code !== "IDEMPOTENCY_UNDECIDED");
  // The last ones were broken off when the soak ended.
  assert.deepEqual(
    odd.filter(({ status }) => status !== null && status !== 0),
    [],
    "every honest upload is taken in the end",
  );
  for (const { sha256, status, delivery, uploadId } of honest) {
    if (delivery === "forward" && (copies.get(sha256) ?? 0) > 1)
      assert.fail(`${sha256} reached the service twice: ${triesOf(sha256, records)}`);
    if (status !== 201) continue;
    const record = records.get(uploadId ?? "");
    assert.equal(record?.state, "delivered", `${uploadId} was acknowledged`);
    assert.equal(record.files[0]?.sha256, sha256);
    if (delivery === "forward") assert.equal(copies.get(sha256), 1, `${sha256} is at the service`);
    else assert.ok(stored.has(record.files[0]?.key), `${sha256} is in the store`);
  }
  await judgeStore(
    gate,
    honest.filter(({ status, delivery }) => status === 201 && delivery === "receipt"),
    records,
  );
}

type UploadRecords = ReadonlyMap<string, Awaited<ReturnType<GateUnderTest["uploads"]>>[number]>;

/** What the gate has on record of each try of a content, to see where it was doubled. */
function triesOf(sha256: string, records: UploadRecords): string {
  return JSON.stringify(
    [...records.values()].filter(({ files }) => files.some((file) => file.sha256 === sha256)),
  );
}

/** A sample of the stored files, byte by byte. */
async function judgeStore(
  gate: GateUnderTest,
  uploads: Seen["honest"],
  records: UploadRecords,
): Promise<void> {
  const paths = new Map((await gate.stored()).map((path) => [path.split("/").at(-1), path]));
  for (const { uploadId, sha256 } of uploads.slice(-300)) {
    const path = paths.get(records.get(uploadId ?? "")?.files[0]?.key);
    const bytes = await readFile(join(gate.folder, "data/store", path ?? ""));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
  }
}

function judgeHostile({ hostile }: Seen): void {
  for (const [name, statuses] of hostile) {
    const accepted = [...statuses.keys()].filter((status) => status >= 200 && status < 400);
    assert.deepEqual(accepted, [], name);
    const failed = [...statuses.keys()].filter((status) => status >= 500 && status !== 503);
    assert.deepEqual(failed, [], `${name} made the gate fail`);
  }
}

/** In its first third a gate fills what it keeps (caches, pools, young objects): what grows after that, leaks. */
function judgeVitals(samples: readonly Vitals[], atRest: Vitals): void {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const gain = (of: (vitals: Vitals) => number): number =>
    median(samples.slice(-third).map(of)) - median(samples.slice(third, 2 * third).map(of));
  const residentGain = gain(({ residentBytes }) => residentBytes);
  assert.ok(residentGain < RESIDENT_GAIN_BYTES_MAX, `${(residentGain / 1e6).toFixed(0)} MB more resident`);
  assert.ok(gain(({ descriptors }) => descriptors) < DESCRIPTORS_GAIN_MAX, "descriptors are given back");
  assert.equal(atRest.quarantined, 0, "nothing is left in quarantine");
}

/** Places that a dead upload kept would be missing now: as many as the flow allows at once go through at once. */
async function judgeShares(gate: GateUnderTest, apiKey: string): Promise<void> {
  const statuses = await Promise.all(
    Array.from({ length: 24 }, async (_, number) => {
      const headers = { authorization: `Bearer ${apiKey}`, "idempotency-key": `"at-rest-${number}"` };
      const answer = await fetch(`${gate.origin}/raw/rest-${number}`, {
        method: "PUT",
        headers,
        body: "x".repeat(1000),
      });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  assert.deepEqual([...new Set(statuses)], [201], "every place was given back");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
