/**
 * Cases about what is inside of a file: a file of a type that the route takes, hostile inside, and its honest neighbour.
 *
 * Always holds: the case applies only where the route takes the type and a file of that size; the neighbour has the same name and type.
 */
import { createHash } from "node:crypto";
import type { CheckCase, NeutralExpectation, Refusal, SampleFile, Target } from "./check.ts";
import { neutralises, refuses, whereAll } from "./define-case.ts";
import { controlProbe } from "./payloads/upload.ts";
import type { Topic } from "./promise.ts";
import { wrongFile } from "./type-case.ts";

export const ZIP = "application/zip";
export const TAR = "application/x-tar";
export const GZIP = "application/gzip";
export const PDF = "application/pdf";
export const SVG = "image/svg+xml";
const OFFICE = "application/vnd.openxmlformats-officedocument";
export const DOCX = `${OFFICE}.wordprocessingml.document`;
export const XLSX = `${OFFICE}.spreadsheetml.sheet`;
export const PPTX = `${OFFICE}.presentationml.presentation`;

/** What a file of a type is called. */
const NAMES: Readonly<Record<string, string>> = {
  [ZIP]: "papers.zip",
  [TAR]: "papers.tar",
  [GZIP]: "papers.gz",
  "application/x-bzip2": "papers.bz2",
  "application/x-xz": "papers.xz",
  "application/zstd": "papers.zst",
  "application/x-7z-compressed": "papers.7z",
  [PDF]: "paper.pdf",
  [SVG]: "drawing.svg",
  [DOCX]: "letter.docx",
  [XLSX]: "sums.xlsx",
  [PPTX]: "slides.pptx",
  "application/msword": "letter.doc",
  "application/vnd.ms-excel": "sums.xls",
  "application/rtf": "letter.rtf",
  "application/vnd.oasis.opendocument.text": "letter.odt",
  "application/xml": "data.xml",
  "application/yaml": "data.yaml",
  "application/json": "data.json",
  "message/rfc822": "letter.eml",
  "text/plain": "note.txt",
  "text/csv": "table.csv",
  "image/png": "picture.png",
  "image/jpeg": "picture.jpg",
  "image/gif": "picture.gif",
  "image/webp": "picture.webp",
  "image/heic": "picture.heic",
};

/** A case's file with its neighbour; both are made anew from the target each time. */
export interface Inside {
  readonly file: (target: Target) => Uint8Array;
  readonly twin: (target: Target) => Uint8Array;
  /** No payload of the case is larger. Default 32 KiB. */
  readonly bytesMax?: number;
  readonly appliesTo?: CheckCase["appliesTo"];
  readonly refusal?: Partial<Refusal>;
}

/** For what a file may do to whoever looks inside of it. */
export interface NeutralInside extends Inside {
  readonly harm: NeutralExpectation["harm"];
  readonly mayBeHeld?: boolean;
}

const PAYLOAD_BYTES = 32 * 1024;

/** Where a file may be refused for what is inside of it. */
export const badInside: Refusal = {
  statuses: [400, 413, 415, 422],
  gateCodes: [...wrongFile.gateCodes, "FILE_TOO_COMPLEX"],
};

/** The file that a client would send: bytes under the usual name and type. */
export function fileOfType(mediaType: string, bytes: Uint8Array): SampleFile {
  return { name: NAMES[mediaType] ?? "file.bin", mediaType, bytes };
}

/** The route must refuse a file of that type. */
export function refusedInside(name: string, mediaType: string, inside: Inside): CheckCase {
  return refuses(
    name,
    (target) => controlProbe(target, fileOfType(mediaType, inside.file(target))),
    { ...badInside, ...inside.refusal },
    options(mediaType, inside),
  );
}

/** The route may refuse it, or store it without the harm. */
export function neutralInside(name: string, mediaType: string, inside: NeutralInside): CheckCase {
  const { harm, mayBeHeld = false } = inside;
  const each = neutralises(
    name,
    (target) => controlProbe(target, fileOfType(mediaType, inside.file(target))),
    { ...badInside, ...inside.refusal },
    harm,
    options(mediaType, inside),
  );
  if (each.expect.outcome !== "refused-or-neutral") return each;
  return { ...each, expect: { ...each.expect, mayDiffer: true, mayBeHeld, unclear: isOutOfSight } };
}

/** Cases of a topic, in a check whose scenarios are wrong on any route. */
export function onTopic(topic: Topic, cases: readonly CheckCase[]): readonly CheckCase[] {
  return cases.map((each) => ({ ...each, topic }));
}

function options(mediaType: string, { twin, bytesMax = PAYLOAD_BYTES, appliesTo }: Inside) {
  return {
    appliesTo: whereAll(takes(mediaType), takesBytes(bytesMax), appliesTo ?? (() => true)),
    twin: (target: Target) => controlProbe(target, fileOfType(mediaType, twin(target))),
  };
}

/** Files of that type are taken: by name, or any bytes. */
export function takes(mediaType: string): CheckCase["appliesTo"] {
  return ({ file }) =>
    file.types === "any" || file.types.includes(mediaType) || `the route takes no ${mediaType}`;
}

/** Texts have no inside where a route takes any bytes and says nothing of documents: nobody there reads them. */
export function readsText(mediaType: string): CheckCase["appliesTo"] {
  return (target) => {
    if (target.file.types !== "any") return takes(mediaType)(target);
    return (
      target.inspect?.documents != null || "the route takes any bytes, and promises nothing about documents"
    );
  };
}

function takesBytes(bytesMax: number): CheckCase["appliesTo"] {
  return ({ file }) =>
    file.sizeBytesMax >= bytesMax || `the payload has up to ${bytesMax} bytes: above the limit`;
}

/** Harm: the file is stored as it was sent, or one of these is still in it. `what` as in "with the script". */
export function keeps(what: string, ...marks: readonly string[]): NeutralExpectation["harm"] {
  return ({ files }, content) => {
    for (const [index, file] of files.entries()) {
      const sent = content.files[index]?.bytes;
      if (sent !== undefined && file.sha256 === digestOf(sent)) return `stored as it was sent, with ${what}`;
      const stored = file.bytes === undefined ? null : Buffer.from(file.bytes);
      if (marks.some((mark) => stored?.includes(mark, 0, "latin1"))) return `stored with ${what}`;
    }
    return null;
  };
}

/** Harm: it got through at all. */
export function passedOn(what: string): NeutralExpectation["harm"] {
  return ({ files }) => (files.length === 0 ? null : `${what} was passed on`);
}

const isOutOfSight: NeutralExpectation["harm"] = ({ files }, content) => {
  const isHidden = files.some(
    (file, index) =>
      file.bytes === undefined && file.sha256 !== digestOf(content.files[index]?.bytes ?? new Uint8Array()),
  );
  return isHidden ? "other bytes were stored than were sent, and nobody can look at them" : null;
};

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
