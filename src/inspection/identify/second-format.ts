/**
 * Second readings of a file: signatures of other formats at the places where programs look for them.
 *
 * In: a file whose own structure holds. Out: one finding for each other format that a program would read it as. Walkers see what
 * stands in comments and after the end; here are the formats that are found from a fixed place or from the end of the file, whatever
 * comes before: ZIP (and so JAR, OOXML, phar), PDF within the first kilobyte, tar, ISO 9660, markup at the beginning.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { refusal } from "../flaw.ts";
import { MarkupScan } from "./markup-scan.ts";
import type { Family } from "./signature.ts";
import type { ZipArchive } from "./zip.ts";
import { findArchiveAtEnd } from "./zip-end.ts";

const HEAD_BYTES = 1024;
/** Where tar (POSIX ustar, magic at 257) and ISO 9660 (sector 16) have their signatures. */
const FIXED_PLACES = [
  { offset: 257, signature: "ustar", label: "a tar archive" },
  { offset: 32_769, signature: "CD001", label: "a disk image" },
] as const;
/** Families whose first kilobyte has no honest place for markup. Images have their own scan; an archive may store a page. */
const NO_MARKUP_FIRST: ReadonlySet<Family> = new Set(["application/pdf", "video/mp4"]);

/** @param archive the walked archive where the file is one */
export async function findSecondFormats(
  reader: ByteReader,
  family: Family,
  archive: ZipArchive | null,
): Promise<readonly Finding[]> {
  const found = [
    archive === null ? await findZip(reader) : findPhar(archive),
    family === "application/pdf" ? null : await findPdf(reader, archive),
    family === "text" ? null : await findAtFixedPlace(reader),
    NO_MARKUP_FIRST.has(family) ? await findMarkup(reader) : null,
  ];
  return found.filter((finding) => finding !== null);
}

async function findZip(reader: ByteReader): Promise<Finding | null> {
  const at = await findArchiveAtEnd(reader);
  return at === null ? null : second(at, "a ZIP archive");
}

/** PHP opens an archive with this folder as a phar, and runs what is in it. */
function findPhar(archive: ZipArchive): Finding | null {
  const entry = archive.entries.find(({ name }) => name.toLowerCase().startsWith(".phar/"));
  return entry === undefined ? null : second(entry.localOffset, "a PHP archive");
}

/** Readers take `%PDF-` anywhere in the first kilobyte; a document that an archive stores at the start of an entry is honest. */
async function findPdf(reader: ByteReader, archive: ZipArchive | null): Promise<Finding | null> {
  const head = await reader.read(0, HEAD_BYTES);
  for (let at = head.indexOf("%PDF-"); at !== -1; at = head.indexOf("%PDF-", at + 1)) {
    const isStored = archive?.entries.some((entry) => archive.dataOffsets[entry.index] === at) ?? false;
    if (!isStored) return second(at, "a PDF document");
  }
  return null;
}

async function findAtFixedPlace(reader: ByteReader): Promise<Finding | null> {
  for (const { offset, signature, label } of FIXED_PLACES) {
    const bytes = await reader.read(offset, signature.length);
    if (bytes.toString("latin1") === signature) return second(offset, label);
  }
  return null;
}

async function findMarkup(reader: ByteReader): Promise<Finding | null> {
  const scan = new MarkupScan();
  scan.push(await reader.read(0, HEAD_BYTES), 0);
  return scan.finding("the first kilobyte");
}

function second(byteOffset: number, label: string): Finding {
  return refusal("FILE_SECOND_FORMAT", byteOffset, "one way to read the file", `${label} in it`);
}
