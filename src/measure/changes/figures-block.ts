/**
 * The block with the figures: what was measured before and after, side by side, and in what the two differ.
 */
import { confounders, fingerprintDifferences } from "./fingerprint-differences.ts";
import type { KeptMeasurement } from "./kept-figures-schema.ts";
import { inCode, inLine, NOTHING, sayChange, sayMinute, sayMs, sayShare, table } from "./say-figures.ts";

export type Side = "before" | "after";

/** A measurement with where its copy lies. */
export interface KeptSide {
  readonly measurement: KeptMeasurement;
  /** Relative to the record: `evidence/0001-before.json`. */
  readonly copy: string;
  readonly copySha256: string;
}

export type Sides = Readonly<Partial<Record<Side, KeptSide>>>;

const EMPTY = [
  "Nothing is measured yet. `sluicegate change measure` writes this part; figures are never typed by hand.",
];

/** Of a record that was closed by a comparison alone. */
export const FIGURES_OF_COMPARISON = [
  "No single measurements were put in. The figures of the comparison stand under the verdict.",
];

/** The block's lines. @param variable the one key that may differ, of the front matter */
export function figuresBlock(sides: Sides, variable: string | undefined): string[] {
  const { before, after } = sides;
  if (before === undefined && after === undefined) return EMPTY;
  const [a, b] = [before?.measurement ?? null, after?.measurement ?? null];
  return [
    ...(["before", "after"] as const).flatMap((side) => worthLines(side, sides[side])),
    ...table(["", "Before", "After", "Change"], rowsOf(a, b)),
    "",
    ...(["before", "after"] as const).map((side) => sourceLine(side, sides[side])),
    ...(before === undefined || after === undefined ? [] : ["", ...differenceLines(before, after, variable)]),
    "",
    "These are two measurements, one after the other. Whether the change made the difference, only a comparison can say.",
  ];
}

type Row = readonly [string, string, string, string];

function rowsOf(a: KeptMeasurement | null, b: KeptMeasurement | null): Row[] {
  const source = (a ?? b)?.appSource === "server" ? "its own word" : "as the client saw it";
  const time = (title: string, of: "app" | "total", quantile: "p50" | "p95" | "p99"): Row => {
    const [x, y] = [a?.[of][quantile] ?? null, b?.[of][quantile] ?? null];
    return [
      title,
      sayMs(x),
      sayMs(y),
      a?.appSource !== b?.appSource && of === "app" ? NOTHING : sayChange(x, y),
    ];
  };
  const counts = (title: string, say: (one: KeptMeasurement) => string): Row => [
    title,
    a === null ? NOTHING : say(a),
    b === null ? NOTHING : say(b),
    "",
  ];
  const rows = [
    time(`Time of the service (${source}), half are faster`, "app", "p50"),
    time("… 95 of 100 are faster", "app", "p95"),
    time("… 99 of 100 are faster", "app", "p99"),
    time("Whole time, 95 of 100 are faster", "total", "p95"),
    counts("Errors: wrong or failed", (one) =>
      sayShare(one.outcomes.wrong + one.outcomes.failed, answersOf(one)),
    ),
    counts("Refused as promised", (one) => sayShare(one.outcomes.refused, answersOf(one))),
    counts("From a cache", cacheWords),
    counts("Database calls of an upload", databaseWords),
  ];
  return rows.filter(([, before, after]) => before !== NOTHING || after !== NOTHING);
}

function answersOf({ outcomes }: KeptMeasurement): number {
  return outcomes.accepted + outcomes.refused + outcomes.wrong + outcomes.failed;
}

function cacheWords({ cache }: KeptMeasurement): string {
  const told = cache.hit + cache.miss + cache.bypass;
  return told === 0 ? "not told" : sayShare(cache.hit, told + cache.unknown);
}

function databaseWords({ databaseCalls }: KeptMeasurement): string {
  if (databaseCalls === null) return "not told";
  const { mode, modeShare, max, mean } = databaseCalls;
  return modeShare >= 0.95 ? `${mode} (at most ${max})` : `${mean.toFixed(1)} on average (at most ${max})`;
}

function sourceLine(side: Side, kept: KeptSide | undefined): string {
  const word = side === "before" ? "Before" : "After";
  if (kept === undefined) return `- ${word}: not measured yet.`;
  const { id, startedAtMs, target, plan, program, evidenceSha256 } = kept.measurement;
  return [
    `- ${word}: measurement ${inCode(id)} of ${sayMinute(startedAtMs)}, ${inCode(target)}, ${answersOf(kept.measurement)} uploads at ${plan.ratePerSecond} a second, ${plan.phase} caches, by ${inLine(program)}.`,
    `  Copy: ${copyLink(kept.copy, kept.copySha256)}; requests SHA-256 ${inCode(evidenceSha256)}.`,
  ].join("\n");
}

/** Above the figures, so that nobody reads them before. */
function worthLines(side: Side, kept: KeptSide | undefined): string[] {
  const invalid = kept?.measurement.invalid ?? [];
  if (invalid.length === 0) return [];
  return [`**The figures of "${side}" are worth nothing.** ${invalid.map(inLine).join(" ")}`, ""];
}

/** A link to a copy with its digest, as `check` finds it again. */
export function copyLink(copy: string, digest: string): string {
  return `[${copy}](${copy}), SHA-256 \`${digest}\``;
}

/** What `copyLink` writes. */
export const COPY_LINK = /\[(evidence\/[0-9a-z.-]+)\]\(\1\), SHA-256 `([0-9a-f]{64})`/g;

function differenceLines(before: KeptSide, after: KeptSide, variable: string | undefined): string[] {
  const differences = fingerprintDifferences(
    before.measurement.fingerprint.values,
    after.measurement.fingerprint.values,
  );
  const rows = differences.differing.map(({ key, a, b }) => [inCode(key), inCode(a ?? ""), inCode(b ?? "")]);
  const others = confounders(differences, variable);
  return [
    ...(rows.length === 0 ? ["Nothing that was looked at differs between the two."] : []),
    ...(rows.length > 0
      ? ["What differs between the two:", "", ...table(["", "Before", "After"], rows)]
      : []),
    ...(others.length === 0 ? [] : ["", confoundedSentence(others, variable)]),
    ...(differences.unseen.length === 0
      ? []
      : ["", `Could not be seen, and may differ: ${differences.unseen.map(inCode).join(", ")}.`]),
  ];
}

/** That more than the one variable differs. */
export function confoundedSentence(others: readonly string[], variable: string | undefined): string {
  const beside = variable === undefined ? "no variable is named" : `${inCode(variable)} is the one variable`;
  return `**More than one thing changed:** ${beside}, and ${others.map(inCode).join(", ")} differ${others.length === 1 ? "s" : ""}, too. The figures cannot say which of them did it.`;
}
