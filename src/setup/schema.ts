/**
 * The building blocks of the schemas of both files: zod schemas whose complaints are whole sentences, and whose JSON Schema tells an
 * editor the same.
 *
 * Always: a group of keys is strict; what is known but not built yet is refused with a sentence that says so, never taken and ignored.
 */
import { z } from "zod";
import { didYouMean, nearestWord } from "./nearest-word.ts";
import { describeWritten, listWords, misread, type Reading, read } from "./reading.ts";

/** How a value shows in the JSON Schema for editors. */
export type EditorSchema = Readonly<Record<string, unknown>> & { readonly description: string };

/**
 * A value that `readValue` reads from what is written.
 * @param missing what to write where the key is left out: `write a size such as 5 MiB.`
 */
export function value<T>(
  readValue: (written: unknown) => Reading<T>,
  missing: string,
  editor: EditorSchema,
): z.ZodType<T> {
  const schema = z.unknown().transform((written, context): T => {
    const reading = written === undefined ? misread(`this is missing; ${missing}`) : readValue(written);
    if (reading.ok) return reading.value;
    for (const { path, message } of reading.complaints) {
      context.addIssue({ code: "custom", path: [...path], message, input: written });
    }
    return z.NEVER;
  });
  return schema.meta(editor) as unknown as z.ZodType<T>;
}

/** Words that may stand here, and words that are known but not built yet, each with what to do instead. */
export interface Words<W extends string> {
  readonly built: Readonly<Record<W, string>>;
  readonly notBuilt?: Readonly<Record<string, string>>;
}

/** One word of a list; wrong words are answered with the nearest one. */
export function word<W extends string>(description: string, words: Words<W>): z.ZodType<W> {
  const built = Object.keys(words.built) as W[];
  const oneOf = Object.entries<string>(words.built).map(([name, meaning]) => ({
    const: name,
    description: meaning,
  }));
  return value((written) => readWord(written, words), `write ${listWords(built)}.`, { description, oneOf });
}

/** Reads one of the words. @see word */
export function readWord<W extends string>(written: unknown, words: Words<W>): Reading<W> {
  const built = Object.keys(words.built) as W[];
  const found = built.find((known) => known === written);
  if (found !== undefined) return read(found);
  if (typeof written !== "string") {
    return misread(`expected ${listWords(built)}, found ${describeWritten(written)}.`);
  }
  const remedy = Object.hasOwn(words.notBuilt ?? {}, written) ? words.notBuilt?.[written] : undefined;
  if (remedy !== undefined) return misread(notBuiltSentence(`"${written}"`, remedy));
  return misread(
    `${describeWritten(written)} is not known here.${didYouMean(written, built)} Known: ${listWords(built, "and")}.`,
  );
}

/** The sentence for what the design knows and this version does not do. */
export function notBuiltSentence(what: string, remedy: string): string {
  return `${what} is known, but not built yet: ${remedy}`;
}

/**
 * A key of which nothing is built yet.
 * @param remedy    `remove it, or …`
 * @param readValue tells beside it what is wrong with the value, so that it is right on the day when the key is built.
 */
export function notBuilt(
  remedy: string,
  readValue: (written: unknown) => Reading<unknown> = read,
): z.ZodOptional<z.ZodType<never>> {
  const schema = z.unknown().transform((written, context): never => {
    const reading = readValue(written);
    const complaints = reading.ok ? [] : reading.complaints.map((complaint) => complaint.message);
    for (const message of [notBuiltSentence("this", remedy), ...complaints]) {
      context.addIssue({ code: "custom", message });
    }
    return z.NEVER;
  });
  const editor = { not: {}, description: `Known, but not built yet: ${remedy}` };
  return (schema.meta(editor) as unknown as z.ZodType<never>).optional();
}

/**
 * A strict group of keys.
 * @param missing what to write where the whole group is left out.
 */
export function group<S extends z.core.$ZodLooseShape>(shape: S, missing: string, description: string) {
  const known = Object.keys(shape);
  const error = (issue: z.core.$ZodRawIssue): string => groupSentence(issue, known, missing);
  return z.strictObject(shape, { error }).meta({ description });
}

/** Sentences for `unrecognized_keys` are one line a key, in the order of `issue.keys`; `schema-problems.ts` takes them apart. */
function groupSentence(issue: z.core.$ZodRawIssue, known: readonly string[], missing: string): string {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key: string) => unknownKeySentence(key, known)).join("\n");
  }
  if (issue.input === undefined) return `this is missing; ${missing}`;
  const found = `expected a group with the keys ${listWords(known, "and")}, found ${describeWritten(issue.input)}`;
  return missing === "" ? `${found}.` : `${found}; ${missing}`;
}

function unknownKeySentence(key: string, known: readonly string[]): string {
  const hint = nearestWord(key, known) === null ? "" : didYouMean(key, known);
  return `the key "${key}" is not known here.${hint} Known keys: ${listWords(known, "and")}.`;
}

/** A group whose keys are names that the author chooses. `missing` as with `group`. */
export function namedGroup<V extends z.ZodType>(
  inner: V,
  missing: string,
  description: string,
  names: EditorSchema,
) {
  const error = (issue: z.core.$ZodRawIssue): string =>
    issue.input === undefined
      ? `this is missing; ${missing}`
      : `expected names with their settings, found ${describeWritten(issue.input)}; ${missing}`;
  return z.record(z.string().meta(names), inner, { error }).meta({ description });
}

/** Text of one line. */
export function text(missing: string, description: string, charsMax = 300): z.ZodType<string> {
  const readText = (written: unknown): Reading<string> => {
    if (typeof written !== "string" || written.trim() === "") {
      return misread(`expected text, found ${describeWritten(written)}; ${missing}`);
    }
    return written.length > charsMax
      ? misread(`this is longer than ${charsMax} characters.`)
      : read(written.trim());
  };
  return value(readText, missing, { type: "string", minLength: 1, maxLength: charsMax, description });
}

/** A whole number in a range, both ends included. */
export function wholeNumber(min: number, max: number, description: string): z.ZodType<number> {
  const readNumber = (written: unknown): Reading<number> => {
    const isFine =
      typeof written === "number" && Number.isInteger(written) && written >= min && written <= max;
    if (isFine) return read(written);
    return misread(`expected a whole number from ${min} to ${max}, found ${describeWritten(written)}.`);
  };
  const missing = `write a whole number from ${min} to ${max}.`;
  return value(readNumber, missing, { type: "integer", minimum: min, maximum: max, description });
}

/** `true` or `false`. */
export function yesNo(description: string): z.ZodType<boolean> {
  const readYesNo = (written: unknown): Reading<boolean> =>
    typeof written === "boolean"
      ? read(written)
      : misread(`expected true or false, found ${describeWritten(written)}.`);
  return value(readYesNo, "write true or false.", { type: "boolean", description });
}
