/**
 * The folder of a flow, written from what a check of an address has found out: promised is what was told, and what was assumed says so.
 *
 * Always holds: the flow loads as it is and its mode is off, so that nothing changes for users; no secret is in it.
 */
import { userInfo } from "node:os";
import { basename } from "node:path";
import type { FieldRule, FileRule, Flow, FlowVerify } from "../../flows/flow.ts";
import { scalar } from "../../flows/yaml-scalar.ts";
import { utf8 } from "../payloads/bytes.ts";
import type { Topic } from "../promise.ts";
import { TEXT_CHARS_MAX } from "./infer-flow.ts";
import type { UrlSubject } from "./subject-of-url.ts";

/** What a person may say of it. Left out: found out, or taken from this machine. */
export interface DraftInput {
  /** Name of flow and folder. */
  readonly name?: string;
  /** Who answers for the route. */
  readonly owner?: string;
  /** Name of the service in sluicegate.yaml. */
  readonly upstream?: string;
  /** Name of the environment variable with the credential. */
  readonly credentialEnv?: string;
}

export interface DraftedFlow {
  /** Of the flow and its folder. */
  readonly name: string;
  /** By path below the folder, `/` between. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const COMMENT_COLUMN = 44;
/** As `verify.headers` has it: what is named like a secret is never written. */
const SECRET_HEADER =
  /^(authorization|proxy-authorization|cookie|.*(token|secret|password|session|api-?key|csrf).*):/i;

export function draftFlow(subject: UrlSubject, input: DraftInput = {}): DraftedFlow {
  const { inferred, target } = subject;
  const name = input.name ?? inferred.name;
  const sample = `samples/${sampleName(inferred)}`;
  const text = flowText(subject, { ...input, name, sample });
  return {
    name,
    files: new Map([
      ["flow.yaml", utf8(text)],
      [sample, target.file.control.bytes],
    ]),
  };
}

function sampleName({ verify }: Flow): string {
  const [path = "sample"] = verify?.samples.values() ?? [];
  return basename(path);
}

type Drafted = DraftInput & { readonly name: string; readonly sample: string };

function flowText(subject: UrlSubject, drafted: Drafted): string {
  const { inferred, target } = subject;
  const isAssumed = (topic: Topic): boolean => target.unpromised?.has(topic) === true;
  const status = inferred.notes.expect?.status;
  return [
    `# Drafted by sluicegate check from ${target.method} ${target.origin}${inferred.route.path}.`,
    "# What nobody has told is marked with: assumed. Correct it, and it is promised from then on.",
    "",
    `flow: ${drafted.name}`,
    `summary: ${scalar(inferred.summary.slice(0, 200))}`,
    noted(`owner: ${scalar(drafted.owner ?? thisUser())}`, "who answers for this route"),
    noted("mode: off", "off | observe | enforce; off and observe change nothing for users"),
    "",
    ...routeLines(inferred),
    "",
    "accept:",
    "  files:",
    ...[...inferred.files].flatMap(([name, rule]) => fileLines(name, rule, isAssumed)),
    ...(inferred.fields.size > 0 ? ["  fields:"] : []),
    ...[...inferred.fields].flatMap(([name, rule]) => fieldLines(name, rule)),
    "",
    "permissions:",
    noted("  caller: public", "the service itself checks who it is, if anybody does"),
    "",
    "deliver: forward",
    noted(
      `upstream: ${scalar(drafted.upstream ?? inferred.upstream)}`,
      "a name from upstreams in sluicegate.yaml",
    ),
    "",
    ...(status === undefined ? [] : ["expect:", `  status: ${status}`, ""]),
    "rollback:",
    "  note: Set mode to off and reload; the route then passes through untouched.",
    `  command: sluicegate mode ${drafted.name} off`,
    "",
    "# How sluicegate check gets at the route; the gate itself never reads it.",
    "verify:",
    ...verifyLines(subject, drafted),
    "",
  ].join("\n");
}

function routeLines({ route }: Flow): string[] {
  const [path = "/", query] = route.path.split("?");
  return [
    "route:",
    `  method: ${route.method}`,
    noted(`  path: ${scalar(path)}`, query === undefined ? null : "its query is left out: a flow has none"),
    `  protocols: [${route.protocols.join(", ")}]`,
  ];
}

function fileLines(name: string, rule: FileRule, isAssumed: (topic: Topic) => boolean): string[] {
  const types = rule.types === "any" ? "any" : `[${rule.types.join(", ")}]`;
  const assumed = (topic: Topic): string | null => (isAssumed(topic) ? "assumed" : null);
  return [
    `    ${scalar(name)}:`,
    noted(`      types: ${types}`, assumed("types")),
    noted(`      max-size: ${sizeOf(rule.sizeBytesMax)}`, assumed("size")),
    noted(`      count: ${rule.countMax}`, assumed("count")),
  ];
}

function sizeOf(bytes: number): string {
  const units = [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const;
  const [unit, factor] = units.find(([, size]) => bytes % size === 0) ?? (["B", 1] as const);
  return `${bytes / factor} ${unit}`;
}

function fieldLines(
  name: string,
  { lengthCharsMax, lengthCharsMin, countMax, optional }: FieldRule,
): string[] {
  return [
    `    ${scalar(name)}:`,
    noted(
      `      max-length: ${lengthCharsMax}`,
      lengthCharsMax === TEXT_CHARS_MAX ? "in characters; assumed" : "in characters",
    ),
    ...(lengthCharsMin > 0 ? [`      min-length: ${lengthCharsMin}`] : []),
    ...(countMax > 1 ? [`      count: ${countMax}`] : []),
    ...(optional ? ["      optional: true"] : []),
  ];
}

function verifyLines({ inferred, target, about }: UrlSubject, { sample, credentialEnv }: Drafted): string[] {
  const { verify } = inferred;
  const headers = (verify?.headers ?? []).filter((line) => !SECRET_HEADER.test(line));
  const fields = target.fields.map(({ name, control }) => `    ${scalar(name)}: ${JSON.stringify(control)}`);
  return [
    "  samples:",
    `    ${scalar(target.file.field)}: ${scalar(sample)}`,
    ...(fields.length > 0 ? ["  fields:", ...fields] : []),
    ...(headers.length > 0 ? ["  headers:", ...headers.map((line) => `    - ${JSON.stringify(line)}`)] : []),
    ...(target.identities === undefined
      ? []
      : [
          "  credentials:",
          `    header: ${target.identities.header}`,
          noted(
            `    main: env:${credentialEnv ?? "UPLOAD_CREDENTIAL"}`,
            "its whole value, as it was given to --header",
          ),
        ]),
    ...readBackLines(verify),
    ...(about.framework === null ? [] : [`  framework: ${about.framework}`]),
  ];
}

function readBackLines(verify: FlowVerify | null): string[] {
  const { readBack, cleanup } = verify ?? {};
  const id = readBack?.id ?? null;
  const place =
    id === null ? null : "header" in id ? `header: ${id.header}` : `pointer: ${scalar(id.pointer)}`;
  const url = readBack?.url ?? null;
  return [
    ...(place === null ? [] : ["  read-back:", `    id: { ${place} }`]),
    ...(url === null ? [] : [`    url: ${JSON.stringify(url)}`]),
    ...(cleanup != null && "path" in cleanup
      ? [
          noted(
            `  cleanup: { method: ${cleanup.method}, path: ${JSON.stringify(cleanup.path)} }`,
            "as its OpenAPI says",
          ),
        ]
      : []),
  ];
}

/** Somebody has to be asked: whoever has drafted it can tell who. */
function thisUser(): string {
  const { username } = userInfo();
  return /\p{L}{2}/u.test(username) && !username.includes("@") ? username : "whoever drafted this";
}

function noted(line: string, comment: string | null): string {
  return comment === null ? line : `${line.padEnd(COMMENT_COLUMN)}  # ${comment}`;
}
