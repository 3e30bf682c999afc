/**
 * One flow file: from bytes to a checked, frozen flow, or to all of its problems.
 */
import { basename, dirname, resolve } from "node:path";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { deepFreeze, frozenMap } from "../setup/frozen.ts";
import { inFileOrder, problemAt, schemaProblems } from "../setup/schema-problems.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import { readYaml, type YamlSource } from "../setup/yaml-source.ts";
import { buildFailure } from "./failure-schema.ts";
import type { FieldRule, FileRule, Flow, FlowNotes } from "./flow.ts";
import { findContradictions } from "./flow-consistency.ts";
import { flowSchema, type WrittenFlow } from "./flow-schema.ts";
import { buildInspect } from "./inspect-schema.ts";
import { buildMeasure } from "./measure/measure-schema.ts";
import { buildWatch } from "./measure/watch-schema.ts";
import { findModeWord, type ModeWord } from "./mode-word.ts";
import type { KnownCallers } from "./permissions-consistency.ts";
import { buildPermissions } from "./permissions-schema.ts";
import { policyVersionOf } from "./policy-version.ts";
import { buildRetry } from "./retry-schema.ts";
import { findStillToWrite, isStillToWrite } from "./still-to-write.ts";
import { buildVerify } from "./verify/verify-schema.ts";

/** What the settings name that flows may use; `any`, or left out, where there are no settings to ask. */
export interface NamedBySettings {
  readonly upstreams: ReadonlySet<string> | "any";
  readonly callers?: KnownCallers;
  /** Whether the files that `verify` names must be there. A gate that serves never reads them, and may run where they are not. Default: yes. */
  readonly needsSamples?: boolean;
}

/** What came of one file. */
export type FlowReading =
  | { readonly ok: true; readonly flow: Flow; readonly source: YamlSource }
  | { readonly ok: false; readonly problems: readonly SetupProblem[] };

/**
 * Reads `FOLDER/flow.yaml`.
 * @param file      as problems name it.
 * @param named     upstreams and callers of the settings; `any` where there are no settings to ask.
 */
export async function readFlow(file: string, named: NamedBySettings): Promise<FlowReading> {
  const written = await readWrittenFile(file, "FLOW_INVALID");
  if (!written.ok) return written;
  const source = readYaml(written.text, file, "FLOW_INVALID");
  if (source.problems.length > 0) return { ok: false, problems: inFileOrder(source.problems) };
  const folder = dirname(resolve(file));
  const { upstreams, callers = "any", needsSamples = true } = named;
  const around = { folder, folderName: basename(folder), upstreams, callers, needsSamples };
  const mode = findModeWord(source, written.text);
  const parsed = flowSchema.safeParse(source.value);
  const problems = [
    ...findStillToWrite(source),
    ...schemaProblems(
      (parsed.error?.issues ?? []).filter((issue) => !isStillToWrite(source, issue.path)),
      source,
    ),
    ...(await findContradictions(source, around)).filter(
      ({ path }) => !isStillToWrite(source, path.split(".")),
    ),
    ...(parsed.success && mode === null
      ? [problemAt(source, ["mode"], "write the word plainly, on the same line.")]
      : []),
  ];
  if (problems.length > 0 || !parsed.success || mode === null)
    return { ok: false, problems: inFileOrder(problems) };
  return {
    ok: true,
    flow: buildFlow(parsed.data, folder, mode, policyVersionOf(source, written.text, mode)),
    source,
  };
}

function buildFlow(written: WrittenFlow, folder: string, mode: ModeWord, policyVersion: string): Flow {
  return deepFreeze({
    name: written.flow,
    folder,
    summary: written.summary,
    owner: written.owner,
    noticed: written.noticed ?? null,
    mode: mode.word,
    route: { ...written.route },
    files: frozenMap(Object.entries(written.accept.files).map(([name, rule]) => [name, fileRule(rule)])),
    fields: frozenMap(
      Object.entries(written.accept.fields ?? {}).map(([name, rule]) => [name, fieldRule(rule)]),
    ),
    permissions: buildPermissions(written.permissions),
    retry: buildRetry(written.retry),
    failure: buildFailure(written.failure),
    deliver: written.deliver,
    upstream: written.upstream,
    forwardCredentials: written.credentials === "forward",
    policyVersion,
    inspect: buildInspect(written.inspect),
    measure: buildMeasure(written.measure, folder),
    watch: buildWatch(written.watch),
    verify: buildVerify(written.verify, folder),
    notes: flowNotes(written),
  });
}

function fileRule(rule: WrittenFlow["accept"]["files"][string]): FileRule {
  return {
    types: rule.types,
    sizeBytesMax: rule["max-size"],
    countMax: rule.count,
    optional: rule.optional,
  };
}

function fieldRule(rule: NonNullable<WrittenFlow["accept"]["fields"]>[string]): FieldRule {
  return {
    lengthCharsMin: rule["min-length"],
    lengthCharsMax: rule["max-length"],
    countMax: rule.count,
    optional: rule.optional,
  };
}

function flowNotes({ expect, rollback }: WrittenFlow): FlowNotes {
  return {
    expect: expect === undefined ? null : present({ ...expect }),
    rollback: rollback === undefined ? null : present({ ...rollback }),
  };
}

/** Without the keys that were left out. */
function present<T extends Record<string, unknown>>(
  written: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(written).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
