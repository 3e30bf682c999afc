/**
 * `kill -9` at random moments while kept uploads are delivered: nothing that was acknowledged is lost; what may not be doubled is never sent again
 * after it may have arrived, and what may be is sent until it is taken.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { copiesAt, put, until, waiting } from "./fault-tools.ts";
import { freePort } from "./free-port.ts";
import { restartGate, startGate } from "./gate-under-test.ts";
import { seededRandom } from "./seeded-random.ts";
import { startService } from "./service-under-test.ts";

const KILLS = Number(process.env.SLUICEGATE_KILLS ?? 6);
const UPLOADS = 10;
const PATHS = ["/down-retry/kill", "/retry/kill", "/retry-receipts/kill"] as const;
const seed = Number(process.env.SLUICEGATE_SEED ?? Date.now() % 1_000_000);

test(`kill -9 while kept uploads are delivered, ${KILLS} times (seed ${seed})`, {
  timeout: 180_000,
}, async (t) => {
  const random = seededRandom(seed);
  const port = await freePort();
  const options = {
    upstream: `http://127.0.0.1:${port}`,
    flows: ["raw-down-retry", "raw-retry", "receipt-retry"],
  };
  let gate = await startGate(options);
  t.after(() => gate.stop());
  const ids = new Map<string, string[]>();
  for (const path of PATHS) {
    const sent: string[] = [];
    for (let count = 0; count < UPLOADS; count += 1) {
      const { status, body } = await put(gate, path, randomBytes(1 + random(300_000)));
      assert.equal(status, 202);
      sent.push(String(body.uploadId));
    }
    ids.set(path, sent);
  }
  const service = await startService(port);
  t.after(() => service.stop());
  await service.fail("slow", UPLOADS * PATHS.length * 2);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { out, err } = await gate.run("retry", "--all");
    assert.match(out + err, /due now|No delivery|being tried|may have reached/);
    await new Promise((resolve) => setTimeout(resolve, random(400)));
    gate.signal("SIGKILL");
    await gate.ended();
    gate = await restartGate(gate, options);
  }
  const left = await until("everything is delivered, or of unknown outcome", async () => {
    const all = await waiting(gate);
    return all.every((one) => one.nextTryAtMs === null && one.mayHaveArrived) ? all : null;
  });
  const counts = new Map<string, number>();
  for (const path of PATHS)
    for (const { uploadId } of await copiesAt(service, path))
      counts.set(uploadId ?? "", (counts.get(uploadId ?? "") ?? 0) + 1);
  const undecided = new Set(left.map(({ id }) => id));
  assert.ok(
    left.every(({ flow }) => flow === "raw-down-retry"),
    "what may be sent again does not wait for a person",
  );
  assert.ok(undecided.size <= KILLS * 4);
  for (const [path, sent] of ids)
    for (const id of sent) {
      const count = counts.get(id) ?? 0;
      if (path !== "/down-retry/kill") assert.ok(count >= 1, `${id} is lost`);
      else assert.ok(undecided.has(id) ? count <= 1 : count === 1, `${id}: ${count} times`);
    }
  t.diagnostic(`${undecided.size} of ${UPLOADS * PATHS.length} uploads are of unknown outcome`);
  await withoutGate();

  async function withoutGate(): Promise<void> {
    gate.signal("SIGTERM");
    await gate.ended();
    const retried = await gate.run("retry", "--all", "--may-double");
    assert.equal(retried.exitCode, 0, retried.err);
    assert.match(retried.out, undecided.size === 0 ? /No delivery waits/ : /the next start tries/);
    gate = await restartGate(gate, options);
    await until("everything is delivered", async () => ((await waiting(gate)).length === 0 ? true : null));
    assert.deepEqual(await gate.quarantined(), []);
  }
});
