/**
 * A measurement for whoever waits for it in a terminal: one sentence, the four numbers, what makes them worthless.
 *
 * Always holds: read without colour; no line is wider than `columns`.
 */
import { sayElapsed } from "../../checks/reports/say-figures.ts";
import { shownLine } from "../../checks/reports/shown-text.ts";
import { TerminalPage } from "../../checks/reports/terminal-page.ts";
import type { TerminalOptions } from "../../checks/reports/terminal-report.ts";
import type { Measurement } from "../measurement.ts";
import { measurementRows, measurementSentence } from "./measurement-words.ts";

const LABEL_COLUMNS = 18;

/** The whole report, ending in a line break. */
export function terminalMeasurement(measurement: Measurement, options: TerminalOptions): string {
  const page = new TerminalPage(options, LABEL_COLUMNS);
  const { invalid, notes, target, plan, elapsedMs, id, label } = measurement;
  page.prose(shownLine(measurementSentence(measurement), 800), invalid.length > 0 ? "yellow" : "bold");
  page.gap();
  const rows = measurementRows(measurement);
  for (const { name, figure, note } of rows) {
    page.labelled(name, shownLine(figure), 3);
    page.labelled("", note, 3);
  }
  page.gap();
  for (const reason of invalid) page.hanging("", `Does not count: ${shownLine(reason, 800)}`, 2, "yellow");
  for (const note of notes) page.hanging("", `Note: ${shownLine(note, 800)}`, 2);
  page.prose(
    shownLine(
      `${target}, ${plan.requests} requests at ${Number(plan.ratePerSecond.toFixed(2))} a second, ${plan.phase} payloads, ${sayElapsed(elapsedMs)}. Measurement ${id}${label === null ? "" : `, ${label}`}.`,
      800,
    ),
    "dim",
  );
  if (options.reportPath !== null) page.line(`Kept in: ${shownLine(options.reportPath, 1000)}`);
  return page.text();
}
