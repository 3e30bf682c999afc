import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flow, FlowFailure } from "../../flows/flow.ts";
import type { SentUpload } from "../drill-upload.ts";
import { answerComplaints, promisedAnswer } from "./promised-answer.ts";

const REFUSING: FlowFailure = {
  upstreamDown: "refuse",
  upstreamUnknown: "keep",
  upstreamError: "pass",
  retryForMs: 3_600_000,
  storageFull: "refuse",
};

const TRYING: FlowFailure = {
  ...REFUSING,
  upstreamDown: "retry",
  upstreamUnknown: "retry",
  upstreamError: "retry",
};

const flowWith = (failure: FlowFailure, caller = "public"): Flow =>
  ({ failure, permissions: { caller } }) as unknown as Flow;

const ANSWER: SentUpload = {
  name: "a",
  status: 502,
  code: "UPSTREAM_UNREACHABLE",
  retry: "later",
  retryAfterSeconds: 5,
  isKept: false,
  location: null,
  uploadId: null,
  requestId: null,
  elapsedMs: 1,
};

test("what is promised follows the flow's failure block", () => {
  const fates = (failure: FlowFailure) =>
    (["absent", "slow", "broken-off", "error"] as const).map((met) => {
      const { fate, status, code } = promisedAnswer(flowWith(failure), met);
      return [fate, status, code];
    });
  assert.deepEqual(fates(REFUSING), [
    ["refused", 502, "UPSTREAM_UNREACHABLE"],
    ["for-a-person", 504, "UPSTREAM_TIMEOUT"],
    ["for-a-person", 502, "UPSTREAM_ANSWER_INVALID"],
    ["passed-on", 500, null],
  ]);
  assert.deepEqual(fates(TRYING), Array(4).fill(["again", 202, null]));
});

test("a service that is asked who may send cannot be asked while it is down", () => {
  const { fate, code } = promisedAnswer(flowWith(TRYING, "upstream"), "absent");
  assert.deepEqual([fate, code], ["refused", "PERMISSION_UNAVAILABLE"]);
});

test("an answer is as promised only with all that helps a client to go on", () => {
  const promised = promisedAnswer(flowWith(REFUSING), "absent");
  assert.deepEqual(answerComplaints(ANSWER, promised), []);
  assert.equal(answerComplaints({ ...ANSWER, retryAfterSeconds: null }, promised).length, 1);
  assert.equal(answerComplaints({ ...ANSWER, retry: "never" }, promised).length, 1);
  assert.equal(answerComplaints({ ...ANSWER, isKept: true }, promised).length, 1);
  assert.deepEqual(answerComplaints({ ...ANSWER, status: 201, code: null }, promised), [
    "was answered with 201 instead of 502 UPSTREAM_UNREACHABLE",
  ]);
});

test("a 202 must say where the upload's state is", () => {
  const promised = promisedAnswer(flowWith(TRYING), "error");
  const kept = { ...ANSWER, status: 202, code: null, retry: null, retryAfterSeconds: null };
  assert.deepEqual(answerComplaints({ ...kept, location: "/.sluicegate/uploads/x" }, promised), []);
  assert.equal(answerComplaints(kept, promised).length, 1);
});
