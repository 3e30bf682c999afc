import type { Check, CheckCase } from "../check.ts";
import { GATE_UNPACKS_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { repeated } from "../payloads/bytes.ts";
import { dataDescriptor, deflatedEntry, type ZipEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestEntries, refusedZip } from "../zip-case.ts";

const MIB = 1024 * 1024;
const BIT_LATER = 0x0008;

const long = (): ZipEntry => deflatedEntry("long.bin", repeated(0x61, MIB));

/** One entry of 1 MiB that says something else; the twin's says the truth. */
function lying(name: string, lie: (entry: ZipEntry) => ZipEntry): CheckCase {
  return refusedZip(name, () => [...honestEntries(), lie(long())], undefined, {
    twin: () => zipArchive([...honestEntries(), long()]),
  });
}

/** Sizes and CRC-32 stand behind the data, and are these. */
function later(entry: ZipEntry, crc: number, packedBytes: number, sizeBytes: number): ZipEntry {
  return {
    ...entry,
    says: { flags: BIT_LATER },
    local: { crc: 0, packedBytes: 0, sizeBytes: 0 },
    after: dataDescriptor(crc, packedBytes, sizeBytes),
  };
}

/** UPL-AR-07: headers that say less, or something else, than the data is. */
export const sizeLies: Check = {
  id: "UPL-AR-07",
  title: "What is counted is what is unpacked, not what the archive says",
  why: "A budget on the sizes that the archive declares is kept by whoever declares small ones.",
  standards: ["v5.0.0-5.2.3", "CWE-130", "CWE-409", "CVE-2026-114103"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Count the bytes that come out of `member.read(65536)`, end at the declared size plus one, and let `zipfile` check the CRC-32 by reading each member to its end; a BadZipFile or zlib.error is a refusal, not an error of the server.",
    GATE_UNPACKS_NOTHING,
  ),
  cases: [
    lying("a size of 0", (entry) => ({ ...entry, says: { sizeBytes: 0 } })),
    lying("a size of 10 bytes", (entry) => ({ ...entry, says: { sizeBytes: 10 } })),
    lying("a size of one byte too few", (entry) => ({ ...entry, says: { sizeBytes: MIB - 1 } })),
    lying("a size of one byte too many", (entry) => ({ ...entry, says: { sizeBytes: MIB + 1 } })),
    lying("a size of 4 GiB", (entry) => ({ ...entry, says: { sizeBytes: 0xfffffffe } })),
    lying("a wrong CRC-32", (entry) => ({ ...entry, says: { crc: 0x12345678 } })),
    lying("fewer packed bytes than there are", (entry) => ({
      ...entry,
      says: { packedBytes: (entry.packed?.length ?? 0) - 20 },
    })),
    lying("another size behind the data", (entry) => later(entry, 0, entry.packed?.length ?? 0, 10)),
    lying("no size anywhere", (entry) => ({
      ...later(entry, 0, 0, 0),
      central: { crc: 0, packedBytes: 0, sizeBytes: 0 },
    })),
  ],
};
