import type { Check } from "../check.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { joined } from "../payloads/bytes.ts";
import { endRecord, storedEntry, type ZipEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestEntries, honestZip, refusedZip } from "../zip-case.ts";

const hidden = (): ZipEntry => storedEntry("hidden.txt", "Seen by one reader, and not by another.\n");

/** A whole archive as the comment of another: its offsets count from its own start. */
function archiveAsComment(): Uint8Array {
  return zipArchive([hidden()]);
}

/** An end record that says that nothing is in the archive; what follows it is its comment. */
const nothingThere = () => endRecord({ disk: 0, entries: 0, directoryBytes: 0, directoryOffset: 0 });

/** A locator (section 4.3.15) that leads to where no Zip64 record is. */
function straying(): Uint8Array {
  const view = new DataView(new ArrayBuffer(20));
  view.setUint32(0, 0x07064b50, true);
  view.setBigUint64(8, 4n, true);
  view.setUint32(16, 1, true);
  return new Uint8Array(view.buffer);
}

/** A Zip64 record and its locator that name another number of entries than the end record. */
function otherCount(): Uint8Array {
  const view = new DataView(new ArrayBuffer(56));
  view.setUint32(0, 0x06064b50, true);
  view.setBigUint64(4, 44n, true);
  view.setUint16(12, 45, true);
  view.setUint16(14, 45, true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, 1n, true);
  const locator = new DataView(new ArrayBuffer(20));
  locator.setUint32(0, 0x07064b50, true);
  locator.setBigUint64(8, BigInt(honestZip().length - 22), true);
  locator.setUint32(16, 1, true);
  return joined(new Uint8Array(view.buffer), new Uint8Array(locator.buffer));
}

/** An entry with its local header and its data, and no directory. */
function unlisted(): Uint8Array {
  const archive = zipArchive([hidden()]);
  return archive.subarray(0, Buffer.from(archive).indexOf("PK\u0001\u0002", 0, "latin1"));
}

/** UPL-AR-09: archives with more than one answer to which directory is theirs. */
export const whichDirectory: Check = {
  id: "UPL-AR-09",
  title: "An archive has one directory, and one end",
  why: "A reader that takes the other end record sees other files: the one that scans sees harmless ones, or none.",
  standards: ["v5.0.0-1.5.3", "CWE-436", "CVE-2025-8291", "CVE-2024-24789"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Refuse an archive unless its last 22 bytes are its one end record: they begin with `PK\\x05\\x06`, which is nowhere else in the last 65,557 bytes, all disk numbers in it are 0, and both of its counts are `len(archive.infolist())`. Use a CPython with the fix of CVE-2025-8291 (3.14.1, 3.13.10, 3.12.12, 3.11.14, 3.10.19 or newer), whose `zipfile` checks the Zip64 locator.",
    GATE_READS_ZIP,
  ),
  cases: [
    refusedZip("a second end record in the comment", honestEntries, () => ({
      comment: joined("see ", nothingThere()),
    })),
    refusedZip("an end record of nothing that takes the real one for its comment", honestEntries, () => {
      const empty = endRecord({ disk: 0, entries: 0, directoryBytes: 0, directoryOffset: 0 }, 22);
      return { beforeEnd: empty };
    }),
    refusedZip("a whole archive as the comment", honestEntries, () => ({ comment: archiveAsComment() })),
    refusedZip("an archive behind an archive", honestEntries, () => ({ suffix: archiveAsComment() })),
    refusedZip("a locator that leads nowhere", honestEntries, () => ({ beforeEnd: straying() })),
    refusedZip("a Zip64 record with another number of entries", honestEntries, () => ({
      beforeEnd: otherCount(),
    })),
    refusedZip(
      "fewer entries than there are",
      () => [...honestEntries(), hidden()],
      () => ({ end: { entries: 2 } }),
    ),
    refusedZip("more entries than there are", honestEntries, () => ({ end: { entries: 3 } })),
    refusedZip(
      "a directory that begins too late",
      () => [hidden(), ...honestEntries()],
      () => ({
        end: { directoryOffset: 1 },
      }),
    ),
    refusedZip("an entry before the data that no directory has", honestEntries, () => ({
      prefix: unlisted(),
    })),
  ],
};
