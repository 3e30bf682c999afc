/**
 * What a schema cannot see: keys that contradict each other, and what the file says of the world around it.
 *
 * Works on what is written, checked or not, so that all problems are told at once.
 */
import { stat } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { listWords } from "../setup/reading.ts";
import { problemAt, problemAtKey } from "../setup/schema-problems.ts";
import { groupIn, isGroup, type WrittenGroup } from "../setup/written-group.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import { findFailureContradictions } from "./failure-consistency.ts";
import { fieldNameSentence } from "./file-rule.ts";
import { findInspectContradictions } from "./inspect-schema.ts";
import { findMeasureContradictions } from "./measure/measure-consistency.ts";
import { FLOW_MODES } from "./mode-word.ts";
import { findPermissionContradictions, type KnownCallers } from "./permissions-consistency.ts";
import { findVerifyContradictions } from "./verify/verify-consistency.ts";

/** What is around a flow file. `upstreams` and `callers` are `any` where no settings say which there are. */
export interface FlowSurroundings {
  readonly folder: string;
  readonly folderName: string;
  readonly upstreams: ReadonlySet<string> | "any";
  readonly callers: KnownCallers;
  readonly needsSamples: boolean;
}

/** All contradictions of one flow file. */
export async function findContradictions(
  source: YamlSource,
  around: FlowSurroundings,
): Promise<SetupProblem[]> {
  const flow = groupIn(source.value);
  return [
    ...checkName(source, flow, around),
    ...checkUpstream(source, flow, around),
    ...checkFieldNames(source, flow),
    ...checkLengths(source, flow),
    ...checkRaw(source, flow),
    ...findInspectContradictions(source, flow, FLOW_MODES.find((mode) => mode === flow.mode) ?? null),
    ...findPermissionContradictions(source, flow, around.callers),
    ...findFailureContradictions(source, flow),
    ...(await checkExpectedBody(source, flow, around)),
    ...(await findVerifyContradictions(source, flow, around)),
    ...(await findMeasureContradictions(source, flow, around)),
  ];
}

function checkName(source: YamlSource, flow: WrittenGroup, around: FlowSurroundings): SetupProblem[] {
  const name = flow.flow;
  if (typeof name !== "string" || name === around.folderName) return [];
  const sentence = `the flow is called "${name}", but its folder "${around.folderName}"; give both the same name.`;
  return [problemAt(source, ["flow"], sentence)];
}

function checkUpstream(
  source: YamlSource,
  flow: WrittenGroup,
  { upstreams }: FlowSurroundings,
): SetupProblem[] {
  const name = flow.upstream;
  if (upstreams === "any" || typeof name !== "string" || name === "" || upstreams.has(name)) return [];
  const known = [...upstreams];
  const list =
    known.length === 0 ? "The settings name none." : `The settings name ${listWords(known, "and")}.`;
  return [
    problemAt(source, ["upstream"], `there is no upstream "${name}".${didYouMean(name, known)} ${list}`),
  ];
}

function checkFieldNames(source: YamlSource, flow: WrittenGroup): SetupProblem[] {
  const accept = groupIn(flow.accept);
  const files = Object.keys(groupIn(accept.files));
  const fields = Object.keys(groupIn(accept.fields));
  const badNames = (kind: string, names: readonly string[]): SetupProblem[] =>
    names.flatMap((name) => {
      const sentence = fieldNameSentence(name);
      return sentence === null ? [] : [problemAtKey(source, ["accept", kind, name], sentence)];
    });
  const doubled = fields.filter((name) => files.includes(name));
  return [
    ...badNames("files", files),
    ...badNames("fields", fields),
    ...doubled.map((name) =>
      problemAtKey(
        source,
        ["accept", "fields", name],
        "this name is a file field already; a field is one or the other.",
      ),
    ),
    ...(files.length === 0 && "files" in accept && isGroup(accept.files)
      ? [problemAt(source, ["accept", "files"], "no file field is named; a flow accepts at least one.")]
      : []),
  ];
}

function checkLengths(source: YamlSource, flow: WrittenGroup): SetupProblem[] {
  return Object.entries(groupIn(groupIn(flow.accept).fields)).flatMap(([name, rule]) => {
    const { "min-length": min, "max-length": max } = groupIn(rule);
    if (typeof min !== "number" || typeof max !== "number" || min <= max) return [];
    const sentence = `min-length is ${min} and max-length ${max}: no text can be both.`;
    return [problemAt(source, ["accept", "fields", name, "min-length"], sentence)];
  });
}

/** A raw body is one file and nothing else. */
function checkRaw(source: YamlSource, flow: WrittenGroup): SetupProblem[] {
  const protocols = groupIn(flow.route).protocols;
  if (!Array.isArray(protocols) || !protocols.includes("raw")) return [];
  const accept = groupIn(flow.accept);
  const files = groupIn(accept.files);
  const problems: SetupProblem[] = [];
  if (Object.keys(files).length > 1) {
    const sentence = "a raw body is one file, so a flow with protocol raw names exactly one file field.";
    problems.push(problemAt(source, ["accept", "files"], sentence));
  }
  for (const [name, rule] of Object.entries(files)) {
    problems.push(...checkRawFile(source, ["accept", "files", name], groupIn(rule), protocols.length === 1));
  }
  for (const [name, rule] of Object.entries(groupIn(accept.fields))) {
    if (groupIn(rule).optional === true) continue;
    const sentence = "a raw body has no text fields; remove protocol raw, or make the field optional: true.";
    problems.push(problemAtKey(source, ["accept", "fields", name], sentence));
  }
  return problems;
}

function checkRawFile(
  source: YamlSource,
  path: readonly string[],
  rule: WrittenGroup,
  isRawOnly: boolean,
): SetupProblem[] {
  const problems: SetupProblem[] = [];
  if (typeof rule.count === "number" && rule.count !== 1) {
    problems.push(
      problemAt(source, [...path, "count"], "a raw body is one file; remove count, or protocol raw."),
    );
  }
  if (isRawOnly && rule.optional === true) {
    problems.push(
      problemAt(source, [...path, "optional"], "a raw body is the file, so it cannot be optional."),
    );
  }
  return problems;
}

async function checkExpectedBody(
  source: YamlSource,
  flow: WrittenGroup,
  around: FlowSurroundings,
): Promise<SetupProblem[]> {
  const body = groupIn(flow.expect).body;
  if (typeof body !== "string" || body.trim() === "") return [];
  const path = ["expect", "body"];
  const inside = normalize(body);
  if (isAbsolute(inside) || inside === ".." || inside.startsWith(`..${sep}`)) {
    return [
      problemAt(source, path, "the file must be in the flow's own folder; write a path relative to it."),
    ];
  }
  const isFile = await stat(join(around.folder, inside)).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFile ? [] : [problemAt(source, path, `there is no file "${body}" in the flow's folder.`)];
}
