/**
 * Shares over the wire (PM-10, RT-04): one more than allowed, two halves at once, a burst, aborts, and a gate that is killed in between.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ClientRequest, OutgoingHttpHeaders } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Answered, ask, problemCode } from "./ask.ts";
import { answerOf, beginPut } from "./begun-upload.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { UpstreamRecorder } from "./upstream-recorder.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const HOUR_SECONDS = 3600;
const upstream = new UpstreamRecorder();
let options: GateOptions;
let gate: GateUnderTest;

before(async () => {
  options = {
    upstream: await upstream.listen(),
    flows: ["shares-quota", "shares-rate", "shares-address"],
  };
  gate = await startGate(options);
});

after(async () => {
  await gate?.stop();
  await upstream.stop();
});

/** Credentials of somebody who has sent nothing yet. */
async function someone(): Promise<OutgoingHttpHeaders> {
  const { exitCode, out, err } = await gate.run("key", "add", "one of many", "--principal", randomUUID());
  assert.equal(exitCode, 0, err);
  return { authorization: `Bearer ${out.trim()}` };
}

const put = (flow: string, body: Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<Answered> =>
  ask(gate.origin, { method: "PUT", path: `/shares/${flow}/${randomUUID()}`, body, headers });

/** Begins an upload; its body is still to be sent. */
const begin = (flow: string, headers: OutgoingHttpHeaders): ClientRequest =>
  beginPut(`${gate.origin}/shares/${flow}/${randomUUID()}`, headers);

function assertRefused(answer: Answered, code: string, waitSeconds: readonly [number, number]): void {
  assert.deepEqual([answer.status, problemCode(answer)], [429, code]);
  const seconds = Number(answer.headers["retry-after"]);
  assert.ok(waitSeconds[0] <= seconds && seconds <= waitSeconds[1], `Retry-After: ${seconds}`);
}

test("PM-10: of ten uploads at once a rate of five lets five in, and tells the others when to come back", async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => put("rate", randomBytes(100))));
  const refused = answers.filter(({ status }) => status !== 201);
  assert.equal(refused.length, 5);
  for (const answer of refused)
    assertRefused(answer, "RATE_EXCEEDED", [HOUR_SECONDS - 60, HOUR_SECONDS + HOUR_SECONDS / 60]);
  const taken = upstream.requests.filter(({ path }) => path.startsWith("/shares/rate/"));
  assert.equal(taken.length, 5);
  // Without a proxy that is trusted nobody else's word counts for an address.
  for (const name of ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip"]) {
    const said = name === "forwarded" ? "for=203.0.113.7" : "203.0.113.7";
    assert.equal((await put("rate", randomBytes(100), { [name]: said })).status, 429, name);
  }
});

test("PM-10: two halves at once never make more than the whole, and are refused before they are sent", async () => {
  const who = await someone();
  const declared = { ...who, "content-length": 600 * KIB, expect: "100-continue" };
  const first = begin("quota", declared);
  await once(first, "continue");
  const second = begin("quota", declared);
  second.on("continue", () => assert.fail("the second half was asked for"));
  assertRefused(await answerOf(second), "QUOTA_EXCEEDED", [5, 5]);
  second.destroy();
  first.end(randomBytes(600 * KIB));
  assert.equal((await answerOf(first)).status, 201);
  assert.equal((await put("quota", randomBytes(424 * KIB), who)).status, 201);
  assertRefused(await put("quota", randomBytes(1), who), "QUOTA_EXCEEDED", [86_000, 88_000]);
});

test("PM-10: uploads without a length, ten at once, take no more than the quota together", async () => {
  const who = await someone();
  const sizeBytes = 250 * KIB;
  const uploads = Array.from({ length: 10 }, () =>
    begin("quota", { ...who, "transfer-encoding": "chunked" }),
  );
  const answers = uploads.map((upload) => answerOf(upload));
  for (const upload of uploads) upload.end(randomBytes(sizeBytes));
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  const accepted = statuses.filter((status) => status === 201).length;
  assert.ok(accepted >= 1 && accepted * sizeBytes <= MIB, `${accepted} accepted`);
  assert.ok(
    statuses.every((status) => status === 201 || status === 429),
    statuses.join(" "),
  );
  for (let left = MIB - accepted * sizeBytes; left >= sizeBytes; left -= sizeBytes)
    assert.equal((await put("quota", randomBytes(sizeBytes), who)).status, 201);
  assertRefused(await put("quota", randomBytes(sizeBytes), who), "QUOTA_EXCEEDED", [86_000, 88_000]);
});

test("an upload larger than the whole quota is a 413 without a time to come back", async () => {
  const answer = await put("quota", randomBytes(MIB + 1), await someone());
  assert.deepEqual([answer.status, problemCode(answer)], [413, "QUOTA_TOO_SMALL"]);
  assert.equal(answer.headers["retry-after"], undefined);
});

test("RT-04: uploads that break off give everything back", async () => {
  const who = await someone();
  for (let round = 0; round < 40; round += 1) {
    const upload = begin("quota", { ...who, "content-length": MIB, expect: "100-continue" });
    await once(upload, "continue");
    if (round % 2 === 0) upload.write(randomBytes(round * 10 * KIB));
    upload.destroy();
    await untilFree(who);
  }
  assert.equal((await put("quota", randomBytes(MIB), who)).status, 201);
});

/** The gate hears of a broken connection a moment after it broke. Asked by an upload that is too large, which takes nothing. */
async function untilFree(who: OutgoingHttpHeaders): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const probe = begin("quota", { ...who, "content-length": MIB + 1, expect: "100-continue" });
    const { headers } = await answerOf(probe);
    probe.destroy();
    const left = /;r=(\d+)/.exec(String(headers.ratelimit))?.[1];
    if (Number(left) === MIB) return;
    assert.ok(performance.now() < deadline, `left: ${left}`);
    await wait(20);
  }
}

test("what was taken is still taken after the gate was killed and started again", async () => {
  const who = await someone();
  assert.equal((await put("quota", randomBytes(700 * KIB), who)).status, 201);
  gate.signal("SIGKILL");
  await gate.ended();
  gate = await restartGate(gate, options);
  assertRefused(await put("quota", randomBytes(400 * KIB), who), "QUOTA_EXCEEDED", [86_000, 88_000]);
  const rest = await put("quota", randomBytes(MIB - 700 * KIB), who);
  assert.equal(rest.status, 201);
  assert.match(String(rest.headers.ratelimit), /;r=0;/);
  assert.match(
    String(rest.headers["ratelimit-policy"]),
    /;q=1048576;qu="content-bytes";w=86400;sluicegate-files=20$/,
  );
});

test("two at once, then none until one has ended; and requests with wrong keys count for their address", async () => {
  const who = await someone();
  const declared = { ...who, "content-length": 10, expect: "100-continue" };
  const uploads = [begin("address", declared), begin("address", declared)];
  await Promise.all(uploads.map((upload) => once(upload, "continue")));
  assertRefused(await put("address", randomBytes(10), who), "CONCURRENCY_EXCEEDED", [1, 10]);
  for (const upload of uploads) upload.end(randomBytes(10));
  for (const upload of uploads) assert.equal((await answerOf(upload)).status, 201);
  // Three of six are counted already, the refused one too.
  for (let guess = 0; guess < 3; guess += 1) {
    const answer = await put("address", randomBytes(10), { authorization: `Bearer sgk_guess${guess}` });
    assert.equal(answer.status, 401);
  }
  assertRefused(await put("address", randomBytes(10), who), "RATE_EXCEEDED", [3500, 3700]);
});
