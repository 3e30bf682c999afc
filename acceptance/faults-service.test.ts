/**
 * The service fails: it is gone, it hangs, it breaks the connection off after it took the upload, it answers 5xx or bytes that are no HTTP. Each
 * flow's `failure` decides what the client hears and what is kept; nothing that was acknowledged is lost, and nothing is sent twice that the flow
 * did not allow to be.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import {
  assertNothingLeft,
  copiesAt,
  metric,
  put,
  sha256Of,
  until,
  untilState,
  waiting,
} from "./fault-tools.ts";
import { freePort } from "./free-port.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const FLOWS = ["raw", "raw-receipt", "raw-retry", "receipt-retry", "raw-down-retry"];
/** In memory, in one write, in many. */
const SIZES = [900, 40_000, 700_000];

interface Both {
  readonly gate: GateUnderTest;
  readonly service: ServiceUnderTest;
  readonly options: GateOptions;
}

async function startBoth(t: TestContext, upstreamTimeout = "10s"): Promise<Both> {
  const service = await startService();
  t.after(() => {
    service.signal("SIGCONT");
    return service.stop();
  });
  const options = { flows: FLOWS, upstream: service.origin, upstreamTimeout };
  const gate = await startGate(options);
  t.after(() => gate.stop());
  return { gate, service, options };
}

/** A gate whose service is not there yet, and the way to start it. */
async function startAlone(t: TestContext): Promise<{
  readonly gate: GateUnderTest;
  readonly options: GateOptions;
  readonly bringUp: () => Promise<ServiceUnderTest>;
}> {
  const port = await freePort();
  const options = { flows: FLOWS, upstream: `http://127.0.0.1:${port}` };
  const gate = await startGate(options);
  const services: ServiceUnderTest[] = [];
  t.after(async () => {
    await gate.stop();
    for (const service of services) await service.stop();
  });
  const bringUp = async (): Promise<ServiceUnderTest> => {
    const service = await startService(port);
    services.push(service);
    return service;
  };
  return { gate, options, bringUp };
}

test("service down, flow refuses: 502 worth a retry, nothing is kept, and the next one works when it is up", async (t) => {
  const { gate, bringUp } = await startAlone(t);
  for (const path of ["/raw/a", "/receipts/a"]) {
    const { status, body, headers } = await put(gate, path, randomBytes(200_000));
    assert.equal(status, 502);
    assert.equal(body.code, "UPSTREAM_UNREACHABLE");
    assert.equal(body.retry, "later");
    assert.ok(Number(headers.get("retry-after")) > 0);
  }
  assert.deepEqual(new Set((await gate.uploads()).map(({ state }) => state)), new Set(["rejected"]));
  await assertNothingLeft(gate);
  await bringUp();
  assert.equal((await put(gate, "/raw/b", randomBytes(10))).status, 201);
});

for (const [path, kind] of [
  ["/retry/a", "forward"],
  ["/retry-receipts/a", "receipt"],
  ["/down-retry/a", "forward"],
] as const) {
  test(`service down, flow retries (${path}): 202, kept, and delivered once when the service is up`, async (t) => {
    const { gate, bringUp } = await startAlone(t);
    const bytes = SIZES.map((size) => randomBytes(size));
    const ids: string[] = [];
    for (const content of bytes) {
      const { status, body, headers } = await put(gate, path, content, {
        "X-Tag": "kept",
        "X-Api-Key": "secret",
      });
      assert.equal(status, 202, JSON.stringify(body));
      assert.equal(headers.get("location"), `/.sluicegate/uploads/${body.uploadId}`);
      assert.equal(headers.get("sluicegate-upload"), body.uploadId);
      ids.push(String(body.uploadId));
    }
    assert.equal((await waiting(gate)).length, 3);
    assert.equal(await metric(gate, "sluicegate_deliveries_waiting"), 3);
    const service = await bringUp();
    for (const id of ids) await untilState(gate, id, "delivered");
    const copies = await copiesAt(service, path);
    assert.deepEqual(
      copies.map(({ uploadId }) => uploadId).sort(),
      ids.sort(),
      "each once, under its own id",
    );
    for (const { attempt, headers } of copies) {
      assert.ok(Number(attempt) > 1);
      assert.equal(headers["x-tag"], "kept");
      assert.equal(headers["x-api-key"], undefined, "no secret of the client is kept");
    }
    if (kind === "forward") {
      assert.deepEqual(copies.map(({ sha256 }) => sha256).sort(), bytes.map(sha256Of).sort());
      await until("nothing is left", async () => ((await gate.quarantined()).length === 0 ? true : null));
    }
    assert.equal(await metric(gate, "sluicegate_deliveries_waiting"), 0);
    assert.equal((await gate.run("deliveries")).out.trim(), "No delivery waits.");
  });
}

