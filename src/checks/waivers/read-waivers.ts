/**
 * Reads waivers.yaml of a flow's folder: which checks may fail, until when, and who has answered for that.
 *
 * Always holds: a waiver that has run out, or with which something is wrong, does not count. A folder without the file has none.
 */
import { join } from "node:path";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { describeWritten } from "../../setup/reading.ts";
import { inFileOrder, problemAt, schemaProblems } from "../../setup/schema-problems.ts";
import { readWrittenFile } from "../../setup/written-file.ts";
import { readYaml, type YamlSource } from "../../setup/yaml-source.ts";
import type { WaiverNote } from "../run/check-run.ts";
import { checkSentence, daysSentence, type KnownChecks, type Waiver, waiverSchema } from "./waiver.ts";

export const WAIVERS_FILE = "waivers.yaml";

/** A waiver and where it stands in the file, from 1. */
export interface PlacedWaiver extends Waiver {
  readonly line: number;
  readonly column: number;
}

export interface WaiverReading {
  /** What counts today, by check. */
  readonly waivers: ReadonlyMap<string, WaiverNote>;
  /** Every waiver that is well written, also those that have run out. */
  readonly all: readonly PlacedWaiver[];
  /** With severity `error`: the waivers concerned do not count. */
  readonly problems: readonly SetupProblem[];
}

const NONE: WaiverReading = { waivers: new Map(), all: [], problems: [] };

/**
 * Reads the file.
 * @param folder the flow's
 * @param today  as `2026-11-22`, in UTC
 * @param checks ids of the catalogue; `any`: they are not looked at
 */
export async function readWaivers(
  folder: string,
  today: string,
  checks: KnownChecks = "any",
): Promise<WaiverReading> {
  const file = join(folder, WAIVERS_FILE);
  const written = await readWrittenFile(file, "WAIVERS_INVALID");
  if (!written.ok) return written.isMissing ? NONE : { ...NONE, problems: written.problems };
  const source = readYaml(written.text, file, "WAIVERS_INVALID");
  if (source.problems.length > 0) return { ...NONE, problems: inFileOrder(source.problems) };
  // A file with nothing but comments.
  if (source.value === null || source.value === undefined) return NONE;
  if (!Array.isArray(source.value)) {
    const sentence = `expected a list of waivers, found ${describeWritten(source.value)}; each begins with "- check:".`;
    return { ...NONE, problems: [problemAt(source, [], sentence)] };
  }
  return readEntries(source, source.value, today, checks);
}

function readEntries(
  source: YamlSource,
  entries: readonly unknown[],
  today: string,
  checks: KnownChecks,
): WaiverReading {
  const problems: SetupProblem[] = [];
  const all: PlacedWaiver[] = [];
  for (const [index, entry] of entries.entries()) {
    const parsed = waiverSchema.safeParse(entry);
    const found = parsed.success
      ? waiverProblems(source, index, parsed.data, all, today, checks)
      : schemaProblems(
          parsed.error.issues.map((issue) => ({ ...issue, path: [index, ...issue.path] })),
          source,
        );
    problems.push(...found);
    const { line, column } = source.placeOfValue([index, "check"]);
    if (parsed.success && found.length === 0) all.push({ ...parsed.data, line, column });
  }
  const counting = all.filter(({ until }) => until >= today);
  const waivers = new Map(
    counting.map(({ check, until, reason, owner }) => [check, { until, reason, owner }] as const),
  );
  return { waivers, all, problems: inFileOrder(problems) };
}

function waiverProblems(
  source: YamlSource,
  index: number,
  waiver: Waiver,
  before: readonly Waiver[],
  today: string,
  checks: KnownChecks,
): SetupProblem[] {
  const unknown = checkSentence(waiver.check, checks);
  const days = daysSentence(waiver, today);
  const isTwice = before.some(({ check }) => check === waiver.check);
  return [
    ...(unknown === null ? [] : [problemAt(source, [index, "check"], unknown)]),
    ...(days === null ? [] : [problemAt(source, [index, days.key], days.sentence)]),
    ...(isTwice
      ? [problemAt(source, [index, "check"], `${waiver.check} is waived above already; keep one of the two.`)]
      : []),
  ];
}
