/**
 * From YAML text to plain values of which every place in the text is known.
 *
 * In: text of one file. Out: maps, lists, strings, numbers, booleans and null, with the place of every key and value; or the problems.
 * Always: one document, no anchors, aliases, tags, merge keys, directives or duplicate keys (each of them makes a short text say
 * something else than it shows), keys are plain text, at most 32 levels. It does not know what the values mean.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLError,
} from "yaml";
import type { ErrorCode } from "../problems/error-code.ts";
import type { SetupProblem } from "../problems/setup-problem.ts";

/** Keys and list indexes from the root to a value. */
export type KeyPath = readonly PropertyKey[];

/** A place in the text: offset in UTF-16 units from 0, line and column from 1. */
export interface Place {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** A scalar as it stands in the text; `end` is the offset after it, quotes included. */
export interface WrittenScalar {
  readonly path: KeyPath;
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
}

export interface YamlSource {
  readonly file: string;
  readonly code: ErrorCode;
  readonly value: unknown;
  readonly scalars: readonly WrittenScalar[];
  /** Syntax problems; where there are any, `value` is not to be used. */
  readonly problems: readonly SetupProblem[];
  /** Where a value stands; where it is missing, where the nearest group around it is named, or begins as an item of a list. */
  placeOfValue(path: KeyPath): Place;
  /** Where a key stands. */
  placeOfKey(path: KeyPath): Place;
}

const LEVELS_MAX = 32;
const SYNTAX_PROBLEMS_MAX = 20;

/** Reads YAML 1.2 text. @param code under which problems are told. */
export function readYaml(text: string, file: string, code: ErrorCode): YamlSource {
  const lines = new LineCounter();
  // uniqueKeys compares every key with every other; the walk below does it with a set.
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    version: "1.2",
    schema: "core",
    merge: false,
  });
  const walk = new YamlWalk(file, code, placer(lines, text.startsWith("\ufeff")));
  const value = document.errors.length > 0 ? null : walk.valueOf(document.contents, [], null);
  for (const error of tellingErrors(document.errors, lines))
    walk.complain(error.pos[0], [], syntaxSentence(error));
  if (document.errors.length === 0 && document.directives?.yaml.explicit === true) {
    walk.complain(0, [], "directives (%YAML) are not taken; remove the line.");
  }
  return walk.finish(value);
}

function placer(lines: LineCounter, hasByteOrderMark: boolean): (offset: number) => Place {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    const isShifted = hasByteOrderMark && line <= 1 && col > 1;
    return { offset, line: Math.max(line, 1), column: Math.max(isShifted ? col - 1 : col, 1) };
  };
}

/** One error leads to others: only the first of each line is told, and of tabs nothing but the tabs. */
function tellingErrors(errors: readonly YAMLError[], lines: LineCounter): readonly YAMLError[] {
  const tabs = errors.filter((error) => error.code === "TAB_AS_INDENT");
  const seen = new Set<number>();
  return (tabs.length > 0 ? tabs : errors).filter((error) => {
    const { line } = lines.linePos(error.pos[0]);
    return !seen.has(line) && seen.add(line) !== undefined;
  });
}

function syntaxSentence(error: YAMLError): string {
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "a tab is used to indent; YAML takes spaces only.";
    case "MULTIPLE_DOCS":
      return "a second document begins here (---); write one file each.";
    case "RESOURCE_EXHAUSTION":
      return "the nesting is too deep to be read.";
    default:
      return `not valid YAML: ${error.message}${/[.!?]$/.test(error.message) ? "" : "."}`;
  }
}

const keyOf = (path: KeyPath): string => JSON.stringify(path);

class YamlWalk {
  readonly #file: string;
  readonly #code: ErrorCode;
  readonly #place: (offset: number) => Place;
  readonly #problems: SetupProblem[] = [];
  readonly #scalars: WrittenScalar[] = [];
  readonly #keys = new Map<string, Place>();
  readonly #values = new Map<string, Place>();

  constructor(file: string, code: ErrorCode, place: (offset: number) => Place) {
    this.#file = file;
    this.#code = code;
    this.#place = place;
  }

