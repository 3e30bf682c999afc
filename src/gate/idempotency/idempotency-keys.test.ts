import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Flow, FlowRetry } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { IdempotencyChange, Records, StoredAnswer, UploadMove } from "../../records/records.ts";
import { openSqliteRecords } from "../../records/sqlite/open-sqlite-records.ts";
import { newUploadId, type UploadId } from "../../uploads/upload-id.ts";
import type { UploadState } from "../../uploads/upload-state.ts";
import { moves } from "../transitions.ts";
import type { Idempotency, IdempotentUpload } from "./idempotency.ts";
import { openIdempotency } from "./idempotency-keys.ts";
import { storedAnswer } from "./stored-answer.ts";

const HOUR_MS = 3_600_000;
const CONTENT = "ab".repeat(32);
const OTHER_CONTENT = "cd".repeat(32);

const folder = await mkdtemp(join(tmpdir(), "sluicegate-idempotency-"));
const records: Records = await openSqliteRecords({ path: join(folder, "records.sqlite") });
after(async () => {
  await records.close();
  await rm(folder, { recursive: true });
});

function flowWith(idempotencyKey: FlowRetry["idempotencyKey"], name = "avatars"): Flow {
  return { name, retry: { idempotencyKey, keepMs: HOUR_MS } } as Flow;
}

const REQUIRED = flowWith("required");

interface Begun {
  readonly id: UploadId;
  readonly upload: IdempotentUpload;
}

let keysMade = 0;
/** A key that no other test uses. */
function newKey(): string {
  keysMade += 1;
  return `key-${keysMade}`;
}

function begin(
  idempotency: Idempotency,
  values: readonly string[],
  { flow = REQUIRED, principal = "ann" }: { flow?: Flow; principal?: string } = {},
): Begun {
  const id = newUploadId();
  return { id, upload: idempotency.begin(flow, { id, principal }, values) };
}

/** Writes what the gate writes of an upload up to `released`, with the key's claim. */
async function release(id: UploadId, claim: IdempotencyChange | null): Promise<void> {
  const head = {
    flow: "avatars",
    policyVersion: "0f1e2d3c",
    mode: "enforce",
    protocol: "multipart",
  } as const;
  const who = { method: "POST", path: "/api/avatars", principal: "ann", requestId: newUploadId() };
  const released: UploadMove[] = moves(1, "receiving", "received", "inspecting", "accepted", "released");
  const change = claim === null ? {} : { idempotency: claim };
  await records.begin({ id, ...head, ...who, startedAtMs: 1 }, released, change);
}

async function finish(id: UploadId, to: UploadState, change: IdempotencyChange | null): Promise<void> {
  const from = (await records.get(id))?.state ?? "released";
  await records.move(id, moves(2, from, to), change === null ? {} : { idempotency: change });
}

async function claimOf(upload: IdempotentUpload, content = CONTENT): Promise<IdempotencyChange | null> {
  const outcome = await upload.recognise(content);
  assert.equal(outcome.kind, "go");
  return outcome.kind === "go" ? outcome.claim : null;
}

/** A whole first upload with this key. */
async function upload(idempotency: Idempotency, key: string, answer: StoredAnswer): Promise<UploadId> {
  const first = begin(idempotency, [key]);
  await release(first.id, await claimOf(first.upload));
  await finish(first.id, answer.status < 400 ? "delivered" : "rejected", first.upload.answered(answer));
  first.upload.end();
  return first.id;
}

const answerOf = (status: number, body: string | null = "created"): StoredAnswer =>
  storedAnswer(status, {
    headers: [
      "Location",
      "/a/1",
      "Set-Cookie",
      "s=1",
      "Date",
      "now",
      "X-Request-Id",
      "r",
      "content-length",
      "7",
    ],
    body: body === null ? null : Buffer.from(body),
  });

/** What `recognise` throws for a retry. */
async function refusedWith(idempotency: Idempotency, key: string, content = CONTENT): Promise<GateError> {
  const retry = begin(idempotency, [key]);
  try {
    await retry.upload.recognise(content);
  } catch (error) {
    assert.ok(error instanceof GateError, String(error));
    // A refused retry has nothing to set free: the key is the first upload's.
    assert.equal(retry.upload.freed(), null);
    assert.equal(retry.upload.answered(answerOf(200)), null);
    return error;
  } finally {
    retry.upload.end();
  }
  return assert.fail("the retry was not refused");
}

async function replayOf(
  idempotency: Idempotency,
  key: string,
): Promise<{ answer: StoredAnswer; uploadId: UploadId }> {
  const retry = begin(idempotency, [key]);
  const outcome = await retry.upload.recognise(CONTENT);
  retry.upload.end();
  if (outcome.kind !== "replay") return assert.fail("the retry was let through");
  return outcome;
}

