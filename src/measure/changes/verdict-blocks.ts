/**
 * The blocks that closing a record writes: the verdict with its four rows, the exact commands, and what was assumed. All from the comparison alone.
 */
import type { ChangeOutcome } from "../../flows/documents/change-schema.ts";
import { CHANGE_OUTCOMES } from "../../flows/documents/change-schema.ts";
import { confoundedSentence, copyLink } from "./figures-block.ts";
import { confounders } from "./fingerprint-differences.ts";
import type { KeptComparison } from "./kept-figures-schema.ts";
import { expectationSentence } from "./outcome-of.ts";
import { codeBlock, inCode, inLine, sayMinute, table } from "./say-figures.ts";

export const OPEN_VERDICT = ["Open. `sluicegate change close` writes this part from a comparison."];
export const OPEN_COMMANDS = ["None yet. `sluicegate change close` writes this part."];
export const OPEN_ASSUMPTIONS = ["None yet. `sluicegate change close` writes this part."];

/** A comparison with where its copy lies. */
export interface KeptClosing {
  readonly comparison: KeptComparison;
  /** Relative to the record: `evidence/0001-comparison.json`. */
  readonly copy: string;
  readonly copySha256: string;
}

/** What the front matter says of the change. */
export interface Announced {
  readonly variable: string | undefined;
  readonly expected: string | undefined;
}

const ROW_TITLES: Readonly<Record<string, string>> = {
  time: "Time",
  errors: "Errors",
  cache: "From a cache",
  database: "Database calls",
};

/** @param closed the day as `2026-11-22` */
export function verdictBlock(
  { comparison, copy, copySha256 }: KeptClosing,
  outcome: ChangeOutcome,
  closed: string,
  announced: Announced,
): string[] {
  const { verdict, sentence, rows, reasons, id, startedAtMs, evidenceSha256, likeForLike } = comparison;
  const further = reasons.filter((reason) => !sentence.includes(reason));
  // Where the comparison knew what was hoped for, its reasons say so.
  const expectation =
    comparison.expected === null ? expectationSentence(announced.expected, likeForLike) : null;
  return [
    `**${verdict}**, closed on ${closed} as **${outcome}**. ${CHANGE_OUTCOMES[outcome]}`,
    "",
    inLine(withoutVerdict(sentence, verdict)),
    ...(expectation === null ? [] : ["", expectation]),
    ...(further.length === 0 ? [] : ["", ...further.map((reason) => `- ${inLine(reason)}`)]),
    "",
    ...table(
      ["", "Before", "After", "Change", "Interval", "Judgement"],
      rows.map((row) => [
        ROW_TITLES[row.name] ?? inLine(row.name),
        inLine(row.before),
        inLine(row.after),
        inLine(row.change),
        inLine(row.interval ?? "–"),
        inLine(row.judgement),
      ]),
    ),
    "",
    ...differenceLines(comparison, announced.variable),
    "",
    ...clearedLines(comparison),
    "",
    `Comparison ${inCode(id)} of ${sayMinute(startedAtMs)}. Copy: ${copyLink(copy, copySha256)}; requests SHA-256 ${inCode(evidenceSha256)}.`,
  ];
}

/** The verdict stands above it already. */
function withoutVerdict(sentence: string, verdict: string): string {
  if (!sentence.startsWith(`${verdict}: `)) return sentence;
  const rest = sentence.slice(verdict.length + 2);
  return `${rest.charAt(0).toUpperCase()}${rest.slice(1)}`;
}

function differenceLines(comparison: KeptComparison, announced: string | undefined): string[] {
  const { differing, variable } = comparison;
  const others = confounders(comparison, variable);
  const rows = differing.map(({ key, a, b }) => [
    inCode(key),
    a === null ? "not seen" : inCode(a),
    b === null ? "not seen" : inCode(b),
  ]);
  return [
    ...(rows.length === 0
      ? [`Nothing that was looked at differs between the two, not even ${inCode(variable)}.`]
      : ["What differs between the two:", "", ...table(["", "Before", "After"], rows)]),
    ...(others.length === 0 ? [] : ["", othersSentence(others, comparison)]),
    ...(announced === undefined || announced === variable
      ? []
      : [
          "",
          `This record announced ${inCode(announced)} as the one variable; the comparison changed ${inCode(variable)}.`,
        ]),
  ];
}

/** Where keys were ignored on purpose, the comparison was not refused for them. */
function othersSentence(others: readonly string[], { verdict, variable }: KeptComparison): string {
  if (verdict === "REFUSED CONFOUNDED") return confoundedSentence(others, variable);
  return `Beside ${inCode(variable)}, ${others.map(inCode).join(", ")} differ${others.length === 1 ? "s" : ""}; whoever compared has said that this does not matter (\`--ignore\`).`;
}

function clearedLines({ cleared }: KeptComparison): string[] {
  if (cleared.length === 0) return ["Caches cleared: none."];
  const lines = [...new Map(cleared.map((one) => [`${one.cache}\n${one.command}`, one])).values()].map(
    ({ cache, command }) => {
      const times = cleared.filter((one) => one.cache === cache && one.command === command);
      const failed = times.filter(({ exitCode }) => exitCode !== 0).length;
      const failure = failed === 0 ? "" : `, of which ${failed} failed`;
      return `- ${inLine(cache)}, by ${inCode(command)}: ${times.length} ${times.length === 1 ? "time" : "times"}${failure}`;
    },
  );
  return ["Caches cleared, and no other:", "", ...lines];
}

/** The exact commands, and the way back. */
export function commandsBlock({ commands, rollback }: KeptComparison): string[] {
  return codeBlock([...commands, ...(rollback === null ? [] : ["", "# the way back", rollback])]);
}

/** @param added a person's, given when it was closed */
export function assumptionsBlock(comparison: KeptComparison, added: readonly string[]): string[] {
  const { metric, smallestEffect, noise, unseen, health, pairs, pairsMore } = comparison;
  const used = pairs.filter(({ dropped }) => dropped === null).length;
  const lines = [
    `Judged by the ${metric.quantile} of ${metric.of === "app" ? "the service's own time" : "the time that the client saw"}, with ${inLine(metric.phase)} caches, over ${used} of ${pairs.length} pairs.`,
    `The smallest change that matters is ${Number((smallestEffect.share * 100).toFixed(2))} % of the time before, and at least ${smallestEffect.ms} ms.`,
    // What the same beside itself has shown stands in what the comparison says of its health.
    ...(noise === null ? ["How much this machine differs from itself was not measured."] : []),
    ...(unseen.length === 0
      ? []
      : [`Could not be seen, and is taken for the same: ${unseen.map(inCode).join(", ")}.`]),
    ...(pairsMore === null ? [] : [`About ${pairsMore} more pairs would settle it.`]),
    ...health.map(inLine),
    ...added.map((one) => `${inLine(one)} (said when it was closed)`),
  ];
  return lines.map((line) => `- ${line}`);
}

/** Of a change that nobody has compared. @param closed the day as `2026-11-22` */
export function unmeasuredBlock(closed: string, reason: string): string[] {
  return [
    `Closed on ${closed} as **unmeasured**. ${CHANGE_OUTCOMES.unmeasured}`,
    "",
    `Why: ${inLine(reason)}`,
  ];
}