  complain(offset: number, path: KeyPath, message: string): void {
    const { line, column } = this.#place(offset);
    const file = this.#file;
    this.#problems.push({
      code: this.#code,
      severity: "error",
      file,
      line,
      column,
      path: path.join("."),
      message,
    });
  }

  /** @param offset where an empty value stands. */
  valueOf(node: unknown, path: KeyPath, offset: number | null): unknown {
    const range = (node as { range?: [number, number, number] | null } | null)?.range;
    const start = range?.[0] ?? offset ?? 0;
    this.#values.set(keyOf(path), this.#place(start));
    if (path.length > LEVELS_MAX) return this.complain(start, path, "the nesting is too deep to be read.");
    this.#refuseIndirection(node, path, start);
    if (isMap(node)) return this.#groupOf(node.items, path);
    if (isSeq(node)) return node.items.map((item, index) => this.valueOf(item, [...path, index], start));
    if (!isScalar(node)) return null;
    this.#scalars.push({ path, value: node.value, start, end: range?.[1] ?? start });
    return node.value;
  }

  /** Anchors, aliases and tags let one place of the file change another, or a word change its kind, without showing it. */
  #refuseIndirection(node: unknown, path: KeyPath, start: number): void {
    if (isAlias(node)) this.complain(start, path, "aliases (*name) are not taken; write the value itself.");
    const { anchor, tag } = (node ?? {}) as { anchor?: string; tag?: string };
    if (anchor !== undefined) this.complain(start, path, `anchors (&${anchor}) are not taken; remove it.`);
    if (tag !== undefined) this.complain(start, path, "tags (!name) are not taken; remove it.");
  }

  #groupOf(pairs: readonly Pair<unknown, unknown>[], path: KeyPath): Record<string, unknown> {
    const group: Record<string, unknown> = {};
    for (const pair of pairs) {
      const key = this.#nameOf(pair.key, path, group);
      if (key === null) continue;
      const keyEnd = (pair.key as Scalar).range?.[1] ?? 0;
      group[key] = this.valueOf(pair.value, [...path, key], keyEnd);
    }
    return group;
  }

  #nameOf(node: unknown, path: KeyPath, group: Record<string, unknown>): string | null {
    const start = (node as { range?: [number, number, number] } | null)?.range?.[0] ?? 0;
    this.#refuseIndirection(node, path, start);
    if (!isScalar(node)) return this.#refuseKey(start, path, "a key must be a plain word.");
    // Numbers and words like `true` are names too: what stands in the text counts.
    const key = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
    const here = [...path, key];
    if (key === "<<" && node.type === Scalar.PLAIN)
      return this.#refuseKey(start, here, "merge keys (<<) are not taken; write the keys themselves.");
    if (key === "__proto__") return this.#refuseKey(start, here, `the name "${key}" is not taken.`);
    const first = this.#keys.get(keyOf(here));
    if (Object.hasOwn(group, key)) {
      return this.#refuseKey(
        start,
        here,
        `the key "${key}" is written twice; it stands in line ${first?.line} already.`,
      );
    }
    this.#keys.set(keyOf(here), this.#place(start));
    return key;
  }

  #refuseKey(offset: number, path: KeyPath, message: string): null {
    this.complain(offset, path, message);
    return null;
  }

  finish(value: unknown): YamlSource {
    const [keys, values] = [this.#keys, this.#values];
    const start: Place = { offset: 0, line: 1, column: 1 };
    const nearest = (path: KeyPath): Place => {
      for (let length = path.length; length > 0; length--) {
        const here = keyOf(path.slice(0, length));
        // An item of a list has no name; it is found where it begins.
        const place = keys.get(here) ?? (typeof path[length - 1] === "number" ? values.get(here) : undefined);
        if (place !== undefined) return place;
      }
      return start;
    };
    return {
      file: this.#file,
      code: this.#code,
      value,
      scalars: this.#scalars,
      problems: this.#problems.slice(0, SYNTAX_PROBLEMS_MAX),
      placeOfKey: nearest,
      placeOfValue: (path) => values.get(keyOf(path)) ?? nearest(path),
    };
  }
}