test("service down, and the gate is killed and started again: what was acknowledged is delivered", async (t) => {
  const { gate, options, bringUp } = await startAlone(t);
  const bytes = SIZES.map((size) => randomBytes(size));
  const ids: string[] = [];
  for (const content of bytes) ids.push(String((await put(gate, "/retry/k", content)).body.uploadId));
  gate.signal("SIGKILL");
  await gate.ended();
  const again = await restartGate(gate, options);
  t.after(() => again.stop());
  const service = await bringUp();
  for (const id of ids) await untilState(again, id, "delivered");
  const copies = await copiesAt(service, "/retry/k");
  assert.deepEqual(copies.map(({ sha256 }) => sha256).sort(), bytes.map(sha256Of).sort());
});

test("the service breaks off after it took the upload, flow keeps: 502 without a lie, kept, and a person decides", async (t) => {
  const { gate, service } = await startBoth(t);
  for (const how of ["reset", "rubbish", "half"]) {
    const content = randomBytes(300_000);
    await service.fail(how);
    const { status, body } = await put(gate, `/raw/${how}`, content);
    assert.equal(status, 502, how);
    assert.equal(body.code, "UPSTREAM_ANSWER_INVALID", how);
    assert.equal(body.isKept, true);
    const [one] = await waiting(gate);
    assert.equal(one?.mayHaveArrived, true);
    assert.equal(one.nextTryAtMs, null, "not by itself");
    const doubt = await gate.run("retry", one.id);
    assert.equal(doubt.exitCode, 1);
    assert.match(doubt.err, /may have reached the service already/);
    assert.equal((await gate.run("retry", one.id, "--may-double")).exitCode, 0);
    await untilState(gate, one.id, "delivered");
    const copies = await copiesAt(service, `/raw/${how}`);
    assert.deepEqual(
      copies.map(({ sha256, uploadId }) => [sha256, uploadId]),
      [
        [sha256Of(content), one.id],
        [sha256Of(content), one.id],
      ],
    );
  }
  await until("nothing is left", async () => ((await gate.quarantined()).length === 0 ? true : null));
});

test("the service breaks off after it took the upload, flow retries: 202, and it gets the same upload id again", async (t) => {
  const { gate, service } = await startBoth(t);
  for (const path of ["/retry/r", "/retry-receipts/r"]) {
    await service.fail("reset", 2);
    const { status, body } = await put(gate, path, randomBytes(300_000));
    assert.equal(status, 202);
    await untilState(gate, String(body.uploadId), "delivered");
    const copies = await copiesAt(service, path);
    assert.deepEqual(
      copies.map(({ attempt }) => attempt),
      [null, "2", "3"],
    );
    assert.equal(new Set(copies.map(({ uploadId }) => uploadId)).size, 1);
    if (path === "/retry-receipts/r")
      assert.equal(new Set(copies.map(({ sha256 }) => sha256)).size, 3, "each receipt is signed anew");
  }
});

test("only upstream-down on retry: a try that breaks off after it was sent is not sent again", async (t) => {
  const { gate, service } = await startBoth(t);
  await service.fail("reset");
  const { status, body } = await put(gate, "/down-retry/once", randomBytes(50_000));
  assert.equal(status, 502);
  assert.equal(body.isKept, true);
  assert.deepEqual(
    (await waiting(gate)).map(({ nextTryAtMs }) => nextTryAtMs),
    [null],
  );
  assert.equal((await copiesAt(service, "/down-retry/once")).length, 1);
});

test("the service answers 500: passed on and nothing kept, or kept and tried until it answers otherwise", async (t) => {
  const { gate, service } = await startBoth(t);
  await service.fail("500");
  assert.equal((await put(gate, "/raw/five", randomBytes(100_000))).status, 500);
  await until("nothing is left", async () => ((await gate.quarantined()).length === 0 ? true : null));
  await service.fail("500", 2);
  const kept = await put(gate, "/retry/five", randomBytes(100_000));
  assert.equal(kept.status, 202);
  await untilState(gate, String(kept.body.uploadId), "delivered");
  assert.equal((await copiesAt(service, "/retry/five")).length, 3);
  await service.fail("501");
  assert.equal(
    (await put(gate, "/retry/never", randomBytes(10))).status,
    501,
    "what will never work is not tried again",
  );
});

test("a retry with the same Idempotency-Key gets the 202 while the upload is kept, and the service's answer after", async (t) => {
  const { gate, bringUp } = await startAlone(t);
  const content = randomBytes(100_000);
  const send = (): ReturnType<typeof put> =>
    put(gate, "/retry/key", content, { "Idempotency-Key": "a-key-of-mine" });
  const first = await send();
  assert.equal(first.status, 202);
  const second = await send();
  assert.deepEqual([second.status, second.body], [202, first.body]);
  assert.equal(second.headers.get("location"), first.headers.get("location"));
  assert.equal((await waiting(gate)).length, 1, "one effect");
  const service = await bringUp();
  await untilState(gate, String(first.body.uploadId), "delivered");
  const third = await send();
  assert.equal(third.status, 201);
  assert.deepEqual(third.body, { files: 1 });
  assert.equal((await copiesAt(service, "/retry/key")).length, 1);
  assert.equal((await copiesAt(service, "/retry/key"))[0]?.headers["idempotency-key"], "a-key-of-mine");
});

