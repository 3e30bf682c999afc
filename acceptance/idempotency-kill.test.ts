/**
 * `kill -9` of the gate at random moments during uploads with keys, and retries of the same after its restart: an upload never has two effects
 * at the service, and none that was acknowledged is lost.
 *
 * A sender sends with one key until it has an answer, as a client does. One answer is not the upload's own: killed between the service's doing and
 * our record of it, a retry is told that nobody knows (IDEMPOTENCY_UNDECIDED). Such an upload has at most one effect too, and there can be no more
 * of them than uploads were under way when the gate was killed.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Answered, ask, problemCode } from "./ask.ts";
import { type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { seededRandom } from "./seeded-random.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const KILLS = Number(process.env.SLUICEGATE_KILLS ?? 12);
const SENDERS = 4;
const FLOWS = ["required", "receipt", "derived"];
const SIZES = [900, 40_000, 700_000];
const seed = Number(process.env.SLUICEGATE_SEED ?? Date.now() % 1_000_000);

interface Sent {
  readonly path: string;
  readonly key: string | null;
  readonly body: Buffer;
  readonly apiKey: string;
  /** How often it was sent. */
  tries: number;
  /** The last answer; `null` where the connection broke. */
  answer: Answered | null;
}

test(`kill -9 and retry, ${KILLS} times (seed ${seed})`, { timeout: 300_000 }, async (t) => {
  const random = seededRandom(seed);
  const service = await startService();
  const options = { upstream: service.origin, flows: FLOWS.map((name) => `keyed-${name}`) };
  let gate = await startGate(options);
  t.after(async () => {
    await gate.stop();
    await service.stop();
  });
  const apiKey = (await gate.run("key", "add", "of ann", "--principal", "ann")).out.trim();
  const done: Sent[] = [];
  let open: Sent[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const load = { random, apiKey, done, open, answersBeforeKill: 3 + random(12) };
    open = await loadUntilKilled(gate, load);
    gate = await restartGate(gate, options);
  }
  await Promise.all(open.map((sent) => sendUntilAnswered(gate, sent)));
  done.push(...open);
  const { retried, undecided } = await judge(gate, service, done);
  t.diagnostic(
    `${done.length} uploads, ${retried} sent more than once, ${undecided} undecided, ${KILLS} kills`,
  );
  assert.ok(done.length - undecided >= KILLS * 3, "the load was real");
  assert.ok(retried > 0, "some were under way when the gate was killed");
  assert.ok(undecided <= KILLS * SENDERS, `${undecided} undecided`);
});

interface Load {
  readonly random: (below: number) => number;
  readonly apiKey: string;
  /** Gets what has an answer. */
  readonly done: Sent[];
  /** Left over from the last kill: sent first. */
  readonly open: readonly Sent[];
  readonly answersBeforeKill: number;
}

/** @returns what has no answer because the gate was killed */
async function loadUntilKilled(gate: GateUnderTest, load: Load): Promise<Sent[]> {
  const { random, apiKey, done } = load;
  const waiting = [...load.open];
  const left: Sent[] = [];
  let answersLeft = load.answersBeforeKill;
  let isKilled = false;
  const kill = (): void => {
    isKilled = true;
    gate.signal("SIGKILL");
  };
  const sender = async (): Promise<void> => {
    while (!isKilled) {
      const sent = waiting.pop() ?? newUpload(random, apiKey);
      await send(gate, sent);
      (hasAnswer(sent) ? done : left).push(sent);
      answersLeft -= 1;
      // A few hundred turns of the event loop spread the kill over the steps of what is under way.
      if (answersLeft === 0) afterTurns(random(400), kill);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  await gate.ended();
  return [...left, ...waiting];
}

function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else setImmediate(() => afterTurns(turns - 1, then));
}

function newUpload(random: (below: number) => number, apiKey: string): Sent {
  const flow = FLOWS[random(FLOWS.length)] ?? "required";
  const body = randomBytes(1 + random(SIZES[random(SIZES.length)] ?? 1));
  const key = flow === "derived" ? null : randomUUID();
  return { path: `/keyed/${flow}/${randomUUID()}`, key, body, apiKey, tries: 0, answer: null };
}

async function send(gate: GateUnderTest, sent: Sent): Promise<void> {
  sent.tries += 1;
  const { path, body, key, apiKey } = sent;
  // The flow without keys asks who sends.
  const headers = key === null ? { "x-api-key": apiKey } : { "idempotency-key": `"${key}"` };
  sent.answer = await ask(gate.origin, { method: "PUT", path, body, headers }).catch(() => null);
}

/** Whether there is nothing to gain from sending again soon. */
function hasAnswer({ answer }: Sent): boolean {
  return answer !== null && !(answer.status === 409 && problemCode(answer) === "IDEMPOTENCY_KEY_RUNNING");
}

async function sendUntilAnswered(gate: GateUnderTest, sent: Sent): Promise<void> {
  for (await send(gate, sent); !hasAnswer(sent); await send(gate, sent)) await wait(20);
}

async function judge(
  gate: GateUnderTest,
  service: ServiceUnderTest,
  done: readonly Sent[],
): Promise<{ retried: number; undecided: number }> {
  const effects = await effectsByPath(service);
  const states = new Map((await gate.uploads()).map(({ id, state }) => [id, state]));
  let undecided = 0;
  for (const { path, answer } of done) {
    const tokens = effects.get(path) ?? [];
    assert.ok(tokens.length <= 1, `${path} was done ${tokens.length} times`);
    if (answer?.status === 201) {
      const { token } = JSON.parse(answer.body.toString()) as { token: string };
      assert.deepEqual(tokens, [token], `${path} was acknowledged`);
      assert.equal(states.get(String(answer.headers["sluicegate-upload"])), "delivered");
    } else {
      assert.ok(answer !== null && answer.status === 409, `${path}: ${answer?.status}`);
      assert.equal(problemCode(answer), "IDEMPOTENCY_UNDECIDED");
      undecided += 1;
    }
  }
  return { retried: done.filter(({ tries }) => tries > 1).length, undecided };
}

async function effectsByPath(service: ServiceUnderTest): Promise<ReadonlyMap<string, string[]>> {
  const effects = new Map<string, string[]>();
  for (const { path, fields } of await service.received())
    for (const [name, value] of fields ?? [])
      if (name === "token") effects.set(path, [...(effects.get(path) ?? []), value]);
  return effects;
}
