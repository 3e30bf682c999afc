/**
 * From what traffic shows of a route to what a flow's draft is made of: what the system does now, written down, with what was seen in comments beside it.
 */
import type { DraftField, DraftFile, UploadOperation } from "../../flows/openapi/upload-operations.ts";
import { FILE_TYPES, findFileType } from "../../uploads/file-types.ts";
import type { Counts, SeenField, SeenFile, SeenRoute } from "./seen-route.ts";

const MIB = 1024 * 1024;
/** Sizes that a person would write. */
const SIZES_MIB = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const LENGTHS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000];
const NAMES_TOLD_MAX = 4;

/** @returns what `draftFlow` takes */
export function operationOf(route: SeenRoute): UploadOperation {
  const { method, path, protocol, requests, read } = route;
  return {
    method,
    path,
    protocol,
    summary: null,
    files: route.files.map((file) => draftFile(file, read, protocol)),
    fields: route.fields.map((field) => draftField(field, read)),
    status: usualStatus(route.statuses),
    security: null,
    source: "traffic",
    callerNote: `seen: ${told(route.credentials, requests)}; public: the service itself checks who it is`,
    notes: notesOn(route),
  };
}

function notesOn({
  requests,
  read,
  statuses,
  durationMs,
  bodyBytes,
  firstAtMs,
  lastAtMs,
  reason,
}: SeenRoute) {
  const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
  return [
    `Seen: ${requests} request${requests === 1 ? "" : "s"} from ${day(firstAtMs)} to ${day(lastAtMs)} UTC, since ${reason};`,
    `answers: ${told(statuses, requests)}; 95 of 100 within ${durationMs.p95} ms; bodies up to ${roughSize(bodyBytes.max)}.`,
    ...(read < requests
      ? [
          `The parts below are those of ${read} of them, which the service took and which could be read whole.`,
        ]
      : []),
  ];
}

function draftFile(file: SeenFile, read: number, protocol: SeenRoute["protocol"]): DraftFile {
  const { types, strange } = typesOf(file);
  const isList = file.countMax > 1;
  return {
    name: protocol === "raw" ? "file" : file.name,
    types: types.length === 0 ? null : types,
    isList,
    countMax: isList ? file.countMax : null,
    isOptional: file.requests < read,
    sizeMax: roundSize(file.sizeBytes.max),
    sizeNote: `largest seen: ${roughSize(file.sizeBytes.max)}, 95 of 100 below ${roughSize(file.sizeBytes.p95)}`,
    typesNote:
      strange.length === 0
        ? `by their first bytes: ${told(file.contents, file.sizeBytes.count)}`
        : `also seen, and not to be verified by the gate: ${strange.slice(0, NAMES_TOLD_MAX).join(", ")}`,
  };
}

function draftField(field: SeenField, read: number): DraftField {
  const { name, countMax, lengthMax, requests } = field;
  return {
    name,
    lengthMax: LENGTHS.find((length) => length >= lengthMax) ?? lengthMax,
    lengthMin: 0,
    isList: countMax > 1,
    countMax: countMax > 1 ? countMax : null,
    isOptional: requests < read,
    lengthNote: `longest seen: ${lengthMax} bytes`,
  };
}

/** Media types that a flow may name, for all that was seen; and words for what it may not. */
function typesOf({ contents, declaredTypes }: SeenFile): { types: string[]; strange: string[] } {
  const types = new Set<string>();
  const strange: string[] = [];
  for (const content of Object.keys(contents)) {
    const type = typeOf(content, declaredTypes);
    if (type === null) strange.push(content);
    else types.add(type);
  }
  return { types: [...types].sort(), strange };
}

/** @param content a media type, `archive .docx`, `text .csv`, or words */
function typeOf(content: string, declared: Counts): string | null {
  const [family = "", extension] = content.split(" .");
  if (family !== "archive" && family !== "text") return findFileType(content)?.mediaType ?? null;
  const byExtension = FILE_TYPES.find(({ extensions }) =>
    (extensions as readonly string[]).includes(extension ?? ""),
  );
  if (byExtension !== undefined) return byExtension.mediaType;
  if (extension !== undefined) return family === "archive" ? null : "text/plain";
  const known = Object.keys(declared).map((type) => findFileType(type)?.mediaType ?? null);
  return (
    known.find((type) => type?.startsWith("text/") === (family === "text")) ??
    (family === "text" ? "text/plain" : "application/zip")
  );
}

function roundSize(bytes: number): string {
  const mib = SIZES_MIB.find((size) => size * MIB >= bytes);
  return mib === undefined ? `${bytes} B` : `${mib} MiB`;
}

/** For people: `3.4 MB`. */
function roughSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const [unit, of] =
    bytes < 1e6 ? (["kB", 1e3] as const) : bytes < 1e9 ? (["MB", 1e6] as const) : (["GB", 1e9] as const);
  return `${(bytes / of).toFixed(1)} ${unit}`;
}

/** The one status of success; `null` where there were several. */
function usualStatus(statuses: Counts): number | null {
  const good = Object.keys(statuses)
    .map(Number)
    .filter((status) => status >= 200 && status < 300);
  return good.length === 1 ? (good[0] ?? null) : null;
}

/** `Bearer 40, nothing 2`: the most frequent first. */
function told(counts: Counts, all: number): string {
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const [only] = sorted;
  if (sorted.length === 1 && only !== undefined && only[1] === all) return `${only[0]} each time`;
  return sorted
    .slice(0, NAMES_TOLD_MAX)
    .map(([name, times]) => `${name} ${times} ×`)
    .join(", ");
}
