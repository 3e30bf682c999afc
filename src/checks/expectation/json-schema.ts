/**
 * The part of JSON Schema (draft 2020-12) that recorded answers are described with: a schema in, complaints about a value out.
 *
 * Always holds: a keyword or format that is not known here is a problem of the schema, and is never taken for fulfilled. Nothing is fetched, and there are no
 * references, so the depth of a schema bounds the work.
 */
import { describeWritten, listWords } from "../../setup/reading.ts";
import { isGroup } from "../../setup/written-group.ts";

/** A checked schema. */
export interface CheckedSchema {
  /** @returns what is wrong with the value, each with the JSON pointer to it; nothing where it fits. At most `COMPLAINTS_MAX`. */
  readonly complaintsAbout: (value: unknown) => readonly string[];
}

export type SchemaReading =
  | { readonly ok: true; readonly schema: CheckedSchema }
  | { readonly ok: false; readonly problems: readonly string[] };

type Keywords = Readonly<Record<string, unknown>>;
type Complain = (pointer: string, sentence: string) => void;
/** @param given what stands at the keyword */
type Rule = {
  /** What is wrong with the keyword itself. */
  readonly misuse: (given: unknown) => string | null;
  readonly check: (given: unknown, value: unknown, at: string, complain: Complain, all: Keywords) => void;
};

const COMPLAINTS_MAX = 10;

/** Reads a schema; every keyword of it must be known. */
export function readSchema(written: unknown): SchemaReading {
  const problems: string[] = [];
  checkKeywords(written, "", (pointer, sentence) => problems.push(placed(pointer, sentence)));
  if (problems.length > 0) return { ok: false, problems };
  const complaintsAbout = (value: unknown): readonly string[] => {
    const complaints: string[] = [];
    judge(written, value, "", (pointer, sentence) => complaints.push(placed(pointer, sentence)));
    return complaints.slice(0, COMPLAINTS_MAX);
  };
  return { ok: true, schema: { complaintsAbout } };
}

const placed = (pointer: string, sentence: string): string =>
  pointer === "" ? sentence : `${pointer}: ${sentence}`;

const ANNOTATIONS: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

const TYPE_WORDS: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "true or false",
  integer: "a whole number",
  number: "a number",
  string: "a text",
  array: "a list",
  object: "an object",
};

/** Section 6.3 of RFC 3339, RFC 9562, and RFC 3986 with a scheme. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  "date-time": (text) =>
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) &&
    !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  uri: (text) => /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(text) && URL.canParse(text),
};

const isCount = (given: unknown): boolean =>
  typeof given === "number" && Number.isInteger(given) && given >= 0;
const needs = (isFine: (given: unknown) => boolean, what: string) => (given: unknown) =>
  isFine(given) ? null : `expected ${what}, found ${describeWritten(given)}.`;
const isNumber = (given: unknown): boolean => typeof given === "number";
const isNames = (given: unknown): boolean =>
  Array.isArray(given) && given.every((name) => typeof name === "string");

/** A bound on numbers. */
function bound(isFine: (value: number, given: number) => boolean, words: string): Rule {
  return {
    misuse: needs(isNumber, "a number"),
    check: (given, value, at, complain) => {
      if (typeof value === "number" && !isFine(value, Number(given)))
        complain(at, `it is ${value}, expected ${words} ${Number(given)}.`);
    },
  };
}

/** A bound on a count of something. @param count `null` where the keyword says nothing of such a value */
function countBound(
  count: (value: unknown) => number | null,
  isFine: (count: number, given: number) => boolean,
  words: (given: number, found: number) => string,
): Rule {
  return {
    misuse: needs(isCount, "a whole number from 0"),
    check: (given, value, at, complain) => {
      const found = count(value);
      if (found !== null && !isFine(found, Number(given))) complain(at, words(Number(given), found));
    },
  };
}

const chars = (value: unknown): number | null => (typeof value === "string" ? [...value].length : null);
const items = (value: unknown): number | null => (Array.isArray(value) ? value.length : null);
const noLess = (found: number, given: number): boolean => found >= given;
const noMore = (found: number, given: number): boolean => found <= given;