test("a key whose delivery was given up is free again; one of unknown outcome is not until somebody has decided", async (t) => {
  const { gate, service } = await startBoth(t);
  const content = randomBytes(100_000);
  const send = (): ReturnType<typeof put> =>
    put(gate, "/down-retry/key", content, { "Idempotency-Key": "other-key" });
  await service.fail("reset");
  assert.equal((await send()).status, 502);
  const again = await send();
  assert.equal(again.status, 409);
  assert.equal(again.body.code, "IDEMPOTENCY_UNDECIDED");
  const [one] = await waiting(gate);
  assert.equal((await gate.run("give-up", one?.id ?? "", "--reason", "the service has lost it")).exitCode, 0);
  assert.equal((await send()).status, 201);
  const audit = await gate.run("audit", "verify");
  assert.equal(audit.exitCode, 0, audit.err);
});

test("a later try that the service refuses ends the upload; one that wants credentials waits for a person", async (t) => {
  const { gate, service } = await startBoth(t);
  await service.fail("500");
  await service.fail("422");
  const refused = await put(gate, "/retry/no", randomBytes(300_000));
  assert.equal(refused.status, 202);
  const { refusal } = await untilState(gate, String(refused.body.uploadId), "rejected");
  assert.equal(refusal?.code, "UPSTREAM_REFUSED");
  await until("nothing is left", async () => ((await gate.quarantined()).length === 0 ? true : null));
  await service.fail("500");
  await service.fail("401");
  const asked = await put(gate, "/retry/who", randomBytes(1000));
  await until("it waits for a person", async () => {
    const [one] = await waiting(gate);
    return one?.id === asked.body.uploadId && one?.tries === 2 && one.nextTryAtMs === null ? one : null;
  });
  assert.equal(
    (await gate.run("give-up", String(asked.body.uploadId), "--reason", "sent by hand")).exitCode,
    0,
  );
  await untilState(gate, String(asked.body.uploadId), "expired");
  assert.equal((await gate.run("retry", "--all")).out.trim(), "No delivery waits.");
});

test("the service hangs: 504 within the deadline and kept; the gate goes on; delivered when it is asked for", async (t) => {
  const { gate, service } = await startBoth(t, "1s");
  service.signal("SIGSTOP");
  const startedAt = performance.now();
  const hung = await put(gate, "/raw/hung", randomBytes(100_000));
  assert.ok(performance.now() - startedAt < 9_000);
  assert.equal(hung.status, 504);
  assert.equal(hung.body.code, "UPSTREAM_TIMEOUT");
  const retried = await put(gate, "/retry/hung", randomBytes(100_000));
  assert.equal(retried.status, 202);
  assert.equal((await fetch(`${gate.operatorOrigin}/health/ready`)).status, 200, "the gate itself is fine");
  service.signal("SIGCONT");
  await untilState(gate, String(retried.body.uploadId), "delivered");
  const [one] = await waiting(gate);
  assert.equal((await gate.run("give-up", one?.id ?? "", "--reason", "the service has it")).exitCode, 0);
  await until("nothing is left", async () => ((await gate.quarantined()).length === 0 ? true : null));
});

test("killed between hand-over and answer: kept for a person, or sent again, as the flow says", async (t) => {
  const { gate, service, options } = await startBoth(t);
  const content = randomBytes(300_000);
  await service.fail("silence", 2);
  for (const path of ["/raw/cut", "/retry/cut"]) void put(gate, path, content).catch(() => {});
  await until("the service has both", async () =>
    (await service.received()).filter(({ path, files }) => path.endsWith("/cut") && files.length === 1)
      .length === 2
      ? true
      : null,
  );
  gate.signal("SIGKILL");
  await gate.ended();
  const again = await restartGate(gate, options);
  t.after(() => again.stop());
  const retried = await until(
    "sent again",
    async () =>
      (await again.uploads()).find((one) => one.flow === "raw-retry" && one.state === "delivered") ?? null,
  );
  assert.deepEqual(
    (await copiesAt(service, "/retry/cut")).map(({ sha256, uploadId }) => [sha256, uploadId]),
    [
      [sha256Of(content), retried.id],
      [sha256Of(content), retried.id],
    ],
  );
  const [kept] = await waiting(again);
  assert.equal(kept?.flow, "raw");
  assert.equal(kept.mayHaveArrived, true);
  assert.equal((await copiesAt(service, "/raw/cut")).length, 1);
  assert.equal((await again.run("retry", kept.id, "--may-double")).exitCode, 0);
  await untilState(again, kept.id, "delivered");
  await until("nothing is left", async () => ((await again.quarantined()).length === 0 ? true : null));
});
