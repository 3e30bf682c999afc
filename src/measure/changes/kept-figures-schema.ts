/**
 * What a change record needs of a kept measurement or comparison: read from JSON that lay on a disk, so every member is looked at before it is believed.
 */
import { z } from "zod";
import { CHANGE_VERDICTS } from "./outcome-of.ts";

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const values = z.record(z.string(), z.string().nullable());
const times = z.object({
  count,
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
  max: z.number().nullable(),
});

const head = {
  version: z.literal(1),
  id: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  flow: z.string(),
  startedAtMs: z.number(),
  program: z.string(),
  evidenceSha256: sha256,
};

/** @see Measurement in ../measurement.ts */
export const keptMeasurementSchema = z.looseObject({
  ...head,
  label: z.string().nullable(),
  target: z.string(),
  plan: z.looseObject({
    ratePerSecond: z.number(),
    phase: z.string(),
    seed: z.number(),
    timeoutMs: z.number(),
  }),
  fingerprint: z.looseObject({ values }),
  total: times,
  app: times,
  appSource: z.enum(["server", "client"]),
  outcomes: z.object({ accepted: count, refused: count, wrong: count, failed: count }),
  cache: z.object({ hit: count, miss: count, bypass: count, unknown: count }),
  databaseCalls: z
    .object({ mode: z.number(), modeShare: z.number(), mean: z.number(), max: z.number() })
    .nullable(),
  health: z.looseObject({}),
  invalid: z.array(z.string()),
  notes: z.array(z.string()),
});

const effect = z.looseObject({
  estimate: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number(),
});

const arm = z.looseObject({
  label: z.string(),
  target: z.string(),
  requests: count,
  fingerprint: z.looseObject({ values }),
});

/** @see Comparison in ../comparison.ts */
export const keptComparisonSchema = z.looseObject({
  ...head,
  arms: z.object({ a: arm, b: arm }),
  variable: z.string(),
  differing: z.array(z.object({ key: z.string(), a: z.string().nullable(), b: z.string().nullable() })),
  unseen: z.array(z.string()),
  metric: z.looseObject({ quantile: z.string(), of: z.enum(["app", "client"]), phase: z.string() }),
  smallestEffect: z.object({ share: z.number(), ms: z.number() }),
  noise: z.looseObject({ pairs: z.number(), smallestVisible: z.number() }).nullable(),
  expected: z.number().nullable(),
  verdict: z.enum(CHANGE_VERDICTS),
  sentence: z.string(),
  reasons: z.array(z.string()),
  rows: z.array(
    z.looseObject({
      name: z.string(),
      before: z.string(),
      after: z.string(),
      change: z.string(),
      interval: z.string().nullable(),
      judgement: z.string(),
      sentence: z.string(),
    }),
  ),
  likeForLike: effect.nullable(),
  pairs: z.array(z.looseObject({ dropped: z.string().nullable() })),
  health: z.array(z.string()),
  pairsMore: z.number().nullable(),
  cleared: z.array(
    z.object({ cache: z.string(), command: z.string(), atMs: z.number(), exitCode: z.number() }),
  ),
  commands: z.array(z.string()),
  rollback: z.string().nullable(),
});

export type KeptMeasurement = z.output<typeof keptMeasurementSchema>;
export type KeptComparison = z.output<typeof keptComparisonSchema>;
