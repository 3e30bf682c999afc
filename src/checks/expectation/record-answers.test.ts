import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import type { Flow } from "../../flows/flow.ts";
import { readFlow } from "../../flows/read-flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { readExpectation } from "./read-expectation.ts";
import { type AnswersToRecord, recordAnswers } from "./record-answers.ts";
import type { ComparedAnswer } from "./recorded-answer.ts";

const GOOD = readFileSync(resolve(import.meta.dirname, "../../../fixtures/flows/good-smallest.yaml"), "utf8");
const NOW = new Date("2026-11-22T12:00:00Z");
const root = mkdtempSync(join(tmpdir(), "sluicegate-record-"));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

async function flowWith(text: string, files: Readonly<Record<string, string>> = {}): Promise<Flow> {
  const folder = join(root, String(folders++), "avatars");
  mkdirSync(join(folder, "expected"), { recursive: true });
  for (const [path, content] of Object.entries({ ...files, "flow.yaml": text }))
    writeFileSync(join(folder, path), content);
  return again(folder);
}

async function again(folder: string): Promise<Flow> {
  const reading = await readFlow(join(folder, "flow.yaml"), { upstreams: "any" });
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.flow;
}

const json = (
  body: unknown,
  status = 201,
  more: readonly (readonly [string, string])[] = [],
): ComparedAnswer => ({
  status,
  headers: [
    ["content-type", "application/json"],
    ["date", `${Math.random()}`],
    ["location", `/api/avatars/${Math.random()}`],
    ...more,
  ],
  body: Buffer.from(JSON.stringify(body)),
});

const TWO = [json({ id: 1, status: "stored" }), json({ id: 2, status: "stored" })];
const asked = (flow: Flow, more: Partial<AnswersToRecord> = {}): AnswersToRecord => ({
  flow,
  answers: TWO,
  sent: [],
  secrets: [],
  now: NOW,
  writesFlow: false,
  ...more,
});
const read = (flow: Flow, path: string): string => readFileSync(join(flow.folder, path), "utf8");

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GateError && error.code === "RECORDED_ANSWER_INVALID", String(error));
  return error.publicMessage;
}

test("what is recorded has status, the headers that matter, an example, and what differs each time", async () => {
  const flow = await flowWith(GOOD);
  const { written, changes, lineToWrite } = await recordAnswers(asked(flow));
  assert.deepEqual(
    written.map((file) => file.slice(flow.folder.length + 1)),
    ["expected/created.answer.json", "expected/created.schema.json"],
  );
  assert.deepEqual([changes, lineToWrite], [[], "expect: { body: expected/created.schema.json }"]);
  assert.equal(read(flow, "flow.yaml"), GOOD);
  assert.deepEqual(JSON.parse(read(flow, "expected/created.answer.json")), {
    schema: "sluicegate-recorded-answer/1",
    recordedAt: "2026-11-22T12:00:00.000Z",
    status: 201,
    headers: { "content-type": "application/json", location: null },
    bodyKind: "json",
    volatile: ["/id"],
    example: { id: 1, status: "stored" },
  });
});

test("the line is written into the flow file where that was asked for, and nothing else of it changes", async () => {
  const table: [before: string, after: string][] = [
    [GOOD, `${GOOD}\nexpect:\n  body: expected/created.schema.json\n`],
    [
      `${GOOD}expect: { status: 201 } # ok\n`,
      `${GOOD}expect: { body: expected/created.schema.json, status: 201 } # ok\n`,
    ],
    [
      `${GOOD}expect:   # when all is well\n    # the status\n    status: 201\n    p95: 1 s\n`,
      `${GOOD}expect:   # when all is well\n    # the status\n    body: expected/created.schema.json\n    status: 201\n    p95: 1 s\n`,
    ],
    [`${GOOD}expect: {}`, `${GOOD}expect: { body: expected/created.schema.json }`],
    [
      `${GOOD}expect:\n  status: 201\n`.replaceAll("\n", "\r\n"),
      `${GOOD}expect:\n  body: expected/created.schema.json\n  status: 201\n`.replaceAll("\n", "\r\n"),
    ],
  ];
  for (const [before, expected] of table) {
    const flow = await flowWith(before);
    const { lineToWrite } = await recordAnswers(asked(flow, { writesFlow: true }));
    assert.equal(lineToWrite, null);
    assert.equal(read(flow, "flow.yaml"), expected);
    assert.equal((await again(flow.folder)).notes.expect?.body, "expected/created.schema.json");
  }
});

test("an answer like the recorded ones is as expected, and what differs is told in words", async () => {
  const flow = await flowWith(GOOD);
  await recordAnswers(
    asked(flow, {
      answers: TWO.map((answer) => ({
        ...answer,
        headers: [...answer.headers, ["cache-control", "no-store"] as const],
      })),
      writesFlow: true,
    }),
  );
  const expectation = await readExpectation(await again(flow.folder));
  assert.ok(expectation !== null);
  assert.equal(expectation.recordedAt, "2026-11-22T12:00:00.000Z");
  const cached = [["cache-control", "No-Store"] as const];
  assert.deepEqual(expectation.compare(json({ id: 77, status: "stored", more: 1 }, 201, cached)), []);
  assert.deepEqual(
    expectation.compare(json({ id: "x", status: "lost" }, 200, [["cache-control", "public"]])),
    [
      "the status is 200, and was 201 when it was recorded",
      'the header cache-control is "public", and was "no-store" when it was recorded',
      'in the body: /id: expected a whole number, found "x"',
      'in the body: /status: expected "stored", found "lost"',
    ],
  );
  const page = {
    status: 201,
    headers: [["content-type", "text/html"] as const],
    body: Buffer.from("<p>Hello"),
  };
  assert.deepEqual(expectation.compare(page), [
    'the header content-type is "text/html", and was "application/json" when it was recorded',
    "the header cache-control is missing, and was there when it was recorded",
    "the header location is missing, and was there when it was recorded",
    "the body is text, and was JSON when it was recorded",
    "the body is not JSON, and the flow names a JSON Schema for it",
  ]);
});

