/**
 * Contradictions within `verify`, with the rest of the flow, and with the files beside it.
 *
 * Works on what is written, checked or not, so that all problems are told at once.
 */
import { open } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { didYouMean } from "../../setup/nearest-word.ts";
import { listWords } from "../../setup/reading.ts";
import { problemAt, problemAtKey } from "../../setup/schema-problems.ts";
import { formatSize, readSize } from "../../setup/size.ts";
import { groupIn, isGroup, type WrittenGroup } from "../../setup/written-group.ts";
import type { YamlSource } from "../../setup/yaml-source.ts";
import { findFileType } from "../../uploads/file-types.ts";
import { readHeaderLine } from "./verify-values.ts";

/** Where the flow lies, and whether the files that it names must be there. */
interface SamplePlace {
  readonly folder: string;
  readonly needsSamples: boolean;
}

/** All contradictions of a flow's `verify`. */
export async function findVerifyContradictions(
  source: YamlSource,
  flow: WrittenGroup,
  place: SamplePlace,
): Promise<SetupProblem[]> {
  if (!isGroup(flow.verify)) return [];
  const verify = flow.verify;
  return [
    ...(await checkSamples(source, flow, groupIn(verify.samples), place)),
    ...checkFields(source, flow, groupIn(verify.fields)),
    ...checkPath(source, flow, groupIn(verify.path)),
    ...checkHeaders(source, verify),
    ...checkCredentials(source, flow, verify),
    ...checkReadBack(source, verify),
    ...checkNames(source, verify),
    ...checkCleanup(source, verify),
    ...checkManual(source, verify),
  ];
}

const AT = "verify";

/** A name that is none of the known ones. */
function unknownName(name: string, known: readonly string[], what: string): string {
  const list = known.length === 0 ? "It has none." : `It has ${listWords(known, "and")}.`;
  return `the flow has no ${what} "${name}".${didYouMean(name, known)} ${list}`;
}

async function checkSamples(
  source: YamlSource,
  flow: WrittenGroup,
  samples: WrittenGroup,
  { folder, needsSamples }: SamplePlace,
): Promise<SetupProblem[]> {
  const files = groupIn(groupIn(flow.accept).files);
  const found: SetupProblem[] = [];
  for (const [field, path] of Object.entries(samples)) {
    const at = [AT, "samples", field];
    if (!Object.hasOwn(files, field)) {
      found.push(problemAtKey(source, at, unknownName(field, Object.keys(files), "file field")));
    } else if (needsSamples && typeof path === "string" && path.trim() !== "") {
      const sentence = await sampleSentence(path.trim(), groupIn(files[field]), folder);
      if (sentence !== null) found.push(problemAt(source, at, sentence));
    }
  }
  return found;
}

async function sampleSentence(path: string, rule: WrittenGroup, folder: string): Promise<string | null> {
  const size = await sizeOf(resolve(folder, path));
  if (size === "missing") return `there is no file "${path}" below the flow's folder.`;
  if (size === "unreadable") return `"${path}" is not a file that can be read.`;
  if (size === 0) return `"${path}" is empty, so nothing could be said about what the route does with files.`;
  const max = readSize(rule["max-size"]);
  if (max.ok && size > max.value)
    return `"${path}" has ${formatSize(size)}, and max-size is ${formatSize(max.value)}; take a smaller file.`;
  return typeSentence(path, rule);
}

/** Whether the name's extension is of a type that the field takes; the content is looked at by whoever sends it. */
function typeSentence(path: string, { types }: WrittenGroup): string | null {
  if (!Array.isArray(types)) return null;
  const known = types.flatMap((type) => (typeof type === "string" ? (findFileType(type) ?? []) : []));
  if (known.length < types.length) return null;
  const extensions = known.flatMap((type) => type.extensions);
  if (extensions.includes(extname(path).slice(1).toLowerCase())) return null;
  return `the field takes ${listWords(known.map(({ mediaType }) => mediaType))}, and "${path}" is not named like one of these.`;
}

async function sizeOf(file: string): Promise<number | "missing" | "unreadable"> {
  try {
    await using handle = await open(file, "r");
    const found = await handle.stat();
    return found.isFile() ? found.size : "unreadable";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "missing" : "unreadable";
  }
}

function checkFields(source: YamlSource, flow: WrittenGroup, values: WrittenGroup): SetupProblem[] {
  const fields = groupIn(groupIn(flow.accept).fields);
  return Object.entries(values).flatMap(([name, value]) => {
    const at = [AT, "fields", name];
    if (!Object.hasOwn(fields, name))
      return [problemAtKey(source, at, unknownName(name, Object.keys(fields), "text field"))];
    const { "min-length": min, "max-length": max } = groupIn(fields[name]);
    if (typeof value !== "string") return [];
    const chars = [...value].length;
    const isTooLong = typeof max === "number" && chars > max;
    const isTooShort = typeof min === "number" && chars < min;
    if (!isTooLong && !isTooShort) return [];
    const bound = isTooLong ? `max-length is ${max}` : `min-length is ${min}`;
    return [problemAt(source, at, `this has ${chars} characters, and ${bound}: it could never pass.`)];
  });
}

function checkPath(source: YamlSource, flow: WrittenGroup, values: WrittenGroup): SetupProblem[] {
  const path = groupIn(flow.route).path;
  const names =
    typeof path === "string" ? [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name) : [];
  return Object.keys(values)
    .filter((name) => !names.includes(name))
    .map((name) =>
      problemAtKey(source, [AT, "path", name], unknownName(name, names, "{name} in its path that is called")),
    );
}

