/**
 * The YAML between two lines `---` at the top of a Markdown file: found, read with places that are the file's own, and changed line by line.
 *
 * Always holds: a change touches the lines of the keys that it names and no other byte; comments, order, quotes and line ends of all else stay.
 */
import type { ErrorCode } from "../../problems/error-code.ts";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { readYaml, type YamlSource } from "../../setup/yaml-source.ts";
import { applyEdits, type Edit, linesAround } from "../apply-edits.ts";

/** Offsets in UTF-16 units of the file's text. */
export interface FrontMatter {
  readonly source: YamlSource;
  /** Where the closing `---` begins. */
  readonly endLine: number;
  /** Where what follows it begins. */
  readonly bodyStart: number;
}

export type FrontMatterReading =
  | { readonly ok: true; readonly matter: FrontMatter }
  | { readonly ok: false; readonly problems: readonly SetupProblem[] };

/** Finds and reads it. @returns problems where the file does not begin with `---`, where nothing closes it, or where it is no YAML */
export function readFrontMatter(text: string, file: string, code: ErrorCode): FrontMatterReading {
  const mark = text.startsWith("\ufeff") ? 1 : 0;
  const opening = /^---[ \t]*\r?\n/.exec(text.slice(mark));
  if (opening === null)
    return none(file, code, 1, "the file must begin with a line --- and the front matter after it.");
  const closing = /^---[ \t]*(?:\r?\n|$)/m.exec(text.slice(mark + opening[0].length));
  if (closing === null) return none(file, code, 1, "no second line --- ends the front matter.");
  const endLine = mark + opening[0].length + closing.index;
  // A comment of the same length in place of the opening line keeps every offset, line and column the file's own.
  const yaml = `${text.slice(0, mark)}###${text.slice(mark + 3, endLine)}`;
  const source = readYaml(yaml, file, code);
  if (source.problems.length > 0) return { ok: false, problems: source.problems };
  return { ok: true, matter: { source, endLine, bodyStart: endLine + closing[0].length } };
}

function none(file: string, code: ErrorCode, line: number, message: string): FrontMatterReading {
  return { ok: false, problems: [{ code, severity: "error", file, line, column: 1, path: "", message }] };
}

/**
 * Sets top-level keys; a key that is not there gets a line of its own before the closing `---`, `null` takes its line out.
 * @param values as they are to be read again: strings and numbers
 */
export function setFrontMatter(
  text: string,
  { source, endLine }: FrontMatter,
  values: Readonly<Record<string, string | number | null>>,
): string {
  const newline = text.slice(0, endLine).endsWith("\r\n") ? "\r\n" : "\n";
  const edits: Edit[] = Object.entries(values).flatMap(([key, value]): Edit[] => {
    const scalar = source.scalars.find(({ path }) => path.length === 1 && path[0] === key);
    if (scalar === undefined) {
      return value === null
        ? []
        : [{ start: endLine, end: endLine, by: `${key}: ${yamlScalar(value)}${newline}` }];
    }
    if (value !== null)
      return [{ start: scalar.start, end: scalar.end, by: padded(text, scalar.start, yamlScalar(value)) }];
    return [{ ...linesAround(text, source.placeOfKey([key]).offset, scalar.end), by: "" }];
  });
  return applyEdits(text, edits);
}

/** An empty value stands right behind its colon. */
const padded = (text: string, start: number, value: string): string =>
  text[start - 1] === ":" ? ` ${value}` : value;

const PLAIN = /^\p{L}[\p{L}\p{N}_./()@<>+→—,;=%-]*( [\p{L}\p{N}_./()@<>+→—,;=%-]+)*$/u;
const WORDS_OF_YAML = /^(true|false|null|y|n|yes|no|on|off|~)$/i;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** One line of YAML that reads as this again: plain where that is the same, else in double quotes. */
export function yamlScalar(value: string | number): string {
  if (typeof value === "number") return String(value);
  const isPlain = DAY.test(value) || (PLAIN.test(value) && !WORDS_OF_YAML.test(value));
  return isPlain ? value : JSON.stringify(value);
}
