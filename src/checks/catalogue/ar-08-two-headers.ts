import { crc32 } from "node:zlib";
import type { Check, CheckCase } from "../check.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { joined, utf8 } from "../payloads/bytes.ts";
import {
  deflatedEntry,
  extraField,
  storedEntry,
  type ZipEntry,
  zipArchive,
} from "../payloads/zip-archive.ts";
import { honestEntries, refusedZip } from "../zip-case.ts";

const TEXT = "Some text to disagree about.\n".repeat(10);
const UNICODE_PATH = 0x7075;

/** The entry's header before its data says one thing, that in the directory another; the twin's agree. */
function disagreeing(
  name: string,
  say: (entry: ZipEntry) => ZipEntry,
  honest = storedEntry("report.txt", TEXT),
): CheckCase {
  return refusedZip(name, () => [...honestEntries(), say(honest)], undefined, {
    twin: () => zipArchive([...honestEntries(), honest]),
  });
}

/** A second name: version 1, CRC-32 of the first one, the name. @see APPNOTE.TXT section 4.6.9 */
function secondName(first: string, second: string): Uint8Array {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, 1);
  head.setUint32(1, crc32(utf8(first)), true);
  return extraField(UNICODE_PATH, joined(new Uint8Array(head.buffer), second));
}

/** UPL-AR-08: two headers for one entry that differ. */
export const twoHeaders: Check = {
  id: "UPL-AR-08",
  title: "An entry's two headers say the same",
  why: "Whoever checks reads the directory and whoever unpacks reads on from the data, or the other way round: each sees another file.",
  standards: ["v5.0.0-1.5.3", "CWE-436", "CVE-2025-54368", "CVE-2026-115905"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Unpack with the reader that checked, once, and pass on the members and never the archive. `zipfile` compares only the two names, when a member is opened: read flags, method and sizes of the local header (30 bytes at `info.header_offset`) yourself and refuse where they differ.",
    GATE_READS_ZIP,
  ),
  cases: [
    disagreeing("in the name", (entry) => ({ ...entry, local: { name: "report.exe" } })),
    disagreeing("in the name, by a folder", (entry) => ({ ...entry, local: { name: "../report.txt" } })),
    disagreeing(
      "in the method",
      (entry) => ({ ...entry, local: { method: 0 } }),
      deflatedEntry("report.txt", TEXT),
    ),
    disagreeing("in the packed size", (entry) => ({ ...entry, local: { packedBytes: 5 } })),
    disagreeing("in the size", (entry) => ({ ...entry, local: { sizeBytes: 5 } })),
    disagreeing("in the CRC-32", (entry) => ({ ...entry, local: { crc: 0x12345678 } })),
    disagreeing("in whether it is encrypted", (entry) => ({ ...entry, local: { flags: 1 } })),
    disagreeing("in whether sizes come later", (entry) => ({ ...entry, local: { flags: 8 } })),
    disagreeing("by a second name in an extra field", (entry) => ({
      ...entry,
      says: { extra: secondName("report.txt", "report.exe") },
    })),
  ],
};
