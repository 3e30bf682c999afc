import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Expectation, ReceivedUpload } from "./check.ts";
import { judge } from "./judge.ts";
import { controlContent } from "./payloads/form.ts";
import { PICTURES } from "./sample-targets.ts";
import type { Exchange } from "./send-probe.ts";

const content = controlContent(PICTURES);

function exchange(status: number | null, changed: Partial<Exchange> = {}): Exchange {
  const answers = status === null ? [] : [{ status, headers: [], body: new Uint8Array() }];
  const times = { takenBytes: 900, takenAtAnswerBytes: 900, answeredAfterMs: 5, elapsedMs: 5 };
  return { answers, interimStatuses: [], malformed: null, end: "closed", ...times, ...changed };
}

const delivered: ReceivedUpload = {
  method: "POST",
  path: "/pictures",
  headers: [],
  fields: content.fields,
  files: content.files.map(({ field, name, mediaType, bytes }) => ({
    field,
    name,
    mediaType,
    sizeBytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  })),
};

function complaints(
  expect: Expectation,
  got: Exchange,
  received: readonly ReceivedUpload[] | null,
): readonly string[] {
  return judge(PICTURES, expect, { exchange: got, received, content });
}

const accepted: Expectation = { outcome: "accepted" };
const refused: Expectation = { outcome: "refused", statuses: [400], gateCodes: [], closes: true };
const [file] = delivered.files;
assert.ok(file);

test("an upload that arrived as it was sent is accepted", () => {
  assert.deepEqual(complaints(accepted, exchange(201), [delivered]), []);
});

for (const [name, received, pattern] of [
  ["nothing", [], /got nothing/],
  ["it twice", [delivered, delivered], /also got POST/],
  ["other bytes", [{ ...delivered, files: [{ ...file, sha256: "0" }] }], /other bytes/],
  ["another name", [{ ...delivered, files: [{ ...file, name: "b.png" }] }], /got the name/],
  ["another field", [{ ...delivered, fields: [["title", "Hill"]] }], /got the fields/],
  ["the file as another field", [{ ...delivered, files: [{ ...file, field: "x" }] }], /as field/],
  ["one file too few", [{ ...delivered, files: [] }], /0 files/],
] as const) {
  test(`a 201 is no acceptance where the service got ${name}`, () => {
    assert.match(complaints(accepted, exchange(201), received).join("; "), pattern);
  });
}

test("a refusal is one with the promised status and nothing delivered", () => {
  assert.deepEqual(complaints(refused, exchange(400), []), []);
  assert.match(complaints(refused, exchange(500), []).join(), /expected 400, got 500/);
  assert.match(
    complaints(refused, exchange(201), [delivered]).join("; "),
    /expected 400.*it got through: POST/,
  );
  assert.match(complaints(refused, exchange(400), [delivered]).join(), /it got through: POST \/pictures/);
});

test("a refusal that must close is none on a connection that stays open or answers again", () => {
  assert.match(complaints(refused, exchange(400, { end: "left" }), []).join(), /kept open/);
  const [answer] = exchange(400).answers;
  assert.ok(answer);
  assert.match(complaints(refused, exchange(400, { answers: [answer, answer] }), []).join(), /2 answers/);
});

test("silence is a refusal only where the request was never whole", () => {
  assert.match(complaints(refused, exchange(null), []).join(), /no answer/);
  assert.deepEqual(complaints({ ...refused, mayJustClose: true }, exchange(null), []), []);
  const hanging = exchange(null, { end: "deadline" });
  assert.match(complaints({ ...refused, mayJustClose: true }, hanging, []).join(), /no answer/);
});

test("an early refusal is late when too much was taken or too much time went by", () => {
  const early: Expectation = { ...refused, takenBytesMax: 100, withinMs: 1 };
  assert.equal(complaints(early, exchange(400), []).length, 2);
});

test("a neutralised upload is judged by its harm and its bytes, not by its name", () => {
  const renamed = { ...delivered, files: [{ ...file, name: "safe.png" }] };
  const neutral: Expectation = {
    ...refused,
    outcome: "refused-or-neutral",
    harm: (received) => (received.files[0]?.name === "evil" ? "evil" : null),
  };
  assert.deepEqual(complaints(neutral, exchange(201), [renamed]), []);
  assert.deepEqual(complaints(neutral, exchange(400), []), []);
  const harmful = { ...delivered, files: [{ ...file, name: "evil" }] };
  assert.deepEqual(complaints(neutral, exchange(201), [harmful]), ["evil"]);
});
