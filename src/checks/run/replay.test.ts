import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CATALOGUE } from "../catalogue.ts";
import type { Target } from "../check.ts";
import type { Identity } from "../promise.ts";
import { readStoredRun, storeRun } from "./evidence-store.ts";
import { replayCase } from "./replay.ts";
import { runChecks } from "./run-checks.ts";
import { optionsFor, rawTarget, type Served, serve, subjectOf } from "./sample-subject.ts";

const folder = await mkdtemp(join(tmpdir(), "sluicegate-replay-"));
const running: Served[] = [];

after(async () => {
  for (const each of running) each.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Seen {
  readonly head: string;
  readonly key: string | undefined;
  readonly credential: string | undefined;
  readonly sha256: string;
}

/** A server that takes everything, until it is mended, and remembers what it saw. */
async function recorder(): Promise<{ readonly served: Served; readonly seen: Seen[]; mend: () => void }> {
  const seen: Seen[] = [];
  let isMended = false;
  const served = await serve(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    seen.push(seenOf(req, Buffer.concat(chunks)));
    const status = isMended ? 415 : 201;
    res.writeHead(status, { "Content-Type": "application/json" }).end('{"detail":"no such method here"}');
  });
  running.push(served);
  return {
    served,
    seen,
    mend: () => {
      isMended = true;
    },
  };
}

function seenOf(req: IncomingMessage, body: Buffer): Seen {
  const { authorization, "idempotency-key": key, ...others } = req.headers;
  return {
    head: JSON.stringify([req.method, req.url, others]),
    key: key === undefined ? undefined : String(key),
    credential: authorization,
    sha256: createHash("sha256").update(body).digest("hex"),
  };
}

/** Each request has a credential of its own. */
function freshCallers(origin: string): { readonly target: Target; readonly secrets: string[] } {
  const secrets: string[] = [];
  const main: Identity = {
    name: "main",
    lines: async () => {
      const secret = `${secrets.length}-`.padEnd(24 + secrets.length, "x");
      secrets.push(secret);
      return [`Authorization: Bearer ${secret}`];
    },
  };
  const target = rawTarget(origin);
  const nobody = { other: null, readOnly: null, expired: null, forged: null };
  return {
    target: {
      ...target,
      identities: { header: "Authorization", main, ...nobody },
      promises: { ...target.promises, idempotencyKey: "required" },
    },
    secrets,
  };
}

test("sends the same bytes again, with a new credential and a new key, and says that the answer is the same", async () => {
  const { served, seen } = await recorder();
  const { target, secrets } = freshCallers(served.subject.target.origin);
  const subject = subjectOf(target, { secrets: () => secrets });
  const run = await runChecks(subject, optionsFor({ runId: "one", only: ["TR-07"] }));
  await storeRun(folder, run);
  const reference = run.results[0]?.cases[0]?.evidence ?? "";
  assert.equal(reference, "one/UPL-TR-07/1");
  const attack = seen[1];
  const replay = await replayCase(reference, subject, { folder });
  const again = seen.at(-1);
  assert.deepEqual([again?.head, again?.sha256], [attack?.head, attack?.sha256]);
  assert.notEqual(again?.credential, attack?.credential);
  assert.notEqual(again?.key, attack?.key);
  assert.deepEqual([replay.isSameRequest, replay.isSameAnswer, replay.now.state], [true, true, "fail"]);
  assert.equal(replay.sentence, "The answer is the same as then: 201 (still fail).");
  assert.ok(!JSON.stringify([run, replay]).includes("xxxxxxxx"), "a credential is told");
});

test("says that the answer is another one since the target was mended", async () => {
  const { served, mend } = await recorder();
  const { subject } = served;
  const run = await runChecks(subject, optionsFor({ runId: "two", only: ["TR-07"] }));
  await storeRun(folder, run);
  mend();
  const replay = await replayCase("two/UPL-TR-07/1", subject, { folder });
  assert.deepEqual([replay.isSameAnswer, replay.now.state], [false, "pass"]);
  assert.equal(replay.sentence, "The answer was 201 and is now 415 (fail then, pass now).");
});

test("sends nothing where the same bytes cannot be made any more", async () => {
  const { served, seen } = await recorder();
  const { subject } = served;
  const run = await runChecks(subject, optionsFor({ runId: "three", only: ["TR-07"] }));
  await storeRun(folder, run);
  const before = seen.length;
  const changed = { ...subject, target: { ...subject.target, headers: ["X-New: 1"] } };
  await assert.rejects(
    replayCase("three/UPL-TR-07/1", changed, { folder }),
    /the same bytes cannot be made again/,
  );
  const catalogue = CATALOGUE.filter(({ id }) => id !== "UPL-VO-06");
  await assert.rejects(
    replayCase("three/UPL-TR-07/1", subject, { folder, catalogue }),
    /the checks have changed since .* Run the check anew: sluicegate check --only UPL-TR-07/,
  );
  await assert.rejects(replayCase("three/UPL-TR-07/99", subject, { folder }), /the run has no such case/);
  await assert.rejects(replayCase("four/UPL-TR-07/1", subject, { folder }), /there is no evidence at/);
  assert.equal(seen.length, before);
});

test("plays a scenario again with the same tokens", async () => {
  const { served, seen } = await recorder();
  const target = {
    ...served.subject.target,
    promises: { ...served.subject.target.promises, idempotencyKey: "optional" as const },
  };
  const subject = subjectOf(target);
  const run = await runChecks(subject, optionsFor({ runId: "five", only: ["RT-01"] }));
  await storeRun(folder, run);
  const reference = run.results[0]?.cases.find(({ exchanges }) => exchanges.length > 0)?.evidence ?? "";
  const keys = new Set(seen.map(({ key }) => key));
  const count = seen.length;
  const replay = await replayCase(reference, subject, { folder });
  assert.ok(seen.length > count);
  assert.ok(seen.slice(count).every(({ key }) => keys.has(key)));
  assert.ok(replay.isSameRequest && replay.isSameAnswer);
});

test("keeps a run whole, for its owner alone", async () => {
  const { served } = await recorder();
  const run = await runChecks(served.subject, optionsFor({ runId: "six", only: ["TR-07"] }));
  const own = await storeRun(folder, run);
  assert.deepEqual(
    JSON.parse(await readFile(join(own, "run.json"), "utf8")),
    JSON.parse(JSON.stringify(run)),
  );
  assert.equal((await stat(join(own, "run.json"))).mode & 0o777, 0o600);
  assert.equal((await readStoredRun(folder, "six")).run.seed, "run");
});
