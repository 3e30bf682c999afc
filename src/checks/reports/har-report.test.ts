import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { exchange, hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { schemaErrors } from "../../../test/validators/json-schema.ts";
import type { CheckRun } from "../run/check-run.ts";
import { harReport } from "./har-report.ts";

const SCHEMA = fileURLToPath(import.meta.resolve("har-schema/lib/har.json"));

interface Entry {
  readonly startedDateTime: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly { readonly name: string; readonly value: string }[];
    readonly queryString: readonly unknown[];
    readonly postData?: { readonly text: string; readonly comment: string; readonly mimeType: string };
    readonly bodySize: number;
  };
  readonly response: { readonly status: number; readonly content: unknown; readonly comment?: string };
  readonly comment: string;
}

const entries = (run: CheckRun) => (JSON.parse(harReport(run)) as { log: { entries: Entry[] } }).log.entries;

test("every run is valid by the schema of HAR 1.2, and a broken one is not", () => {
  const runs = [sampleRun(), hostileRun(), largeRun(50), sampleRun({ results: [], controls: [exchange()] })];
  const wrong = harReport(sampleRun()).replace('"httpVersion"', '"http"');
  const errors = schemaErrors(SCHEMA, [...runs.map(harReport), wrong]);
  assert.deepEqual(
    errors.slice(0, -1),
    runs.map(() => []),
  );
  assert.notDeepEqual(errors.at(-1), []);
});

test("every request is there, in the order of sending, with what it was for", () => {
  const run = sampleRun({
    controls: [exchange({ name: "before", part: "control", sentAt: "2026-11-22T18:53:45.000Z" })],
  });
  const all = entries(run);
  const sent = run.results.flatMap(({ cases }) => cases.flatMap(({ exchanges }) => exchanges));
  assert.equal(all.length, sent.length + 1);
  assert.equal(all[0]?.comment, "control upload: before (control); the connection ended: closed");
  assert.match(
    all[1]?.comment ?? "",
    /^UPL-TR-01, a file of one byte more than the limit: the attack \(attack\)/,
  );
});

test("a request has its address, headers and body, as far as the run holds it", () => {
  const [first] = entries(sampleRun());
  assert.equal(first?.request.url, "http://127.0.0.1:8000/api/documents?from=check");
  assert.deepEqual(first?.request.queryString, [{ name: "from", value: "check" }]);
  assert.deepEqual(
    first?.request.headers.find(({ name }) => name === "Authorization"),
    { name: "Authorization", value: "***" },
  );
  const length = first?.request.bodySize ?? 0;
  assert.equal(first?.request.postData?.comment, `base64; ${length} of ${length} bytes`);
  assert.equal(Buffer.from(first?.request.postData?.text ?? "", "base64").length, length);
  const long = sampleRun({ results: [], controls: [exchange({ body: Buffer.alloc(20_000, "x") })] });
  assert.equal(entries(long)[0]?.request.postData?.comment, "8192 of 20000 bytes");
});

test("a request without an answer has status 0, and several answers are told", () => {
  const all = entries(sampleRun());
  const silent = all.find(({ comment }) => comment.includes("the connection ended: deadline"));
  assert.equal(silent?.response.status, 0);
  assert.equal(silent?.response.comment, "no answer");
  assert.ok(all.some(({ comment }) => comment.endsWith("; 2 answers on one connection")));
});
