/**
 * From a flow to the route that checks run on: what is sent there, what must be taken, what must not.
 *
 * Always holds: what the flow says is a promise; what it leaves open is taken in the most usual way, and said among the assumptions.
 */
import { join } from "node:path";
import type { FieldRule, FileRule, Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { ContentFile, FieldPromise, FilePromise, Target } from "../check.ts";
import { promisesOf, USUAL_STATUSES, unpromisedBy } from "./flow-promises.ts";
import { chooseSample } from "./sample-files.ts";
import { uniqueFile } from "./unique-file.ts";

export interface FlowTargetInput {
  readonly flow: Flow;
  /** `http://host:port`. */
  readonly origin: string;
  readonly runId: string;
}

/** The route without identities, and what was taken for promised although nobody wrote it. */
export interface FlowTarget {
  readonly target: Target;
  readonly assumptions: readonly string[];
}

/** @throws SAMPLE_MISSING where there is no file to send */
export async function flowTarget(input: FlowTargetInput): Promise<FlowTarget> {
  const { flow, origin, runId } = input;
  const mark = markOf(runId);
  const protocol = flow.route.protocols.includes("multipart") ? "multipart" : "raw";
  const path = targetPath(flow, protocol, mark);
  const files = await filesOf(flow, mark, runId);
  const status = flow.notes.expect?.status;
  const target: Target = {
    origin,
    method: flow.route.method,
    path: path.path,
    protocol,
    file: files.attacked,
    ...(files.others.length === 0 ? {} : { otherFiles: files.others }),
    fields: protocol === "raw" ? [] : fieldsOf(flow),
    acceptedStatuses: status === undefined ? USUAL_STATUSES : [status],
    headers: flow.verify?.headers ?? [],
    promises: promisesOf(flow),
    idleMs: null,
    seed: runId,
    unpromised: unpromisedBy(flow),
    inspect: flow.inspect,
  };
  return { target, assumptions: [...sayings(flow), ...path.assumptions, ...files.assumptions] };
}

/** In front of all names that a run stores. */
export function markOf(runId: string): string {
  return `flowcheck-${runId.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
}

function sayings({ route }: Flow): string[] {
  return route.protocols.length > 1
    ? ["Checked as a form; raw bodies, which the flow takes too, are not checked."]
    : [];
}

/** The template with its `{names}` filled in. Of a raw route the last segment stays `{name}`: each file brings its own. */
function targetPath(
  { route, verify }: Flow,
  protocol: Target["protocol"],
  mark: string,
): { readonly path: string; readonly assumptions: readonly string[] } {
  const assumptions: string[] = [];
  const segments = route.path.split("/");
  const filled = segments.map((segment, index) => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    if (name === undefined) return segment;
    const value = verify?.path.get(name);
    // As the flow file has it: one segment, escaped already.
    if (value !== undefined) return value;
    if (protocol === "raw" && index === segments.length - 1) return "{name}";
    assumptions.push(
      `{${name}} in the path is sent as ${mark}; verify.path.${name} in the flow file says otherwise.`,
    );
    return mark;
  });
  return { path: filled.join("/"), assumptions };
}

interface Files {
  readonly attacked: FilePromise;
  readonly others: readonly ContentFile[];
  readonly assumptions: readonly string[];
}

/** The first field that must have a file is the one that is attacked; the others that must have one get a harmless sample each. */
async function filesOf(flow: Flow, mark: string, seed: string): Promise<Files> {
  const rules = [...flow.files];
  const required = rules.filter(([, rule]) => !rule.optional);
  const [first, ...others] = required.length > 0 ? required : rules.slice(0, 1);
  if (first === undefined) throw new GateError("SAMPLE_MISSING", { message: "The flow has no file field." });
  const choose = (field: string, rule: FileRule) =>
    chooseSample({
      field,
      rule,
      named: flow.verify?.samples.get(field) ?? null,
      folder: join(flow.folder, "samples"),
      mark,
      seed,
    });
  const [field, rule] = first;
  const control = await choose(field, rule);
  const more = await Promise.all(
    others.map(async ([name, each]) => ({ field: name, ...(await choose(name, each)) })),
  );
  const isDerived = flow.retry.idempotencyKey === "derived";
  return {
    attacked: {
      field,
      types: rule.types,
      sizeBytesMax: rule.sizeBytesMax,
      countMax: rule.countMax,
      control: isDerived ? uniqueFile(control.file, mark) : control.file,
    },
    others: more.map(({ field: name, file }) => ({ field: name, ...file })),
    assumptions: [control, ...more]
      .flatMap(({ assumption }) => (assumption === null ? [] : [assumption]))
      .concat(
        notAttacked(
          rules.map(([name]) => name).filter((name) => name !== field),
          field,
        ),
      ),
  };
}

function notAttacked(names: readonly string[], attacked: string): string[] {
  if (names.length === 0) return [];
  const listed = names.map((name) => `"${name}"`).join(", ");
  return [`Only the file field "${attacked}" is attacked; ${listed} is not.`];
}

function fieldsOf({ fields, verify }: Flow): FieldPromise[] {
  return [...fields].map(([name, rule]) => ({
    name,
    lengthCharsMin: rule.lengthCharsMin,
    lengthCharsMax: rule.lengthCharsMax,
    optional: rule.optional,
    countMax: rule.countMax,
    control: verify?.fields.get(name) ?? textFor(rule),
  }));
}

const TEXT = "flowcheck";

/** A text that the rule allows. */
function textFor({ lengthCharsMin, lengthCharsMax }: FieldRule): string {
  return TEXT.slice(0, lengthCharsMax).padEnd(lengthCharsMin, "x");
}
