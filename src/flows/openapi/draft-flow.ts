/**
 * From an operation that takes files to the text of a flow file, in which everything that only a person can know is marked.
 */

import { FLOW_NAME_PATTERN } from "../flow-schema.ts";
import { STILL_TO_WRITE } from "../still-to-write.ts";
import { scalar } from "../yaml-scalar.ts";
import type { DraftField, DraftFile, UploadOperation } from "./upload-operations.ts";

const SUMMARY_CHARS_MAX = 200;
const COMMENT_COLUMN = 40;

/**
 * A name for a flow, made of the path's fixed segments: `/api/v1/users/{user}/avatar` gives `users-avatar`.
 * @param taken names that are given away already.
 */
export function nameFlow({ method, path }: UploadOperation, taken: ReadonlySet<string>): string {
  const segments = path.split("/").filter((segment) => segment !== "" && !segment.includes("{"));
  // Where nothing but `api` and versions is fixed, the last of them has to do: slice(-1).
  const telling = segments.slice(segments.findIndex((segment) => !/^(api|v\d+)$/i.test(segment)));
  const slug = telling
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 40);
  const base = new RegExp(FLOW_NAME_PATTERN).test(slug) ? slug : "upload";
  const withMethod = `${base}-${method.toLowerCase()}`;
  if (!taken.has(base)) return base;
  if (!taken.has(withMethod)) return withMethod;
  for (let number = 2; ; number++) {
    if (!taken.has(`${withMethod}-${number}`)) return `${withMethod}-${number}`;
  }
}

/** The text of flow.yaml. @param upstream name of the service in sluicegate.yaml. */
export function draftFlow(name: string, operation: UploadOperation, upstream: string): string {
  return [
    `# Drafted from ${operation.source ?? "the service's OpenAPI document"}. What only a person can know is marked STILL-TO-WRITE;`,
    "# `sluicegate lint` names each of these places, and the flow does not load before they are all written.",
    ...(operation.notes === undefined ? [] : ["#", ...operation.notes.map((note) => `# ${note}`)]),
    "",
    `flow: ${name}`,
    `summary: ${operation.summary === null ? STILL_TO_WRITE : scalar(operation.summary.slice(0, SUMMARY_CHARS_MAX))}`,
    noted(`owner: ${STILL_TO_WRITE}`, "who answers for this route: team name <team@example.com>"),
    noted(`noticed: ${STILL_TO_WRITE}`, "the page where a user notices that it does not work"),
    noted("mode: observe", "off | observe | enforce; observe changes nothing for users"),
    "",
    ...routeLines(operation),
    "",
    "accept:",
    "  files:",
    ...operation.files.flatMap(fileLines),
    ...(operation.fields.length > 0 ? ["  fields:", ...operation.fields.flatMap(fieldLines)] : []),
    "",
    "permissions:",
    noted(`  caller: ${STILL_TO_WRITE}`, callerNote(operation)),
    "",
    noted("deliver: forward", "forward | receipt; forward needs no change in the service"),
    noted(`upstream: ${scalar(upstream)}`, "a name from upstreams in sluicegate.yaml"),
    ...(operation.status === null ? [] : ["", "expect:", `  status: ${operation.status}`]),
    "",
    "rollback:",
    "  note: Set mode to off and reload; the route then passes through untouched.",
    `  command: sluicegate mode ${name} off`,
    "",
  ].join("\n");
}

/** Who may send is never drafted: only a person knows whether the service goes on checking it. */
function callerNote({ security, callerNote: seen }: UploadOperation): string {
  if (seen !== undefined) return seen;
  const itself = "public: the service itself checks who it is";
  if (security === "bearer")
    return `jwt: the gate checks the bearer token that the document asks for; ${itself}`;
  return security === "other" ? `${itself}, as the document says; api-key | upstream` : itself;
}

function routeLines({ method, path, protocol }: UploadOperation): string[] {
  return ["route:", `  method: ${method}`, `  path: ${scalar(path)}`, `  protocols: [${protocol}]`];
}

function fileLines(file: DraftFile): string[] {
  const { name, types, isList, countMax, isOptional, sizeMax, sizeNote, typesNote } = file;
  const listed = types === null ? STILL_TO_WRITE : `[${types.join(", ")}]`;
  return [
    `    ${scalar(name)}:`,
    noted(
      `      types: ${listed}`,
      typesNote ?? (types === null ? "such as [image/jpeg, image/png]; any: not verified" : null),
    ),
    noted(
      `      max-size: ${sizeMax ?? STILL_TO_WRITE}`,
      sizeNote ?? "the largest file that makes sense here: 5 MiB",
    ),
    ...countLines(isList, countMax),
    ...(isOptional ? ["      optional: true"] : []),
  ];
}

function fieldLines(field: DraftField): string[] {
  const { name, lengthMax, lengthMin, isList, countMax, isOptional, lengthNote } = field;
  return [
    `    ${scalar(name)}:`,
    noted(
      `      max-length: ${lengthMax ?? STILL_TO_WRITE}`,
      lengthNote ?? (lengthMax === null ? "in characters" : null),
    ),
    ...(lengthMin > 0 ? [`      min-length: ${lengthMin}`] : []),
    ...countLines(isList, countMax),
    ...(isOptional ? ["      optional: true"] : []),
  ];
}

function countLines(isList: boolean, countMax: number | null): string[] {
  if (!isList) return [];
  return [noted(`      count: ${countMax ?? STILL_TO_WRITE}`, countMax === null ? "how many at most" : null)];
}

function noted(line: string, comment: string | null): string {
  return comment === null ? line : `${line.padEnd(COMMENT_COLUMN)}  # ${comment}`;
}
