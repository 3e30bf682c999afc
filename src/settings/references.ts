/**
 * Values that are named instead of written: `env:NAME` for an environment variable, `file:PATH` for the first line of a file.
 *
 * Always: what such a value holds never reaches a message. It does not know the settings; it is told where references may stand.
 */
import { resolve } from "node:path";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { problemAt } from "../setup/schema-problems.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import type { KeyPath, YamlSource } from "../setup/yaml-source.ts";

const REFERENCE = /^(env|file):(.*)$/s;

/** What becomes of a reference at a path: it is resolved, refused as out of place, or left as it is written. */
export type ReferenceStanding = "resolved" | "refused" | "left";

export type ReferenceKind = "env" | "file";

/** Where values come from. */
export interface ReferenceOptions {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly standingOf: (path: KeyPath, kind: ReferenceKind) => ReferenceStanding;
  /** What stands in for a value that cannot be had; `null` where it is needed. */
  readonly standInFor: (path: KeyPath) => string | null;
}

/** The settings with every reference replaced; `references` has what was written, by key path. */
export interface ResolvedReferences {
  readonly value: unknown;
  readonly references: ReadonlyMap<string, string>;
  readonly problems: readonly SetupProblem[];
}

/** Replaces every reference in a file's values. */
export async function resolveReferences(
  source: YamlSource,
  options: ReferenceOptions,
): Promise<ResolvedReferences> {
  const references = new Map<string, string>();
  const problems: SetupProblem[] = [];
  let value = source.value;
  for (const scalar of source.scalars) {
    const match = typeof scalar.value === "string" ? REFERENCE.exec(scalar.value) : null;
    if (match === null) continue;
    const [written, , name = ""] = match;
    const kind: ReferenceKind = match[1] === "env" ? "env" : "file";
    const standing = options.standingOf(scalar.path, kind);
    if (standing === "left") continue;
    const held =
      standing === "resolved"
        ? withStandIn(await look(kind, name, options), options.standInFor(scalar.path))
        : { problem: `a value cannot be named by ${kind}: here; write it.` };
    if ("problem" in held) problems.push(problemAt(source, scalar.path, held.problem));
    references.set(scalar.path.join("."), written);
    value = replaced(value, scalar.path, "problem" in held ? "" : held.value);
  }
  return { value, references, problems };
}

type Held = { readonly value: string } | { readonly problem: string };

const withStandIn = (held: Held, standIn: string | null): Held =>
  "problem" in held && standIn !== null ? { value: standIn } : held;

async function look(kind: ReferenceKind, name: string, options: ReferenceOptions): Promise<Held> {
  if (kind === "env") {
    const value = options.environment[name];
    return value === undefined || value === ""
      ? { problem: `the environment variable ${JSON.stringify(name)} is not set.` }
      : { value };
  }
  const file = await readWrittenFile(resolve(options.folder, name), "SETTINGS_INVALID");
  if (!file.ok)
    return { problem: `${JSON.stringify(name)}: ${file.problems[0]?.message ?? "the file cannot be read."}` };
  const [line = ""] = file.text.split(/\r?\n/);
  return line === ""
    ? { problem: `${JSON.stringify(name)}: the first line of the file is empty.` }
    : { value: line };
}

function replaced(tree: unknown, path: KeyPath, value: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(tree))
    return tree.map((item, index) => (index === key ? replaced(item, rest, value) : item));
  const group = tree as Record<PropertyKey, unknown>;
  return { ...group, [key]: replaced(group[key], rest, value) };
}
