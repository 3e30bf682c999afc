/**
 * A measurement as Markdown, for a change record or a pull request: the sentence and the table of its numbers.
 */
import { code, inLine, plain } from "../../checks/reports/markdown-text.ts";
import type { Measurement } from "../measurement.ts";
import { measurementRows, measurementSentence } from "./measurement-words.ts";

const SENTENCE_CHARS = 800;

/** The text, ending in a line break. */
export function markdownMeasurement(measurement: Measurement): string {
  const { invalid, notes, id, program, evidenceSha256 } = measurement;
  return `${[
    `### ${plain(measurementSentence(measurement), SENTENCE_CHARS)}`,
    "",
    "| | figure | what it is |",
    "|---|---|---|",
    ...measurementRows(measurement).map(
      ({ name, figure, note }) => `| **${name}** | ${inLine(figure)} | ${inLine(note)} |`,
    ),
    "",
    ...[...invalid, ...notes].map((line) => `- ${inLine(line, SENTENCE_CHARS)}`),
    "",
    `<sub>Measurement ${inLine(id)} of ${code(measurement.target)} by ${plain(program)}; evidence SHA-256 ${code(evidenceSha256)}</sub>`,
  ].join("\n")}\n`;
}
