/**
 * A drill for whoever started it in a terminal: each thing that was watched in a line, what is broken with what was promised, then the sentence.
 *
 * Always holds: it is read without colour; nothing that a service or a client said acts on the terminal.
 */
import { shownLine } from "../../checks/reports/shown-text.ts";
import { wrapColumns } from "../../checks/reports/wrap-columns.ts";
import type { DrillFinding, DrillReport } from "../drill.ts";
import type { DrillKindRow } from "../kinds/drill-kind.ts";

export interface DrillTerminal {
  readonly columns: number;
  readonly isColoured: boolean;
}

const COLOURS = { kept: 32, broken: 31, inconclusive: 33 } as const;
const COLUMNS_MAX = 110;

/** @param writtenTo where the report is, or `null` */
export function drillTerminal(
  report: DrillReport,
  terminal: DrillTerminal,
  writtenTo: string | null,
): string {
  const lines = [
    coloured(`${report.kind}: ${report.verdict.toUpperCase()}`, COLOURS[report.verdict], terminal),
    ...wrapped(report.sentence, "  ", terminal),
    "",
    ...report.findings.flatMap((each) => findingLines(each, terminal)),
    ...(report.findings.length === 0 ? [] : [""]),
    ...report.injected.flatMap((each) => wrapped(each, "  done: ", terminal)),
    ...report.putBack.flatMap((each) => wrapped(each, "  back: ", terminal)),
    ...(writtenTo === null ? [] : [`  report: ${writtenTo}`]),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function findingLines({ what, promised, seen, isKept }: DrillFinding, terminal: DrillTerminal): string[] {
  if (isKept) return wrapped(`${what}: ${seen}`, "  kept    ", terminal);
  return [
    ...wrapped(what, "  BROKEN  ", terminal),
    ...wrapped(promised, "          promised: ", terminal),
    ...wrapped(seen, "          seen:     ", terminal),
  ];
}

/** The first line after `before`, the others below it. */
function wrapped(text: string, before: string, { columns }: DrillTerminal): string[] {
  const width = Math.max(20, Math.min(columns, COLUMNS_MAX) - before.length);
  const indent = " ".repeat(before.length);
  return wrapColumns(shownLine(text.replaceAll("`", ""), 2000), width).map(
    (line, index) => (index === 0 ? before : indent) + line,
  );
}

function coloured(text: string, colour: number, { isColoured }: DrillTerminal): string {
  return isColoured ? `\u001b[1;${colour}m${text}\u001b[0m` : text;
}

/** What will be done, before anything is. */
export function drillPlan(
  rows: readonly (Pick<DrillKindRow, "kind" | "uploadsMax"> & { readonly plan: readonly string[] })[],
  about: readonly string[],
  terminal: DrillTerminal,
): string {
  const lines = [
    ...about.flatMap((each) => wrapped(each, "", terminal)),
    "",
    ...rows.flatMap(({ kind, uploadsMax, plan }) => [
      `${kind} (at most ${uploadsMax} uploads)`,
      ...plan.flatMap((each) => wrapped(each, "  ", terminal)),
      "",
    ]),
    "Nothing was sent and nothing was started.",
  ];
  return `${lines.join("\n")}\n`;
}
