import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { schemaErrors } from "../../../test/validators/json-schema.ts";
import type { CheckRun } from "../run/check-run.ts";
import { sarifReport } from "./sarif-report.ts";

/** The schema of the standard, as SchemaStore publishes it and code scanning checks it. */
const SCHEMA = fileURLToPath(import.meta.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly kind: string;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly { readonly physicalLocation: unknown }[];
  readonly partialFingerprints: unknown;
  readonly suppressions?: readonly unknown[];
  readonly baselineState?: string;
  readonly webRequest?: { readonly method: string; readonly headers: Readonly<Record<string, string>> };
  readonly webResponse?: { readonly statusCode?: number; readonly noResponseReceived?: boolean };
}

interface SarifRun {
  readonly tool: {
    readonly driver: {
      readonly rules: readonly { readonly id: string; readonly help: { readonly text: string } }[];
    };
  };
  readonly originalUriBaseIds: unknown;
  readonly invocations: readonly {
    readonly executionSuccessful: boolean;
    readonly toolExecutionNotifications: readonly unknown[];
  }[];
  readonly results: readonly SarifResult[];
}

function sarif(run: CheckRun): SarifRun {
  const log = JSON.parse(sarifReport(run)) as { readonly runs: readonly [SarifRun] };
  return log.runs[0];
}

function resultOf(run: CheckRun, id: string): SarifResult {
  const found = sarif(run).results.find(({ ruleId }) => ruleId === id);
  assert.ok(found);
  return found;
}

test("every run is valid by the schema of the standard, and a broken one is not", () => {
  const run = sampleRun();
  const stopped = { kind: "unreachable", sentence: "Nobody answers." } as const;
  const runs = [
    run,
    hostileRun(),
    largeRun(50),
    sampleRun({ results: [], stopped, exitCode: 3, baseline: null }),
    sampleRun({
      target: { ...run.target, flow: null, flowFile: null, path: "/a b?c=[d]|é" },
      startedAt: "never",
    }),
  ];
  const wrong = sarifReport(run).replace('"level": "error"', '"level": "grave"');
  const errors = schemaErrors(SCHEMA, [...runs.map(sarifReport), wrong]);
  assert.deepEqual(
    errors.slice(0, -1),
    runs.map(() => []),
  );
  assert.match(errors.at(-1)?.join() ?? "", /'grave' is not one of/);
});

test("each state has its level, and only failures have one", () => {
  const told = sarif(sampleRun()).results.map(({ ruleId, kind, level }) => [ruleId, kind, level]);
  assert.deepEqual(told, [
    ["UPL-TR-01", "fail", "error"],
    ["UPL-MP-07", "fail", "error"],
    ["UPL-TR-04", "fail", "error"],
    ["UPL-RS-03", "fail", "note"],
    ["UPL-FM-04", "fail", "note"],
    ["UPL-VO-01", "fail", "warning"],
    ["UPL-NM-08", "fail", "error"],
    ["UPL-FM-08", "review", "none"],
    ["UPL-VO-05", "review", "none"],
    ["UPL-TR-06", "notApplicable", "none"],
    ["UPL-RT-01", "pass", "none"],
    ["UPL-TY-01", "pass", "none"],
  ]);
});

test("a result points at the line of the flow file that promises it, or at the file, or at the route", () => {
  const run = sampleRun();
  const uri = "flows/documents/flow.yaml";
  assert.deepEqual(resultOf(run, "UPL-TR-01").locations[0]?.physicalLocation, {
    artifactLocation: { uri },
    region: { startLine: 14 },
  });
  assert.deepEqual(resultOf(run, "UPL-MP-07").locations[0]?.physicalLocation, {
    artifactLocation: { uri },
    region: { startLine: 1 },
  });
  const inner = { ...run, target: { ...run.target, flowFile: { path: uri, lines: { "accept.files": 9 } } } };
  assert.match(JSON.stringify(resultOf(inner, "UPL-TR-01").locations), /"startLine":9/);
  const none = { ...run, target: { ...run.target, flowFile: null } };
  assert.deepEqual(resultOf(none, "UPL-TR-01").locations[0]?.physicalLocation, {
    artifactLocation: { uri: "api/documents", uriBaseId: "TARGET" },
  });
  assert.match(
    JSON.stringify(sarif(run).originalUriBaseIds),
    /"TARGET":\{"uri":"http:\/\/127\.0\.0\.1:8000\/"/,
  );
});

test("what is waived is suppressed with who answers for it, and what is new is told from what was there", () => {
  const run = sampleRun();
  assert.deepEqual(resultOf(run, "UPL-NM-08").suppressions, [
    {
      kind: "external",
      status: "accepted",
      justification: "Until 2027-02-01, by documents team: shown by the mobile app only",
    },
  ]);
  assert.equal(resultOf(run, "UPL-TR-01").suppressions, undefined);
  assert.equal(resultOf(run, "UPL-TR-01").baselineState, "new");
  assert.equal(resultOf(run, "UPL-TR-04").baselineState, "unchanged");
  assert.equal(resultOf(run, "UPL-RT-01").baselineState, undefined);
  assert.equal(resultOf({ ...run, baseline: null }, "UPL-TR-01").baselineState, undefined);
});

test("a result has the request and the answer, a message that stands alone, and a rule with the remedy", () => {
  const run = sampleRun();
  const result = resultOf(run, "UPL-TR-01");
  assert.equal(result.webRequest?.method, "POST");
  assert.equal(result.webRequest?.headers.Authorization, "***");
  assert.equal(result.webResponse?.statusCode, 201);
  assert.match(
    result.message.text,
    /^Took 12\.0 MB; the flow says 10 MB\.\nPromised: .*\nObserved: 201 Created/,
  );
  assert.deepEqual(result.partialFingerprints, { "sluicegateCheck/v1": run.results[0]?.fingerprint });
  const rule = sarif(run).tool.driver.rules[result.ruleIndex];
  assert.equal(rule?.id, "UPL-TR-01");
  assert.match(rule?.help.text ?? "", /FastAPI: Set `max_body_size`/);
  assert.match(resultOf(run, "UPL-RS-03").message.text, /^Could not be checked: /);
});

test("a run that ended early is told as one that did not succeed", () => {
  const [invocation] = sarif(
    sampleRun({ stopped: { kind: "tls", sentence: "The certificate is not trusted." } }),
  ).invocations;
  assert.equal(invocation?.executionSuccessful, false);
  assert.match(JSON.stringify(invocation?.toolExecutionNotifications), /The certificate is not trusted\./);
});
