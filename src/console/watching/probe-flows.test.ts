import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleFlow } from "../../../fixtures/console/sample-facts.ts";
import type { Flow, FlowVerify } from "../../flows/flow.ts";
import { ProbeFlows } from "./probe-flows.ts";
import type { ProbeResult } from "./probe-state.ts";
import { type TestUpload, whyNoTestUpload } from "./send-test-upload.ts";

const base = await sampleFlow();
if (base.verify === null) throw new Error("the example's flow says how it is checked");
const verify: FlowVerify = { ...base.verify, cleanup: { method: "DELETE", path: "/api/received/{id}" } };

const probedFlow = (name: string, everyMs: number | null = 60_000): Flow => ({
  ...base,
  name,
  verify,
  watch: { ...base.watch, probeEveryMs: everyMs },
});

const PASSED: TestUpload = { ok: true, durationMs: 5, trouble: "", left: 0 };
const FAILED: TestUpload = { ok: false, durationMs: 5, trouble: "it got 503", left: 0 };

/** Probes over flows that can be changed, with a clock, and what was sent. */
function start(flows: Flow[], answers: (flow: Flow) => TestUpload | Promise<TestUpload> = () => PASSED) {
  const clock = { now: 0, isStopping: false };
  const sent: string[] = [];
  const changes: [string, boolean][] = [];
  const probes = new ProbeFlows({
    flows: () => flows,
    isStopping: () => clock.isStopping,
    send: async (flow) => {
      sent.push(flow.name);
      return answers(flow);
    },
    now: () => clock.now,
    onChange: ({ name }: Flow, { ok }: ProbeResult) => changes.push([name, ok]),
  });
  const at = async (now: number): Promise<void> => {
    clock.now = now;
    await probes.look();
  };
  return { probes, clock, sent, changes, at };
}

test("a flow that does not ask for test uploads gets none", async () => {
  const { probes, sent, at } = start([probedFlow("quiet", null)]);
  await at(10_000);
  assert.deepEqual([sent, probes.state("quiet")], [[], null]);
});

test("the first comes soon after the start, the next when it is due", async () => {
  const { probes, sent, at } = start([probedFlow("a")]);
  await at(0);
  assert.deepEqual(probes.state("a"), { everyMs: 60_000, last: null, stopped: null });
  await at(5_000);
  await at(64_000);
  assert.equal(sent.length, 1);
  await at(65_000);
  assert.equal(sent.length, 2);
  assert.deepEqual(probes.state("a")?.last, { atMs: 65_000, ok: true, durationMs: 5, trouble: "" });
});

test("they never overlap, however slow one is", async () => {
  let running = 0;
  let most = 0;
  const slow = async (): Promise<TestUpload> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return PASSED;
  };
  const { probes, clock, sent, at } = start([probedFlow("a"), probedFlow("b"), probedFlow("c")], slow);
  await at(0);
  clock.now = 5_000;
  await Promise.all([probes.look(), probes.look(), probes.look()]);
  assert.deepEqual([sent, most], [["a", "b", "c"], 1]);
});

test("who listens hears of what changes, and not of what stays", async () => {
  let answer = PASSED;
  const { changes, at } = start([probedFlow("a")], () => answer);
  await at(0);
  await at(60_000);
  answer = FAILED;
  await at(120_000);
  await at(180_000);
  answer = PASSED;
  await at(240_000);
  assert.deepEqual(changes, [
    ["a", false],
    ["a", true],
  ]);
});

test("a first one that fails is told", async () => {
  const { changes, at } = start([probedFlow("a")], () => FAILED);
  await at(0);
  await at(60_000);
  assert.deepEqual(changes, [["a", false]]);
});

test("none is sent while the gate stops, and what a stopping gate answered says nothing", async () => {
  const flow = probedFlow("a");
  const { probes, clock, sent, at } = start([flow], () => {
    clock.isStopping = true;
    return FAILED;
  });
  await at(0);
  await at(60_000);
  assert.equal(sent.length, 1);
  await at(120_000);
  assert.deepEqual([sent.length, probes.state("a")?.last], [1, null]);
});

test("they stop where several could not be removed again, until the flows are loaded anew", async () => {
  const flows = [probedFlow("a")];
  const { probes, sent, at } = start(flows, () => ({ ...PASSED, left: 1 }));
  for (const now of [0, 60_000, 120_000, 180_000, 240_000]) await at(now);
  assert.equal(sent.length, 3);
  assert.match(
    probes.state("a")?.stopped ?? "",
    /^Test uploads of a have stopped, since 3 of them could not be removed/,
  );
  flows[0] = probedFlow("a");
  assert.equal(probes.state("a")?.stopped, null);
  await at(300_000);
  assert.equal(sent.length, 4);
});

test("a flow that is in force no longer is not known any more", async () => {
  const flows = [probedFlow("a")];
  const { probes, at } = start(flows);
  await at(60_000);
  flows.pop();
  assert.equal(probes.state("a"), null);
});

test("none is sent where nobody has said how to remove it, or where it would need a credential", () => {
  assert.equal(whyNoTestUpload(probedFlow("a")), null);
  assert.match(whyNoTestUpload({ ...base, name: "a" }) ?? "", /write verify\.cleanup/);
  const keyed = { ...probedFlow("a"), permissions: { ...base.permissions, caller: "api-key" } } as const;
  assert.match(whyNoTestUpload(keyed) ?? "", /write verify\.credentials/);
});
