import type { Check } from "../check.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { repeated, utf8 } from "../payloads/bytes.ts";
import { storedEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestEntries, refusedZip } from "../zip-case.ts";

const STUB = utf8("MZ this would be the program that unpacks it\n");
const LOST = utf8("Bytes that no entry has.\n");

/** UPL-AR-11: bytes of the file that belong to no entry. */
export const bytesOutside: Check = {
  id: "UPL-AR-11",
  title: "Every byte of an archive belongs to an entry or a header",
  why: "What no entry has, no scanner reads; another reader starts there, or runs it as a program.",
  standards: ["CWE-436"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Sort the members by `header_offset` and hold that the first is at 0 and each next one begins where the last one ends (30 bytes, name and extra of the local header, `compress_size`), the directory after the last one, and the end record of 22 bytes at the end of the file; or pass on an archive that you have written anew with `zipfile` from the members. If archives that unpack themselves are wanted, say so in the route's description.",
    GATE_READS_ZIP,
  ),
  cases: [
    refusedZip("a program in front", honestEntries, () => ({ prefix: STUB })),
    refusedZip("a program in front that the offsets leave out", honestEntries, () => ({
      prefix: STUB,
      isShifted: true,
    })),
    refusedZip("text behind the end", honestEntries, () => ({ suffix: LOST })),
    refusedZip("zeros behind the end", honestEntries, () => ({ suffix: repeated(0, 512) })),
    refusedZip(
      "bytes between two entries",
      () => [...honestEntries(), { ...storedEntry("last.txt", "last\n"), before: LOST }],
      undefined,
      { twin: () => zipArchive([...honestEntries(), storedEntry("last.txt", "last\n")]) },
    ),
    refusedZip("bytes between the entries and the directory", honestEntries, () => ({
      beforeDirectory: LOST,
    })),
    refusedZip("bytes between the directory and the end record", honestEntries, () => ({ beforeEnd: LOST })),
  ],
};