test("a schema that is there and still fits is left, and one that does not fit is written anew, saying why", async () => {
  const body = "expect: { body: expected/created.schema.json }\n";
  const mine = '{ "type": "object", "title": "mine" }';
  const fits = await flowWith(`${GOOD}${body}`, { "expected/created.schema.json": mine });
  const first = await recordAnswers(asked(fits));
  assert.equal(read(fits, "expected/created.schema.json"), mine);
  assert.equal(first.written.length, 1);
  assert.equal(first.lineToWrite, null);

  const differs = await flowWith(`${GOOD}${body}`, {
    "expected/created.schema.json": '{ "required": ["name"] }',
  });
  await recordAnswers(asked(differs));
  const { changes } = await recordAnswers(
    asked(differs, { answers: [json({ id: 1 }, 200), json({ id: 2 }, 200)] }),
  );
  assert.deepEqual(changes, [
    "the status is 200, and was 201 when it was recorded",
    "in the body: /status: it is missing",
  ]);
  assert.match(
    read(differs, "expected/created.schema.json"),
    /What an accepted upload to avatars is answered with/,
  );
});

test("a schema with a keyword that is not known is named, and neither passed over nor written over", async () => {
  const schema = '{ "oneOf": [] }';
  const flow = await flowWith(`${GOOD}expect: { body: expected/created.schema.json }\n`, {
    "expected/created.schema.json": schema,
  });
  assert.match(
    await refusal(readExpectation(flow)),
    /created\.schema\.json: \/oneOf: the keyword "oneOf" is not known here/,
  );
  assert.match(await refusal(recordAnswers(asked(flow))), /"oneOf" is not known here/);
  assert.equal(read(flow, "expected/created.schema.json"), schema);
});

test("a schema that a person wrote is an expectation by itself; nothing at all is none", async () => {
  const body = "expect: { body: expected/created.schema.json }\n";
  const flow = await flowWith(`${GOOD}${body}`, { "expected/created.schema.json": '{ "required": ["id"] }' });
  const expectation = await readExpectation(flow);
  assert.deepEqual(expectation?.compare(json({})), ["in the body: /id: it is missing"]);
  assert.equal(await readExpectation(await flowWith(GOOD)), null);
});

test("secrets are in nothing that is written, and are no constants", async () => {
  const flow = await flowWith(GOOD);
  const bodies = [1, 2].map((id) => json({ id, status: "hunter", link: "https://x.example/?t=hunter" }));
  await recordAnswers(asked(flow, { answers: bodies, secrets: ["hunter"], writesFlow: true }));
  for (const file of readdirSync(join(flow.folder, "expected")))
    assert.doesNotMatch(read(flow, `expected/${file}`), /hunter/, file);
});

test("texts are compared where they are the same each time, and an empty body stays empty", async () => {
  const text = (body: string): ComparedAnswer => ({
    status: 200,
    headers: [["content-type", "text/plain"]],
    body: Buffer.from(body),
  });
  const flow = await flowWith(GOOD);
  const { written, lineToWrite } = await recordAnswers(
    asked(flow, { answers: [text("stored"), text("stored")] }),
  );
  assert.deepEqual([written.length, lineToWrite], [1, null]);
  const same = await readExpectation(flow);
  assert.deepEqual(same?.compare(text("stored")), []);
  assert.deepEqual(same?.compare(text("lost")), ["the body is another text than was recorded"]);
  await recordAnswers(asked(flow, { answers: [text("stored 1"), text("stored 2")] }));
  assert.deepEqual((await readExpectation(flow))?.compare(text("stored 3")), []);
  const empty: ComparedAnswer = { status: 204, headers: [], body: new Uint8Array() };
  await recordAnswers(asked(flow, { answers: [empty, empty] }));
  assert.deepEqual((await readExpectation(flow))?.compare({ ...empty, body: Buffer.from("x") }), [
    "the body is text, and was empty when it was recorded",
  ]);
});

test("answers that cannot be recorded leave everything as it was", async () => {
  const flow = await flowWith(GOOD);
  const [one] = TWO;
  assert.ok(one !== undefined);
  const broken = { ...one, body: Buffer.from("{") };
  const table: [readonly ComparedAnswer[], RegExp][] = [
    [[one], /At least two answers/],
    [[one, { ...one, status: 200 }], /answered with 201 and with 200/],
    [[one, { ...one, body: new Uint8Array() }], /bodies of two kinds/],
    [[broken, broken], /says that it is JSON and is none/],
  ];
  for (const [answers, sentence] of table)
    assert.match(await refusal(recordAnswers(asked(flow, { answers }))), sentence);
  assert.deepEqual(readdirSync(join(flow.folder, "expected")), []);
});

test("a file that record did not write is named, and not compared with", async () => {
  for (const text of ["{}", "{", '{"schema":"sluicegate-recorded-answer/1","status":"201"}']) {
    const flow = await flowWith(GOOD, { "expected/created.answer.json": text });
    assert.match(
      await refusal(readExpectation(flow)),
      /created\.answer\.json is not what sluicegate record writes/,
    );
  }
});
