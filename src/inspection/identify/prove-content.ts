/**
 * Chooses the walker for a family and says which media type the content proves.
 *
 * Most families are one type. An archive is an office document where its content types say so; one that was named and declared a
 * ZIP archive is that, whatever it holds. Text is what it was said to be, if it holds as that: every JSON and CSV file is plain text
 * too, so that the content alone cannot tell. Where nothing was said, JSON comes before CSV and CSV before plain text.
 */
import { findFileType } from "../../uploads/file-types.ts";
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flawFinding } from "../flaw.ts";
import { walkCsv } from "./csv.ts";
import { walkGif } from "./gif.ts";
import { walkJpeg } from "./jpeg.ts";
import { walkJson } from "./json.ts";
import { walkMp4 } from "./mp4.ts";
import { identifyOoxml } from "./ooxml.ts";
import { walkPdf } from "./pdf.ts";
import { walkPng } from "./png.ts";
import { FAMILY_LABELS, type Family } from "./signature.ts";
import { walkText } from "./text.ts";
import { walkWebp } from "./webp.ts";
import { walkZip, type ZipArchive } from "./zip.ts";

/** What the content proves. `mediaType` is `null` for an office package that the gate cannot verify. */
export interface Proof {
  readonly mediaType: string | null;
  readonly label: string;
  readonly findings: readonly Finding[];
  readonly archive: ZipArchive | null;
}

type Walker = (reader: ByteReader) => Promise<readonly Finding[]>;

const WALKERS: Readonly<Record<Exclude<Family, "archive" | "text">, Walker>> = {
  "image/jpeg": walkJpeg,
  "image/png": walkPng,
  "image/gif": walkGif,
  "image/webp": walkWebp,
  "application/pdf": walkPdf,
  "video/mp4": walkMp4,
};

const ZIP = "application/zip";
/** From the most to the least particular. */
const TEXT_WALKERS: readonly (readonly [string, Walker])[] = [
  ["application/json", walkJson],
  ["text/csv", walkCsv],
  ["text/plain", walkText],
];

/**
 * Walks a file to its end.
 * @param stated   the media type that name or declared type speak of, or `null`
 * @param allowed  media types that the flow allows
 * @throws the FILE_… flaw at which the walk ended
 */
export async function proveContent(
  reader: ByteReader,
  family: Family,
  stated: string | null,
  allowed: readonly string[],
): Promise<Proof> {
  if (family === "archive") return proveArchive(reader, stated);
  if (family === "text") return proveText(reader, stated === null ? allowed : [stated]);
  const findings = await WALKERS[family](reader);
  return { mediaType: family, label: FAMILY_LABELS[family], findings, archive: null };
}

async function proveArchive(reader: ByteReader, stated: string | null): Promise<Proof> {
  const archive = await walkZip(reader);
  const plain: Proof = { mediaType: ZIP, label: "a ZIP archive", findings: [], archive };
  if (stated === ZIP) return plain;
  const office = await identifyOoxml(reader, archive);
  if (office === null) return plain;
  const mediaType = office.hasMacros ? null : office.mediaType;
  const known = mediaType === null ? undefined : findFileType(mediaType);
  return { mediaType, label: known?.label ?? office.label, findings: [], archive };
}

async function proveText(reader: ByteReader, candidates: readonly string[]): Promise<Proof> {
  const possible = TEXT_WALKERS.filter(([mediaType]) => candidates.includes(mediaType));
  for (const [mediaType, walk] of possible) {
    const isLast = mediaType === possible.at(-1)?.[0];
    const findings = isLast ? await walk(reader) : await walkOrNull(walk, reader);
    if (findings === null) continue;
    return { mediaType, label: findFileType(mediaType)?.label ?? mediaType, findings, archive: null };
  }
  return { mediaType: null, label: "text", findings: [], archive: null };
}

/** `null` where the file does not hold as this type and may still be a less particular one. */
async function walkOrNull(walk: Walker, reader: ByteReader): Promise<readonly Finding[] | null> {
  try {
    return await walk(reader);
  } catch (error) {
    if (flawFinding(error) === null) throw error;
    return null;
  }
}
