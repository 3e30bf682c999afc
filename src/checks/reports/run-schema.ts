/**
 * The form of a run's JSON as a schema: decides what is read back, and is published as `contract/check-run.schema.json`.
 *
 * Always holds: its type is that of `CheckRun`, which a test of types compares. Members that it does not know are let through: later versions
 * of the same `schema` may add some.
 */
import { z } from "zod";

const count = z.int().min(0);
const milliseconds = z.number().min(0);
const moment = z.string().describe("ISO 8601, UTC");
const texts = z.array(z.string()).readonly();
const base64 = z.string().describe("base64");

const state = z.enum(["pass", "fail", "warn", "inconclusive", "not-applicable", "manual", "waived", "error"]);
const confidence = z.enum(["certain", "firm", "tentative"]).nullable();

const remedy = z
  .object({ fastapi: z.string(), django: z.string(), flask: z.string(), gate: z.string() })
  .readonly();

const target = z
  .object({
    flow: z.string().nullable(),
    flowFile: z
      .object({ path: z.string(), lines: z.record(z.string(), z.int().min(1)).readonly() })
      .readonly()
      .nullable(),
    policyVersion: z.string().nullable(),
    owner: z.string().nullable(),
    origin: z.string(),
    method: z.string(),
    path: z.string(),
    framework: z.enum(["fastapi", "django", "flask"]).nullable(),
    front: z.enum(["sluicegate", "unknown"]),
    serves: z.string().nullable(),
    assumptions: texts,
    readBack: z.string().nullable(),
  })
  .readonly();

const plan = z
  .object({
    checks: count,
    cases: count,
    requests: count,
    sentBytes: count,
    requestsMax: count,
    sentBytesMax: count,
    leftOut: count,
  })
  .readonly();

const stop = z
  .object({
    kind: z.enum([
      "unreachable",
      "tls",
      "redirected",
      "login-page",
      "control-refused",
      "takes-everything",
      "suffering",
      "interrupted",
      "cap",
      "unsafe",
    ]),
    sentence: z.string(),
  })
  .readonly();

const answer = z
  .object({
    status: z.int(),
    headers: z.array(z.tuple([z.string(), z.string()]).readonly()).readonly(),
    bodyBytes: count,
    bodyStart: base64,
  })
  .readonly();

const exchange = z
  .object({
    name: z.string(),
    part: z.enum(["attack", "twin", "control"]),
    origin: z.string(),
    request: z
      .object({
        head: z.string(),
        bodyBytes: count,
        bodyStart: base64,
        sha256: z.string(),
        isPlainHttp: z.boolean(),
      })
      .readonly(),
    answers: z.array(answer).readonly(),
    end: z.enum(["closed", "reset", "left", "deadline"]),
    sentAt: moment,
    answeredAfterMs: milliseconds.nullable(),
    elapsedMs: milliseconds,
    takenBytes: count,
  })
  .readonly();

const wanted = z.object({ statuses: z.array(z.int()).readonly(), mayJustClose: z.boolean() }).readonly();

const caseReport = z
  .object({
    name: z.string(),
    state,
    confidence,
    reasons: texts,
    promised: z.string().nullable(),
    observed: z.string().nullable(),
    diff: texts,
    exchanges: z.array(exchange).readonly(),
    elapsedMs: milliseconds,
    evidence: z.string().nullable(),
    wanted: wanted.nullable().exactOptional(),
  })
  .readonly();

const waiver = z.object({ until: z.string(), reason: z.string(), owner: z.string() }).readonly();

const manual = z
  .object({ who: z.string(), when: z.string(), result: z.enum(["pass", "fail"]), note: z.string() })
  .readonly();

const result = z
  .object({
    id: z.templateLiteral(["UPL-", z.string()]),
    title: z.string(),
    why: z.string(),
    standards: texts,
    flags: z.array(z.enum(["s", "b", "i", "o"])).readonly(),
    remedy: remedy.nullable(),
    state,
    confidence,
    sentence: z.string(),
    cases: z.array(caseReport).readonly(),
    waiver: waiver.nullable(),
    manual: manual.nullable(),
    flowKey: z.string().nullable(),
    fingerprint: z.string(),
  })
  .readonly();

const baseline = z
  .object({ id: z.string(), startedAt: moment, added: texts, fixed: texts, unchanged: texts })
  .readonly();

/** A run, as `CheckRun`. */
export const runSchema = z
  .object({
    schema: z.literal("sluicegate-check-run/1"),
    id: z.string(),
    startedAt: moment,
    elapsedMs: milliseconds,
    program: z.string(),
    profile: z.enum(["ci", "staging", "prod-safe"]),
    seed: z.string(),
    target,
    cost: z.object({ requests: count, sentBytes: count }).readonly(),
    plan,
    results: z.array(result).readonly(),
    controls: z.array(exchange).readonly().exactOptional(),
    leftovers: texts,
    stopped: stop.nullable(),
    exitCode: z.union([z.literal(0), z.literal(1), z.literal(3), z.literal(4)]),
    sentence: z.string(),
    baseline: baseline.nullable(),
  })
  .readonly();
