import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Check, CheckCase, Target } from "../check.ts";
import { DOCX, GZIP, refusedInside, ZIP } from "../content-case.ts";
import { GATE_UNPACKS_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { utf8 } from "../payloads/bytes.ts";
import { docx } from "../payloads/office-files.ts";
import {
  BOMB_BYTES,
  bzip2Zeros,
  crcOfZeros,
  deflatedZeros,
  gzipZeros,
  xzZeros,
  zstdZeros,
} from "../payloads/packed-bytes.ts";
import { type ZipEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestEntries, honestZip } from "../zip-case.ts";

const NOTE = utf8("Nothing here.\n");
/** The same note once, as bzip2 and xz pack it: Node packs neither. */
const BZIP2_NOTE = "QlpoOTFBWSZTWYY1CaEAAAHVgAAQQAEAAQLhlAAgACIGgNBA0DQeZBvb4E53i7kinChIQxqE0IA=";
const XZ_NOTE =
  "/Td6WFoAAATm1rRGAgAhAQwAAACPmEGcAQANTm90aGluZyBoZXJlLgoAAACkExJ8x+xlbwABJg4IG+AEH7bzfQEAAAAABFla";

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

/** One member of 64 MiB, said honestly. */
function bomb(name: string): ZipEntry {
  const says = { crc: crcOfZeros(BOMB_BYTES), sizeBytes: BOMB_BYTES };
  return { name, content: new Uint8Array(), packed: deflatedZeros(BOMB_BYTES), method: 8, says };
}

/** Beyond what is promised; without a promise 64 MiB out of 64 KiB are too much for anybody. */
function isBeyond({ inspect }: Target): true | string {
  const promised = inspect?.archives == null ? 0 : inspect.archives.unpackedBytesMax;
  if (promised === null) return "the route promises no size unpacked";
  return promised < BOMB_BYTES || "the route takes archives of more than 64 MiB unpacked";
}

function bombOf(name: string, type: string, file: () => Uint8Array, twin: () => Uint8Array): CheckCase {
  const refusal = { withinMs: 5000 };
  return refusedInside(name, type, { file, twin, refusal, bytesMax: 80 * 1024, appliesTo: isBeyond });
}

/** UPL-AR-04: small until it is unpacked. */
export const ratioBomb: Check = {
  id: "UPL-AR-04",
  title: "What an archive unpacks to is bounded, whatever it says",
  why: "64 KiB that unpack to 64 MiB are a thousand times what the size limit lets through.",
  standards: ["v5.0.0-5.2.3", "CWE-409", "CVE-2026-39244"],
  flags: ["b"],
  topic: "archives",
  remedy: pythonRemedy(
    "Unpack as a stream and count: `while chunk := member.read(65536)` with a budget over all members of the file, and end with a refusal as soon as it is used up; never `extractall`, `read()` or `gzip.decompress`. Sum up `info.file_size` before, so that an honest bomb is refused without unpacking.",
    GATE_UNPACKS_NOTHING,
  ),
  cases: [
    bombOf(
      "a ZIP of one file of 64 MiB",
      ZIP,
      () => zipArchive([...honestEntries(), bomb("zeros.bin")]),
      honestZip,
    ),
    bombOf(
      "a Word document with a part of 64 MiB",
      DOCX,
      () => docx({ parts: [bomb("word/media/image1.bin")], defaults: { bin: "image/png" } }),
      () => docx(),
    ),
    bombOf(
      "gzip of 64 MiB",
      GZIP,
      () => gzipZeros(BOMB_BYTES),
      () => new Uint8Array(gzipSync(NOTE)),
    ),
    bombOf(
      "zstd of 64 MiB",
      "application/zstd",
      () => zstdZeros(BOMB_BYTES),
      () => new Uint8Array(zstdCompressSync(NOTE)),
    ),
    bombOf(
      "bzip2 of 64 MiB",
      "application/x-bzip2",
      () => bzip2Zeros(BOMB_BYTES),
      () => fromBase64(BZIP2_NOTE),
    ),
    bombOf(
      "xz of 64 MiB",
      "application/x-xz",
      () => xzZeros(BOMB_BYTES),
      () => fromBase64(XZ_NOTE),
    ),
  ],
};