function checkHeaders(source: YamlSource, verify: WrittenGroup): SetupProblem[] {
  const { header } = groupIn(verify.credentials);
  const { headers } = verify;
  if (typeof header !== "string" || !Array.isArray(headers)) return [];
  return headers.flatMap((line, index) => {
    const name = typeof line === "string" ? (line.split(":")[0] ?? "") : "";
    // What is wrong by itself has been told by the schema.
    if (name.toLowerCase() !== header.toLowerCase() || !readHeaderLine(line).ok) return [];
    const sentence = `${header} is the header of the credentials; remove the line, and name the secret below credentials.`;
    return [problemAt(source, [AT, "headers", index], sentence)];
  });
}

/** What the gate itself takes credentials from: `permissions/callers/credentials.ts`. */
const GATE_HEADERS: Readonly<Record<string, readonly string[]>> = {
  "api-key": ["X-API-Key", "Authorization"],
  jwt: ["Authorization"],
  grant: ["Authorization"],
};

function checkCredentials(source: YamlSource, flow: WrittenGroup, verify: WrittenGroup): SetupProblem[] {
  const { caller } = groupIn(flow.permissions);
  const { header } = groupIn(verify.credentials);
  const taken =
    typeof caller === "string" && Object.hasOwn(GATE_HEADERS, caller) ? GATE_HEADERS[caller] : undefined;
  if (taken === undefined || typeof header !== "string") return [];
  if (taken.some((name) => name.toLowerCase() === header.toLowerCase())) return [];
  const sentence = `with caller: ${String(caller)} the credential stands in ${listWords(taken)}, not in ${header}.`;
  return [problemAt(source, [AT, "credentials", "header"], sentence)];
}

function checkReadBack(source: YamlSource, verify: WrittenGroup): SetupProblem[] {
  const written = verify["read-back"];
  if (!isGroup(written)) return [];
  const at = [AT, "read-back"];
  return [...checkId(source, written, at), ...checkIdIsKnown(source, written, at)];
}

function checkId(source: YamlSource, readBack: WrittenGroup, at: readonly string[]): SetupProblem[] {
  if (!isGroup(readBack.id)) {
    const keys = Object.keys(readBack);
    return keys.length > 0
      ? []
      : [problemAt(source, at, "it is empty; write one of url, state, list and command.")];
  }
  const { header, pointer } = readBack.id;
  if ((header === undefined) !== (pointer === undefined)) return [];
  const sentence =
    header === undefined
      ? "it does not say where the id stands; write { header: Location } or { pointer: /id }."
      : "the id stands in a header or in the body; keep one of the two.";
  return [problemAt(source, [...at, "id"], sentence)];
}

function checkIdIsKnown(source: YamlSource, readBack: WrittenGroup, at: readonly string[]): SetupProblem[] {
  if (readBack.id !== undefined) return [];
  return ["url", "state"]
    .filter((key) => readBack[key] !== undefined)
    .map((key) => {
      const sentence =
        "it needs the id of an upload, and nothing says where an answer tells that; write id: { header: Location } or id: { pointer: /id } beside it.";
      return problemAtKey(source, [...at, key], sentence);
    });
}

/** Paths in which `{names}` are replaced. */
const FILLED = [
  ["read-back", "url"],
  ["read-back", "list"],
  ["read-back", "state", "path"],
  ["cleanup", "path"],
] as const;

function checkNames(source: YamlSource, verify: WrittenGroup): SetupProblem[] {
  const known = Object.keys(groupIn(verify.path));
  return FILLED.flatMap((at) => {
    const written = at.reduce<unknown>((group, key) => groupIn(group)[key], verify);
    const names = typeof written === "string" ? [...written.matchAll(/\{([A-Za-z_][\w-]*)\}/g)] : [];
    const other = names.map(([, name = ""]) => name).find((name) => name !== "id" && !known.includes(name));
    if (other === undefined) return [];
    const sentence = `nothing says what stands for {${other}}: only {id} and the names below verify.path are replaced.`;
    return [problemAt(source, [AT, ...at], sentence)];
  });
}

function checkCleanup(source: YamlSource, verify: WrittenGroup): SetupProblem[] {
  if (!isGroup(verify.cleanup)) return [];
  const { method, path, command } = verify.cleanup;
  const at = [AT, "cleanup"];
  if (command !== undefined && (method !== undefined || path !== undefined)) {
    return [problemAt(source, at, "it is a request or a command; keep one of the two.")];
  }
  if (command === undefined && (method === undefined || path === undefined)) {
    const missing = "write { method: DELETE, path: /api/files/{id} } or { command: … }.";
    return [problemAt(source, at, `this is not whole; ${missing}`)];
  }
  const key = command === undefined ? "path" : "command";
  const written = verify.cleanup[key];
  const needsId = typeof written === "string" && written.includes("{id}");
  if (!needsId || groupIn(verify["read-back"]).id !== undefined) return [];
  const sentence =
    "{id} needs to be known; write read-back: { id: { header: Location } } or { pointer: /id }.";
  return [problemAt(source, [...at, key], sentence)];
}

function checkManual(source: YamlSource, { manual }: WrittenGroup): SetupProblem[] {
  if (!Array.isArray(manual)) return [];
  const ids = manual.map((look) => groupIn(look).check);
  return ids.flatMap((id, index) =>
    typeof id === "string" && ids.indexOf(id) < index
      ? [problemAt(source, [AT, "manual", index, "check"], `${id} is listed twice; keep the newest.`)]
      : [],
  );
}
