import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { call, listen } from "../../../test/upstream/relay-gate.ts";
import type { StoredAnswer } from "../../records/records.ts";
import { newUploadId } from "../../uploads/upload-id.ts";
import { beginRequest } from "../request-context.ts";
import { replayAnswer } from "./replay-answer.ts";
import { storedAnswer } from "./stored-answer.ts";

const FIRST = newUploadId();

/** A gate that does nothing but give this answer again. */
async function serveReplay(answer: StoredAnswer): Promise<number> {
  const server = createServer((req, res) => {
    const request = beginRequest(req, res);
    request.answerHeaders.push(
      ["Access-Control-Allow-Origin", "https://app.example.com"],
      ["RateLimit", '"r";r=1'],
    );
    replayAnswer(request, answer, FIRST);
    assert.equal(request.facts.outcome, answer.status < 400 ? "accepted" : "refused");
  });
  return listen(server);
}

test("status, headers and every byte come again, with this request's own id and the first upload's", async () => {
  const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const headers = [
    ...["Location", "/a/1", "X-Two", "a", "X-Two", "b", "Content-Type", "application/octet-stream"],
    ...["X-Latin", "caf\u00e9", "Set-Cookie", "session=1", "Date", "Thu, 01 Jan 1970 00:00:00 GMT"],
    ...["Sluicegate-Upload", "someone-else", "X-Request-Id", "first", "Server-Timing", "db;dur=1"],
    ...["Access-Control-Allow-Origin", "*", "Content-Length", "9"],
  ];
  const port = await serveReplay(storedAnswer(201, { headers, body }));
  const answer = await call(port, { method: "POST", headers: { "X-Request-Id": "second-request" } });
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.body, body);
  assert.equal(answer.headers["content-length"], "256");
  assert.equal(answer.headers["idempotency-replayed"], "true");
  assert.equal(answer.headers["sluicegate-upload"], FIRST);
  assert.equal(answer.headers["x-request-id"], "second-request");
  assert.equal(answer.headers["access-control-allow-origin"], "https://app.example.com");
  assert.equal(answer.headers.ratelimit, '"r";r=1');
  assert.equal(answer.headers.location, "/a/1");
  assert.equal(answer.headers["x-two"], "a, b");
  assert.equal(answer.headers["x-latin"], "caf\u00e9");
  assert.equal(answer.headers["set-cookie"], undefined);
  assert.equal(answer.headers["server-timing"], undefined);
  assert.notEqual(answer.headers.date, "Thu, 01 Jan 1970 00:00:00 GMT");
});

test("an answer that was stored with a credential is given without it", async () => {
  const port = await serveReplay({ status: 200, headers: ["Set-Cookie", "session=1", "X-A", "b"], body: "" });
  const answer = await call(port, { method: "POST" });
  assert.deepEqual([answer.headers["set-cookie"], answer.headers["x-a"]], [undefined, "b"]);
});

test("answers without a body come again without one", async () => {
  for (const status of [204, 304, 200]) {
    const port = await serveReplay(storedAnswer(status, { headers: ["X-A", "b"], body: Buffer.alloc(0) }));
    const answer = await call(port, { method: "POST" });
    assert.deepEqual([answer.status, answer.body.length, answer.headers["x-a"]], [status, 0, "b"]);
    assert.equal(answer.headers["content-length"], status === 200 ? "0" : undefined);
  }
});

test("a refusal of the service comes again as it was", async () => {
  const body = Buffer.from('{"detail":"too blue"}');
  const port = await serveReplay(storedAnswer(422, { headers: ["Content-Type", "application/json"], body }));
  const answer = await call(port, { method: "POST" });
  assert.deepEqual([answer.status, answer.body.toString()], [422, '{"detail":"too blue"}']);
});
