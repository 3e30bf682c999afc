/**
 * A new change record: what is known of the flow is written, what only a person can know is asked for.
 */
import { yamlScalar } from "../../flows/documents/front-matter.ts";
import type { Flow } from "../../flows/flow.ts";
import { figuresBlock } from "./figures-block.ts";
import { type BlockName, writeBlock } from "./record-blocks.ts";
import { codeBlock, inLine } from "./say-figures.ts";
import { OPEN_ASSUMPTIONS, OPEN_COMMANDS, OPEN_VERDICT } from "./verdict-blocks.ts";

/** What a person says of a change when it is begun; what is absent is asked for in the text. */
export interface ChangeWords {
  readonly title: string;
  readonly owner?: string;
  readonly variable?: string;
  readonly expected?: string;
  readonly hypothesis?: string;
  readonly slowQuery?: string;
  readonly failingCommand?: string;
}

/** How the text asks for what is missing; `change check` finds it again. */
export const STILL_TO_WRITE = "_Still to write:";

const asked = (what: string): string => `${STILL_TO_WRITE} ${what}_`;

/** The whole file. @param opened the day as `2026-11-22` */
export function recordText(flow: Flow, number: number, opened: string, words: ChangeWords): string {
  return [
    ...matterLines(flow, number, opened, words),
    "",
    `# ${words.title}`,
    "",
    // First, since whoever opens the record wants to know how it ended.
    ...section("Verdict", [block("verdict", OPEN_VERDICT)]),
    ...section("What is slow or fails", evidenceLines(words)),
    ...section("Where a user notices it", [flow.noticed ?? asked("the page, and what is seen there.")]),
    ...section("Hypothesis", [
      words.hypothesis ?? asked("why it is slow or fails, and why this change would mend it."),
    ]),
    ...section("The one variable", [
      words.variable === undefined
        ? asked(
            "the one thing that differs between before and after, such as git.commit; and in the lines at the top as variable:.",
          )
        : `\`${words.variable}\`, and nothing else: code, settings, data and load stay the same.`,
    ]),
    ...section("Expected result", [
      words.expected ??
        asked("what should come out, such as -30 %; and in the lines at the top as expected:."),
    ]),
    ...section("The way back", rollbackLines(flow)),
    ...section("Before and after", [block("figures", figuresBlock({}, words.variable))]),
    ...section("Commands", [block("commands", OPEN_COMMANDS)]),
    ...section("What was assumed", [block("assumptions", OPEN_ASSUMPTIONS)]),
    "<!-- Between lines such as sluicegate:figures and /sluicegate:figures the program writes. Everything else is yours. -->",
    "",
  ].join("\n");
}

const block = (name: BlockName, lines: readonly string[]): string => writeBlock(name, lines);

function section(title: string, lines: readonly string[]): string[] {
  return [`## ${title}`, "", ...lines, ""];
}

function matterLines(flow: Flow, number: number, opened: string, words: ChangeWords): string[] {
  const values: readonly (readonly [string, string | number | undefined])[] = [
    ["change", number],
    ["title", words.title],
    ["status", "open"],
    ["flow", flow.name],
    ["route", `${flow.route.method} ${flow.route.path}`],
    ["owner", words.owner ?? flow.owner],
    ["opened", opened],
    ["variable", words.variable],
    ["expected", words.expected],
  ];
  const lines = values.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${yamlScalar(value)}`],
  );
  return ["---", ...lines, "---"];
}

function evidenceLines({ slowQuery, failingCommand }: ChangeWords): string[] {
  if (slowQuery === undefined && failingCommand === undefined)
    return [asked("the slow query, or the command that fails, as it can be copied into a terminal.")];
  const query = slowQuery === undefined ? [] : ["The slow query:", "", ...codeBlock([slowQuery]).map(asSql)];
  const command =
    failingCommand === undefined ? [] : ["The command that fails:", "", ...codeBlock([failingCommand])];
  return query.length > 0 && command.length > 0 ? [...query, "", ...command] : [...query, ...command];
}

const asSql = (line: string, index: number): string => (index === 0 ? line.replace(/sh$/, "sql") : line);

function rollbackLines({ name, notes: { rollback } }: Flow): string[] {
  const { note, command, tried } = rollback ?? {};
  if (note === undefined && command === undefined)
    return [asked("how it is undone; and as rollback: in flow.yaml.")];
  return [
    ...(note === undefined ? [] : [inLine(note), ""]),
    ...(command === undefined
      ? []
      : [
          ...codeBlock([command]),
          "",
          `Run by \`sluicegate rollback ${name}\`; ${tried === undefined ? "never tried yet" : `last tried on ${tried}`} when this record was begun.`,
        ]),
  ];
}
