/**
 * The marker for what only a person can know: drafted by `init`, named by `lint`, never loaded.
 */
import type { SetupProblem } from "../problems/setup-problem.ts";
import { problemAt } from "../setup/schema-problems.ts";
import type { KeyPath, YamlSource } from "../setup/yaml-source.ts";

/** Stands where somebody has still to write something. */
export const STILL_TO_WRITE = "STILL-TO-WRITE";

/** What to write, by the last key; all other keys get the sentence of `""`. */
const WHAT_TO_WRITE: Readonly<Record<string, string>> = {
  owner: "who answers for this route? Write a team or an e-mail address.",
  noticed:
    "where exactly does a user notice that it does not work? Write the page and what is seen there, or remove the line.",
  summary: "what do users do here? Write it in a line.",
  types: "which types does the service expect? List them, or write any.",
  "max-size": "how large is the largest file that makes sense here? Write it with its unit: 5 MiB.",
  "max-length": "how many characters has the longest text that makes sense here?",
  count: "how many of them may one upload have at most?",
  caller:
    "who may send? Write public if the service itself checks who it is, else api-key, jwt, grant or upstream.",
  note: "how is it undone? Write it in a sentence.",
  "": "replace it by what is true here.",
};

/** One problem for each marker in the file. */
export function findStillToWrite(source: YamlSource): SetupProblem[] {
  return source.scalars.filter(isMarker).map(({ path }) => {
    const key = String(path.findLast((part) => typeof part === "string") ?? "");
    return problemAt(source, path, `this is still to be written: ${WHAT_TO_WRITE[key] ?? WHAT_TO_WRITE[""]}`);
  });
}

/** Whether a marker stands at the path, or as an item of the list there, so that other complaints about it can be left out. */
export function isStillToWrite(source: YamlSource, path: KeyPath): boolean {
  const wanted = JSON.stringify(path);
  return source.scalars.filter(isMarker).some((scalar) => {
    const isItem = typeof scalar.path.at(-1) === "number";
    return (
      JSON.stringify(scalar.path) === wanted ||
      (isItem && JSON.stringify(scalar.path.slice(0, -1)) === wanted)
    );
  });
}

function isMarker(scalar: { readonly value: unknown }): boolean {
  return typeof scalar.value === "string" && scalar.value.includes(STILL_TO_WRITE);
}