const RULES: Readonly<Record<string, Rule>> = {
  type: {
    misuse: (given) => {
      const unknown = [given].flat().find((type) => !Object.hasOwn(TYPE_WORDS, String(type)));
      return unknown === undefined ? null : `${describeWritten(unknown)} is not a type.`;
    },
    check: (given, value, at, complain) => {
      const types = [given].flat().map(String);
      if (!types.some((type) => isOfType(value, type)))
        complain(
          at,
          `expected ${listWords(types.map((type) => TYPE_WORDS[type] ?? type))}, found ${told(value)}.`,
        );
    },
  },
  const: {
    misuse: () => null,
    check: (given, value, at, complain) => {
      if (!isEqual(given, value)) complain(at, `expected ${told(given)}, found ${told(value)}.`);
    },
  },
  enum: {
    misuse: needs(Array.isArray, "a list"),
    check: (given, value, at, complain) => {
      const known = given as readonly unknown[];
      if (!known.some((one) => isEqual(one, value)))
        complain(at, `expected ${listWords(known.map(told))}, found ${told(value)}.`);
    },
  },
  properties: {
    misuse: needs(isGroup, "an object of schemas"),
    check: (given, value, at, complain) => {
      if (!isGroup(value)) return;
      for (const [name, schema] of Object.entries(given as Keywords))
        if (Object.hasOwn(value, name)) judge(schema, value[name], below(at, name), complain);
    },
  },
  required: {
    misuse: needs(isNames, "a list of names"),
    check: (given, value, at, complain) => {
      if (!isGroup(value)) return;
      for (const name of given as readonly string[])
        if (!Object.hasOwn(value, name)) complain(below(at, name), "it is missing.");
    },
  },
  additionalProperties: {
    misuse: needs((given) => typeof given === "boolean" || isGroup(given), "true, false or a schema"),
    check: (given, value, at, complain, all) => {
      if (!isGroup(value) || given === true) return;
      const known = isGroup(all.properties) ? all.properties : {};
      for (const name of Object.keys(value).filter((one) => !Object.hasOwn(known, one))) {
        if (given === false) complain(below(at, name), "it was not there, and is not expected.");
        else judge(given, value[name], below(at, name), complain);
      }
    },
  },
  items: {
    misuse: needs((given) => typeof given === "boolean" || isGroup(given), "a schema"),
    check: (given, value, at, complain) => {
      if (Array.isArray(value))
        for (const [index, item] of value.entries()) judge(given, item, `${at}/${index}`, complain);
    },
  },
  anyOf: {
    misuse: needs((given) => Array.isArray(given) && given.length > 0, "a list of schemas"),
    check: (given, value, at, complain) => {
      const tries = (given as readonly unknown[]).map((schema) => {
        const found: [string, string][] = [];
        judge(schema, value, at, (pointer, sentence) => found.push([pointer, sentence]));
        return found;
      });
      if (tries.some((found) => found.length === 0)) return;
      const [pointer, sentence] = tries.at(-1)?.[0] ?? [at, "it fits none of the forms."];
      complain(pointer, sentence);
    },
  },
  pattern: {
    misuse: (given) => {
      if (typeof given !== "string") return `expected a regular expression, found ${describeWritten(given)}.`;
      try {
        new RegExp(given, "u");
        return null;
      } catch {
        return `${describeWritten(given)} is not a regular expression.`;
      }
    },
    check: (given, value, at, complain) => {
      if (typeof value === "string" && !new RegExp(String(given), "u").test(value))
        complain(at, `expected a text like ${String(given)}, found ${told(value)}.`);
    },
  },
  format: {
    misuse: (given) =>
      Object.hasOwn(FORMATS, String(given))
        ? null
        : `the format ${describeWritten(given)} is not known here; known are ${listWords(Object.keys(FORMATS), "and")}.`,
    check: (given, value, at, complain) => {
      if (typeof value === "string" && FORMATS[String(given)]?.(value) === false)
        complain(at, `expected a ${String(given)}, found ${told(value)}.`);
    },
  },
  minimum: bound((value, given) => value >= given, "at least"),
  maximum: bound((value, given) => value <= given, "at most"),
  exclusiveMinimum: bound((value, given) => value > given, "more than"),
  exclusiveMaximum: bound((value, given) => value < given, "less than"),
  minLength: countBound(
    chars,
    noLess,
    (given, found) => `it has ${found} characters, expected at least ${given}.`,
  ),
  maxLength: countBound(
    chars,
    noMore,
    (given, found) => `it has ${found} characters, expected at most ${given}.`,
  ),
  minItems: countBound(items, noLess, (given, found) => `it has ${found} items, expected at least ${given}.`),
  maxItems: countBound(items, noMore, (given, found) => `it has ${found} items, expected at most ${given}.`),
};

function judge(schema: unknown, value: unknown, at: string, complain: Complain): void {
  if (schema === false) complain(at, "nothing is expected here.");
  if (!isGroup(schema)) return;
  for (const [keyword, given] of Object.entries(schema))
    if (Object.hasOwn(RULES, keyword)) RULES[keyword]?.check(given, value, at, complain, schema);
}

/** Walks the schema as `judge` will. */
function checkKeywords(schema: unknown, at: string, complain: Complain): void {
  if (typeof schema === "boolean") return;
  if (!isGroup(schema)) complain(at, `expected a schema, found ${describeWritten(schema)}.`);
  for (const [keyword, given] of Object.entries(isGroup(schema) ? schema : {})) {
    if (ANNOTATIONS.has(keyword)) continue;
    const here = below(at, keyword);
    const misuse = Object.hasOwn(RULES, keyword) ? RULES[keyword]?.misuse(given) : unknownKeyword(keyword);
    if (typeof misuse === "string") complain(here, misuse);
    else
      for (const [pointer, inner] of innerSchemas(keyword, given, here))
        checkKeywords(inner, pointer, complain);
  }
}

function unknownKeyword(keyword: string): string {
  return `the keyword "${keyword}" is not known here; known are ${listWords(Object.keys(RULES), "and")}.`;
}

function innerSchemas(keyword: string, given: unknown, at: string): [pointer: string, schema: unknown][] {
  if (keyword === "properties")
    return Object.entries(given as Keywords).map(([name, schema]) => [below(at, name), schema]);
  if (keyword === "anyOf")
    return (given as readonly unknown[]).map((schema, index) => [`${at}/${index}`, schema]);
  return keyword === "items" || keyword === "additionalProperties" ? [[at, given]] : [];
}

/** RFC 6901 section 3. */
export function below(pointer: string, name: string): string {
  return `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isGroup(value);
    default:
      return typeof value === type;
  }
}

/** As JSON: members of objects in any order. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  if (!isGroup(a) || !isGroup(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  );
}

/** A value in a sentence; long texts are cut. */
function told(value: unknown): string {
  return value === null ? "null" : isGroup(value) ? "an object" : describeWritten(value);
}
