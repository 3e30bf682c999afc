/**
 * `kill -9` at random moments under load, at least 50 times: what was acknowledged is there, whole and once; what was not is not visible.
 *
 * Uploads of three sizes (in memory, in one write, in many) go through both deliveries, four at a time, while the gate is killed and
 * started again on the same folder. One case nobody can decide from outside: killed between the service's 2xx and ours. Those uploads are whole,
 * there once, and counted apart; there can be no more of them than uploads were under way when the gate was killed.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { seededRandom } from "./seeded-random.ts";
import { startService } from "./service-under-test.ts";

const KILLS = Number(process.env.SLUICEGATE_KILLS ?? 50);
const SENDERS = 4;
const SIZES = [900, 40_000, 700_000];
const seed = Number(process.env.SLUICEGATE_SEED ?? Date.now() % 1_000_000);

interface Sent {
  readonly sha256: string;
  readonly delivery: "forward" | "receipt";
  readonly sizeBytes: number;
  status: number | null;
  uploadId: string | null;
}

test(`kill -9, ${KILLS} times (seed ${seed})`, { timeout: 300_000 }, async (t) => {
  const random = seededRandom(seed);
  const service = await startService();
  const options = { upstream: service.origin, flows: ["raw", "raw-receipt"] };
  let gate = await startGate(options);
  t.after(async () => {
    await gate.stop();
    await service.stop();
  });
  const sent: Sent[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await loadUntilKilled(gate, { sent, random, acknowledged: 3 + random(12) });
    gate = await restartGate(gate, options);
  }
  await checkAcknowledged(gate, sent, await deliveredCopies(service));
  await checkNothingElse(gate, sent);
  const acknowledged = sent.filter(({ status }) => status === 201).length;
  t.diagnostic(`${sent.length} uploads begun, ${acknowledged} acknowledged, ${KILLS} kills`);
  assert.ok(acknowledged >= KILLS, "the load was real");
});

interface Load {
  readonly sent: Sent[];
  readonly random: (below: number) => number;
  /** So many acknowledgements are waited for before the kill, plus a random part of the next upload. */
  readonly acknowledged: number;
}

async function loadUntilKilled(gate: GateUnderTest, { sent, random, acknowledged }: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  let left = acknowledged;
  let isKilled = false;
  const kill = (): void => {
    isKilled = true;
    gate.signal("SIGKILL");
  };
  const sender = async (): Promise<void> => {
    while (!isKilled) {
      const upload = newUpload(random);
      sent.push(upload.sent);
      await send(gate, agent, upload);
      left -= 1;
      // A few hundred turns of the event loop spread the kill over the steps of what is under way.
      if (left === 0) afterTurns(random(400), kill);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  agent.destroy();
  await gate.ended();
}

function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else setImmediate(() => afterTurns(turns - 1, then));
}

function newUpload(random: (below: number) => number): { sent: Sent; bytes: Buffer } {
  const bytes = randomBytes(1 + random(SIZES[random(SIZES.length)] ?? 1));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const delivery = random(2) === 0 ? "forward" : "receipt";
  return { bytes, sent: { sha256, delivery, sizeBytes: bytes.length, status: null, uploadId: null } };
}

/** Resolves also when the connection breaks; `status` stays `null` then. */
function send(
  gate: GateUnderTest,
  agent: Agent,
  { sent, bytes }: { sent: Sent; bytes: Buffer },
): Promise<void> {
  const path = sent.delivery === "forward" ? `/raw/${sent.sha256}` : `/receipts/${sent.sha256}`;
  return new Promise((resolve) => {
    const outgoing = request(`${gate.origin}${path}`, {
      method: "PUT",
      agent,
      headers: { "content-length": bytes.length },
    });
    outgoing.on("error", () => resolve());
    outgoing.on("response", (incoming) => {
      incoming.on("error", () => resolve());
      incoming.on("close", () => resolve());
      incoming.on("end", () => {
        sent.status = incoming.statusCode ?? null;
        sent.uploadId = String(incoming.headers["sluicegate-upload"]);
      });
      incoming.resume();
    });
    outgoing.end(bytes);
  });
}

/** How often the service got each digest by forward; every copy was whole, since the digest is of what it got. */
async function deliveredCopies(
  service: Awaited<ReturnType<typeof startService>>,
): Promise<Map<string, number>> {
  const copies = new Map<string, number>();
  for (const { path, files } of await service.received()) {
    if (!path.startsWith("/raw/")) continue;
    const named = path.slice("/raw/".length);
    for (const { sha256 } of files) {
      assert.equal(sha256, named, "the service got a file whole or not at all");
      copies.set(sha256, (copies.get(sha256) ?? 0) + 1);
    }
  }
  return copies;
}

async function checkAcknowledged(
  gate: GateUnderTest,
  sent: readonly Sent[],
  copies: ReadonlyMap<string, number>,
): Promise<void> {
  const records = new Map((await gate.uploads()).map((record) => [record.id, record]));
  for (const { status, uploadId, sha256, delivery } of sent) {
    if (status === null) continue;
    assert.equal(status, 201);
    const record = records.get(uploadId ?? "");
    assert.equal(record?.state, "delivered", `${uploadId} was acknowledged`);
    assert.equal(record.files[0]?.sha256, sha256);
    if (delivery === "forward") assert.equal(copies.get(sha256), 1, "forwarded once");
    else assert.equal(await storedDigest(gate, record.files[0]?.key ?? ""), sha256, "stored whole");
  }
}

async function storedDigest(gate: GateUnderTest, key: string): Promise<string> {
  const path = (await gate.stored()).find((name) => name.endsWith(key));
  assert.ok(path !== undefined, `the file ${key} is in the store`);
  return createHash("sha256")
    .update(await readFile(join(gate.folder, "data/store", path)))
    .digest("hex");
}

async function checkNothingElse(gate: GateUnderTest, sent: readonly Sent[]): Promise<void> {
  const acknowledged = new Set(sent.filter(({ status }) => status !== null).map(({ uploadId }) => uploadId));
  const records = await gate.uploads();
  const others = records.filter(({ id }) => !acknowledged.has(id));
  const unfinished = others.filter(
    ({ state }) => !["aborted", "expired", "rejected", "undeliverable", "delivered"].includes(state),
  );
  assert.deepEqual(unfinished, [], "a start leaves every upload in a state it can stay in");
  const answerLost = others.filter(({ state }) => state === "delivered").length;
  const uncertain = others.filter(({ state }) => state === "undeliverable").length;
  assert.ok(
    answerLost + uncertain <= KILLS * SENDERS,
    `${answerLost} + ${uncertain} uploads whose answer was lost`,
  );
  const keysOf = (...states: readonly string[]): ReadonlySet<string> =>
    new Set(
      records
        .filter(({ state }) => states.includes(state))
        .flatMap(({ files }) => files.map(({ key }) => key)),
    );
  const strangers = (paths: readonly string[], known: ReadonlySet<string>): readonly string[] =>
    paths.filter((path) => !known.has(path.split("/").at(-1) ?? ""));
  assert.deepEqual(
    strangers(await gate.stored(), keysOf("delivered", "undeliverable")),
    [],
    "the store has what records need",
  );
  assert.deepEqual(
    strangers(await gate.quarantined(), keysOf("undeliverable")),
    [],
    "quarantine keeps what a person must decide",
  );
}