test("a retry with the same key and content gets the first answer and the first upload's id", async () => {
  const idempotency = openIdempotency(records);
  const key = newKey();
  const id = await upload(idempotency, key, answerOf(201));
  const replay = await replayOf(idempotency, key);
  assert.equal(replay.uploadId, id);
  assert.deepEqual(replay.answer, {
    status: 201,
    headers: ["Location", "/a/1"],
    body: Buffer.from("created").toString("base64"),
  });
  assert.deepEqual(await replayOf(idempotency, `"${key}"`), replay);
});

test("an empty answer is given again, one that was too large is not", async () => {
  const idempotency = openIdempotency(records);
  const [empty, large] = [newKey(), newKey()];
  await upload(idempotency, empty, answerOf(204, ""));
  assert.equal((await replayOf(idempotency, empty)).answer.body, "");
  const id = await upload(idempotency, large, answerOf(201, null));
  const error = await refusedWith(idempotency, large);
  assert.deepEqual([error.code, error.status], ["IDEMPOTENCY_ANSWER_NOT_KEPT", 409]);
  assert.equal(error.details.firstUpload, id);
});

test("other content under the same key is refused, before and after the answer", async () => {
  const idempotency = openIdempotency(records);
  const key = newKey();
  const first = begin(idempotency, [key]);
  await release(first.id, await claimOf(first.upload));
  first.upload.end();
  const early = await refusedWith(idempotency, key, OTHER_CONTENT);
  await finish(first.id, "delivered", first.upload.answered(answerOf(201)));
  const late = await refusedWith(idempotency, key, OTHER_CONTENT);
  for (const error of [early, late])
    assert.deepEqual([error.code, error.status], ["IDEMPOTENCY_KEY_REUSED", 422]);
});

test("of ten that begin at once one goes on, and its end lets the next one in", () => {
  const idempotency = openIdempotency(records);
  const key = newKey();
  const begun: IdempotentUpload[] = [];
  const errors: unknown[] = [];
  for (let index = 0; index < 10; index += 1) {
    try {
      begun.push(begin(idempotency, [key]).upload);
    } catch (error) {
      errors.push(error);
    }
  }
  assert.equal(begun.length, 1);
  for (const error of errors) {
    assert.ok(error instanceof GateError);
    assert.deepEqual(
      [error.code, error.status, error.retryAfterSeconds],
      ["IDEMPOTENCY_KEY_RUNNING", 409, 1],
    );
  }
  begun[0]?.end();
  const next = begin(idempotency, [key]);
  // The end of one that has ended already is not the end of the next.
  begun[0]?.end();
  assert.throws(() => begin(idempotency, [key]), { code: "IDEMPOTENCY_KEY_RUNNING" });
  next.upload.end();
});

test("each principal and each flow has keys of its own", async () => {
  const idempotency = openIdempotency(records);
  const key = newKey();
  await upload(idempotency, key, answerOf(201));
  const running = begin(idempotency, [key]);
  for (const other of [{ principal: "bob" }, { flow: flowWith("required", "papers") }]) {
    const begun = begin(idempotency, [key], other);
    assert.notEqual(await claimOf(begun.upload, OTHER_CONTENT), null);
    assert.notEqual(begun.upload.scope, running.upload.scope);
    begun.upload.end();
  }
  running.upload.end();
});

test("required asks for a key, optional and off do without, and off does not read it", async () => {
  const idempotency = openIdempotency(records);
  assert.throws(() => begin(idempotency, []), { code: "IDEMPOTENCY_KEY_MISSING", status: 400 });
  for (const [flow, values] of [
    [flowWith("optional"), []],
    [flowWith("off"), []],
    [flowWith("off"), ['"broken']],
  ] as const) {
    const { upload } = begin(idempotency, values, { flow });
    assert.equal(await claimOf(upload), null);
    assert.equal(upload.keepsAnswer, false);
    assert.equal(upload.scope, null);
    assert.equal(upload.answered(answerOf(201)), null);
    assert.equal(upload.freed(), null);
    upload.end();
  }
  for (const word of ["required", "optional", "derived"] as const) {
    const flow = flowWith(word);
    assert.throws(() => begin(idempotency, ["a", "b"], { flow }), { code: "IDEMPOTENCY_KEY_INVALID" });
    const { upload } = begin(idempotency, ["a"], { flow });
    assert.equal(upload.keepsAnswer, true);
    upload.end();
  }
});

