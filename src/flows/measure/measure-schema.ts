/**
 * The schema of `measure`: how `sluicegate measure` and `compare` load the route, and what they may take for the same; what it becomes.
 *
 * What hangs together across keys is looked at by `measure-consistency.ts`.
 */
import { resolve } from "node:path";
import type { z } from "zod";
import { PERCENTAGE_PATTERN, readPercentage } from "../../setup/percentage.ts";
import { durationIn } from "../../setup/ranges.ts";
import { RATE_PATTERN, readRate } from "../../setup/rate.ts";
import { describeWritten, misread, type Reading, read, readDistinct } from "../../setup/reading.ts";
import { group, namedGroup, text, value } from "../../setup/schema.ts";
import type { FlowMeasure } from "../flow.ts";
import { readHeaderName } from "../verify/verify-values.ts";
import { readPlainTarget } from "./plain-target.ts";
import { UNWRITTEN_MEASURE } from "./unwritten.ts";

/** No load that this program makes is larger, whatever is written or said. */
export const RATE_PER_SECOND_MAX = 1000;

const COMMAND_CHARS_MAX = 1000;
const LIST_ENTRIES_MAX = 50;

const rate = value(readLoadRate, "write a rate such as 20/s.", {
  description:
    "How many uploads are sent on average; where left out, half of what the route can do, which is found out first.",
  type: "string",
  pattern: RATE_PATTERN,
  examples: ["20/s"],
});

const share = (description: string, example: string): z.ZodType<number> =>
  value(readShare, `write a percentage such as ${example}.`, {
    description,
    type: "string",
    pattern: PERCENTAGE_PATTERN,
    examples: [example],
  });

const command = (description: string): z.ZodType<string> =>
  text("write a line for the shell; it runs in the flow's folder.", description, COMMAND_CHARS_MAX);

const list = (
  description: string,
  example: string,
  readOne: (written: unknown) => Reading<string>,
): z.ZodType<readonly string[]> =>
  value((written) => readList(written, example, readOne), `write a list such as [${example}].`, {
    description,
    type: "array",
    maxItems: LIST_ENTRIES_MAX,
    items: { type: "string", minLength: 1, examples: [example] },
  });

const cache = group(
  {
    header: value(readHeaderName, "write a header's name such as X-Cache.", {
      description: "The header of answers that tells the state of this cache, where it is not Cache-Status.",
      type: "string",
      examples: ["X-Cache"],
    }).optional(),
    clear: command("Empties this cache and no other.").optional(),
  },
  "write { header: X-Cache, clear: … }, or {} where Cache-Status tells.",
  "One cache.",
);

const fingerprint = group(
  {
    path: value(readPlainTarget, "write a path such as /version.", {
      description: "Path of the service at which GET tells what it runs, as JSON or text.",
      type: "string",
      pattern: "^/",
      examples: ["/version"],
    }).optional(),
    command: command("Prints what the service runs, as JSON or text.").optional(),
    headers: list(
      "Headers of answers that tell what the service runs.",
      "X-Service-Version",
      lowerHeader,
    ).optional(),
    files: list(
      "Files that count, such as lockfiles, relative to this folder; only their digests are kept.",
      "../../requirements.txt",
      readPath,
    ).optional(),
    environment: list(
      "Environment variables that count; only digests of their values are kept.",
      "WORKERS",
      readVariable,
    ).optional(),
  },
  "write { path: /version }, or remove it.",
  "How one sees what the service runs, so that two measurements differ in one thing only.",
);

/** `measure`, key by key. */
export const measureSchema = group(
  {
    rate: rate.optional(),
    "smallest-effect": group(
      {
        share: share("As a share of the time before; 5 % where left out.", "5 %").optional(),
        time: durationIn({
          description: "As a time; 5 ms where left out.",
          min: 0,
          max: 60_000,
          example: "5 ms",
        }).optional(),
      },
      "write { share: 5 %, time: 5 ms }.",
      "The smallest change of response time that matters: the larger of the two.",
    ).optional(),
    "error-margin": share(
      "So much larger may the share of wrong and failed answers be and not matter; 0.5 % where left out.",
      "0.5 %",
    ).optional(),
    caches: namedGroup(
      cache,
      "write { thumbnails: { clear: … } }.",
      "Caches that answers come through, by name.",
      { type: "string", minLength: 1, maxLength: 64, description: "The cache's name, as in Cache-Status." },
    ).optional(),
    fingerprint: fingerprint.optional(),
  },
  "write { rate: 20/s }, or remove it.",
  "How sluicegate measure and compare load the route; the gate itself never reads it.",
);

/** @param folder the flow's, from which relative paths count. */
export function buildMeasure(
  written: z.output<typeof measureSchema> | undefined,
  folder: string,
): FlowMeasure {
  const { smallestEffect, errorMarginShare } = UNWRITTEN_MEASURE;
  const effect = written?.["smallest-effect"];
  const seen = written?.fingerprint;
  return {
    ratePerSecond: written?.rate ?? null,
    smallestEffect: { share: effect?.share ?? smallestEffect.share, ms: effect?.time ?? smallestEffect.ms },
    errorMarginShare: written?.["error-margin"] ?? errorMarginShare,
    caches: Object.entries(written?.caches ?? {}).map(([name, { header = null, clear = null }]) => {
      return { name, header: header?.toLowerCase() ?? null, clear };
    }),
    fingerprint: {
      path: seen?.path ?? null,
      command: seen?.command ?? null,
      headers: seen?.headers ?? [],
      files: (seen?.files ?? []).map((file) => resolve(folder, file)),
      environment: seen?.environment ?? [],
    },
  };
}

function readLoadRate(written: unknown): Reading<number> {
  const reading = readRate(written);
  if (!reading.ok) return reading;
  const perSecond = (reading.value.count * 1000) / reading.value.perMs;
  return perSecond <= RATE_PER_SECOND_MAX
    ? read(perSecond)
    : misread(`this is more than ${RATE_PER_SECOND_MAX}/s, and no larger load is made.`);
}

/** From `5 %` to 0.05. */
function readShare(written: unknown): Reading<number> {
  const reading = readPercentage(written);
  return reading.ok ? read(reading.value / 100) : reading;
}

function readList(
  written: unknown,
  example: string,
  readOne: (written: unknown) => Reading<string>,
): Reading<readonly string[]> {
  if (!Array.isArray(written))
    return misread(`expected a list such as [${example}], found ${describeWritten(written)}.`);
  return written.length > LIST_ENTRIES_MAX
    ? misread(`this has more than ${LIST_ENTRIES_MAX} entries.`)
    : readDistinct(written, readOne);
}

function lowerHeader(written: unknown): Reading<string> {
  const reading = readHeaderName(written);
  return reading.ok ? read(reading.value.toLowerCase()) : reading;
}

function readPath(written: unknown): Reading<string> {
  return typeof written === "string" && written.trim() !== "" && !written.includes("\0")
    ? read(written.trim())
    : misread(`expected the path of a file, found ${describeWritten(written)}.`);
}

function readVariable(written: unknown): Reading<string> {
  return typeof written === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(written)
    ? read(written)
    : misread(
        `${describeWritten(written)} is not the name of an environment variable: letters, digits and _.`,
      );
}
