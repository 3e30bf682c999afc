/**
 * From what a schema complains about to problems with a place in the file.
 */
import type { z } from "zod";
import type { SetupProblem } from "../problems/setup-problem.ts";
import type { KeyPath, Place, YamlSource } from "./yaml-source.ts";

/** Complaints of zod, placed. A key that is not known is pointed at itself; all else at its value, or at the group that lacks it. */
export function schemaProblems(issues: readonly z.core.$ZodIssue[], source: YamlSource): SetupProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [problemAt(source, issue.path, issue.message)];
    const sentences = issue.message.split("\n");
    return issue.keys.map((key, index) =>
      problemAtKey(source, [...issue.path, key], sentences[index] ?? issue.message),
    );
  });
}

/** A problem with the value at a path. */
export function problemAt(source: YamlSource, path: KeyPath, message: string): SetupProblem {
  return placed(source, path, source.placeOfValue(path), message);
}

/** A problem with the key at a path. */
export function problemAtKey(source: YamlSource, path: KeyPath, message: string): SetupProblem {
  return placed(source, path, source.placeOfKey(path), message);
}

function placed(source: YamlSource, path: KeyPath, place: Place, sentence: string): SetupProblem {
  const { code, file } = source;
  const name = path.map(String).join(".");
  const message = name === "" ? sentence : `${name}: ${sentence}`;
  return { code, severity: "error", file, line: place.line, column: place.column, path: name, message };
}

/** By line, then column; one problem a place and sentence. */
export function inFileOrder(problems: readonly SetupProblem[]): SetupProblem[] {
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const key = `${problem.file}:${problem.line}:${problem.column}:${problem.message}`;
      return !seen.has(key) && seen.add(key) !== undefined;
    })
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
}