test("a derived key is the content: the same content again is a retry, also while the first runs, other content is new", async () => {
  const idempotency = openIdempotency(records);
  const flow = flowWith("derived", "derived-flow");
  const first = begin(idempotency, [], { flow });
  assert.equal(first.upload.scope, null);
  await release(first.id, await claimOf(first.upload));
  const second = begin(idempotency, [], { flow });
  await assert.rejects(second.upload.recognise(CONTENT), { code: "IDEMPOTENCY_KEY_RUNNING" });
  second.upload.end();
  await finish(first.id, "delivered", first.upload.answered(answerOf(201)));
  first.upload.end();
  const third = begin(idempotency, [], { flow });
  const outcome = await third.upload.recognise(CONTENT);
  assert.deepEqual([outcome.kind, outcome.kind === "replay" && outcome.uploadId], ["replay", first.id]);
  const fourth = begin(idempotency, [], { flow });
  assert.notEqual(await claimOf(fourth.upload, OTHER_CONTENT), null);
  const bySomeoneElse = begin(idempotency, [], { flow, principal: "bob" });
  assert.notEqual(await claimOf(bySomeoneElse.upload), null);
  const withKey = begin(idempotency, [CONTENT], { flow });
  assert.notEqual(await claimOf(withKey.upload), null);
});

test("a service that says it did nothing leaves the key free, whatever else it answers is kept", async () => {
  const idempotency = openIdempotency(records);
  for (const status of [401, 407, 408, 425, 429, 500, 502, 503, 599]) {
    const key = newKey();
    await upload(idempotency, key, answerOf(status));
    const retry = begin(idempotency, [key]);
    assert.notEqual(await claimOf(retry.upload, OTHER_CONTENT), null, String(status));
  }
  for (const status of [200, 303, 400, 403, 404, 409, 413, 415, 422, 499]) {
    const key = newKey();
    await upload(idempotency, key, answerOf(status));
    assert.equal((await replayOf(idempotency, key)).answer.status, status);
  }
});

test("an end before the release leaves nothing behind; one after it sets the key free", async () => {
  const idempotency = openIdempotency(records);
  const key = newKey();
  const refused = begin(idempotency, [key]);
  assert.equal(refused.upload.freed(), null);
  refused.upload.end();
  const failed = begin(idempotency, [key]);
  await release(failed.id, await claimOf(failed.upload));
  await finish(failed.id, "rejected", failed.upload.freed());
  failed.upload.end();
  assert.equal(await records.findIdempotencyKey(failed.upload.scope ?? "", Date.now()), null);
  const next = begin(idempotency, [key]);
  await release(next.id, await claimOf(next.upload, OTHER_CONTENT));
  next.upload.end();
});

test("after a crash the key of a released upload is undecided until the upload is, and free where it had no effect", async () => {
  for (const end of ["delivered", "rejected", "expired"] as const) {
    const key = newKey();
    const first = begin(openIdempotency(records), [key]);
    await release(first.id, await claimOf(first.upload));
    // The process is gone, and with it all that it knew in memory.
    const restarted = openIdempotency(records);
    const early = await refusedWith(restarted, key);
    assert.deepEqual([early.code, early.status, early.retryAfterSeconds], ["IDEMPOTENCY_UNDECIDED", 409, 30]);
    await finish(first.id, "undeliverable", null);
    assert.equal((await refusedWith(restarted, key)).code, "IDEMPOTENCY_UNDECIDED");
    await finish(first.id, end, null);
    if (end === "delivered") {
      assert.equal((await refusedWith(restarted, key)).code, "IDEMPOTENCY_ANSWER_NOT_KEPT");
    } else {
      const retry = begin(restarted, [key]);
      await release(retry.id, await claimOf(retry.upload, OTHER_CONTENT));
    }
  }
});

test("an answer that another try brought after a crash is given to the retry", async () => {
  const key = newKey();
  const first = begin(openIdempotency(records), [key]);
  await release(first.id, await claimOf(first.upload));
  await finish(first.id, "undeliverable", null);
  const { scope } = first.upload;
  assert.ok(scope);
  const answer = answerOf(201);
  await finish(first.id, "delivered", { kind: "answer", scope, answer, expiresAtMs: Date.now() + HOUR_MS });
  assert.deepEqual(await replayOf(openIdempotency(records), key), {
    kind: "replay",
    answer,
    uploadId: first.id,
  });
});

test("a key is kept for the flow's time from the answer on, and until it is decided where there is none", async () => {
  let nowMs = Date.now();
  const idempotency = openIdempotency(records, () => nowMs);
  const key = newKey();
  await upload(idempotency, key, answerOf(201));
  nowMs += HOUR_MS - 1;
  await replayOf(idempotency, key);
  nowMs += 1;
  const retry = begin(idempotency, [key]);
  assert.notEqual(await claimOf(retry.upload, OTHER_CONTENT), null);
  const unanswered = newKey();
  const first = begin(idempotency, [unanswered]);
  await release(first.id, await claimOf(first.upload));
  first.upload.end();
  nowMs += 30 * 24 * HOUR_MS;
  assert.equal((await refusedWith(idempotency, unanswered)).code, "IDEMPOTENCY_UNDECIDED");
});

test("records that cannot be read let nobody through", async () => {
  const broken = await openSqliteRecords({ path: join(folder, "closed.sqlite") });
  await broken.close();
  const { upload } = begin(openIdempotency(broken), [newKey()]);
  await assert.rejects(upload.recognise(CONTENT), { code: "RECORDS_UNAVAILABLE" });
});
