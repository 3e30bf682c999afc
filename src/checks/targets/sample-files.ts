/**
 * The file that the control upload sends: named by the flow, found among its samples, or made.
 *
 * Always holds: a file of `samples/rejected/` is never taken, and what is sent is as it lies there (names get the run's mark in front).
 * It does not verify what a file is: its extension says its type.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { FileRule } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { formatSize } from "../../setup/size.ts";
import { FILE_TYPES, type FileType } from "../../uploads/file-types.ts";
import type { SampleFile } from "../check.ts";
import { csvFile, jsonFile, pdfFile, textFile, zipFile } from "../payloads/document-files.ts";
import { gifFile, jpegFile, pngFile } from "../payloads/image-files.ts";
import { docx, pptx, xlsx } from "../payloads/office-files.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";

/** Where the file of one field may come from. */
export interface SampleSource {
  readonly field: string;
  readonly rule: Pick<FileRule, "types" | "sizeBytesMax">;
  /** Absolute path of the file that the flow names, or `null`. */
  readonly named: string | null;
  /** The folder to look into, or `null`. */
  readonly folder: string | null;
  /** In front of its name: `flowcheck-RUN`. */
  readonly mark: string;
  readonly seed: string;
}

/** The file, and a sentence where nobody has chosen it. */
export interface ChosenSample {
  readonly file: SampleFile;
  readonly assumption: string | null;
}

const OCTETS = "application/octet-stream";
const OCTETS_BYTES = 3000;
/** Types that can be made as large as wanted, so that the limit of size can be checked; see `payloads/sized-file.ts`. */
const SIZEABLE: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "application/pdf",
  "text/plain",
  "text/csv",
]);

/** @throws SAMPLE_MISSING where there is none, none can be made, or the one that is named cannot be read */
export async function chooseSample(source: SampleSource): Promise<ChosenSample> {
  const { named, mark } = source;
  if (named !== null) return { file: marked(await readSample(named), mark), assumption: null };
  const found = await findSample(source);
  if (found !== null) return { file: marked(found, mark), assumption: null };
  const made = makeSample(source);
  const assumption = `No sample of "${source.field}" was given: ${formatSize(made.bytes.length)} of ${made.mediaType} are made for it.`;
  return { file: marked(made, mark), assumption };
}

/** Reads one file; its extension says its type. @throws SAMPLE_MISSING */
export async function readSample(path: string): Promise<SampleFile> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    return { name: basename(path), mediaType: typeByName(path)?.mediaType ?? OCTETS, bytes };
  } catch (cause) {
    throw new GateError("SAMPLE_MISSING", {
      message: `The sample ${path} cannot be read.`,
      expected: "a file that the route must take",
      cause,
    });
  }
}

/** The type that a name's extension stands for. */
export function typeByName(name: string): FileType | undefined {
  const extension = extname(name).slice(1).toLowerCase();
  return FILE_TYPES.find((type) => (type.extensions as readonly string[]).includes(extension));
}

function marked(file: SampleFile, mark: string): SampleFile {
  return { ...file, name: `${mark}-${file.name}` };
}

/** By name, but first those that can be made as large as wanted. */
async function findSample({ rule, folder }: SampleSource): Promise<SampleFile | null> {
  if (folder === null) return null;
  const names = (await filesIn(folder)).filter((name) => isOfType(rule, name)).sort();
  const isSizeable = (name: string): boolean => SIZEABLE.has(typeByName(name)?.mediaType ?? "");
  const inOrder = [...names.filter(isSizeable), ...names.filter((name) => !isSizeable(name))];
  for (const name of inOrder) {
    const path = join(folder, name);
    if ((await stat(path)).size <= rule.sizeBytesMax) return readSample(path);
  }
  return null;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && !entry.name.startsWith(".")).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function isOfType({ types }: SampleSource["rule"], name: string): boolean {
  return types === "any" || types.includes(typeByName(name)?.mediaType ?? "");
}

/** One lossless pixel. @see RFC 9649 */
const WEBP = Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");
const OOXML = "application/vnd.openxmlformats-officedocument";

const MADE: readonly SampleFile[] = [
  pngFile(),
  pdfFile(),
  textFile(),
  csvFile(),
  jpegFile(),
  gifFile(),
  { name: "picture.webp", mediaType: "image/webp", bytes: new Uint8Array(WEBP) },
  jsonFile(),
  zipFile(),
  { name: "letter.docx", mediaType: `${OOXML}.wordprocessingml.document`, bytes: docx() },
  { name: "costs.xlsx", mediaType: `${OOXML}.spreadsheetml.sheet`, bytes: xlsx() },
  { name: "talk.pptx", mediaType: `${OOXML}.presentationml.presentation`, bytes: pptx() },
];

function makeSample({ field, rule, seed, folder }: SampleSource): SampleFile {
  if (rule.types === "any") {
    const bytes = seededBytes(seed, Math.min(OCTETS_BYTES, rule.sizeBytesMax));
    return { name: "bytes.bin", mediaType: OCTETS, bytes };
  }
  const types = rule.types;
  const made = MADE.find(({ mediaType, bytes }) => {
    return types.includes(mediaType) && bytes.length <= rule.sizeBytesMax;
  });
  if (made !== undefined) return made;
  const where = folder === null ? "give one" : `put one into ${folder}`;
  throw new GateError("SAMPLE_MISSING", {
    message: `There is no file to send as "${field}": none of ${types.join(", ")} can be made; ${where}.`,
  });
}
