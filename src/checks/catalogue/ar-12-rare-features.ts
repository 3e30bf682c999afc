import type { Check, CheckCase } from "../check.ts";
import { neutralInside, ZIP } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { joined, latin1, repeated } from "../payloads/bytes.ts";
import {
  deflatedEntry,
  extraField,
  storedEntry,
  type ZipEntry,
  zipArchive,
} from "../payloads/zip-archive.ts";
import { honestEntries, refusedZip } from "../zip-case.ts";

const TEXT = "Some text, packed in an unusual way.\n".repeat(20);
const EXTRA_ZIP64 = 0x0001;
const EXTRA_NTFS = 0x000a;
const EXTRA_AES = 0x9901;

function rare(name: string, change: (entry: ZipEntry) => ZipEntry): CheckCase {
  return refusedZip(name, () => [...honestEntries(), change(deflatedEntry("rare.txt", TEXT))], undefined, {
    twin: () => zipArchive([...honestEntries(), deflatedEntry("rare.txt", TEXT)]),
    refusal: { withinMs: 3000 },
  });
}

const packedBy = (name: string, method: number): CheckCase => rare(name, (entry) => ({ ...entry, method }));

/** AES as WinZip tells it: version 2, vendor AE, 256 bits, deflated. */
const aes = (): Uint8Array =>
  extraField(EXTRA_AES, joined(Uint8Array.of(2, 0), "AE", Uint8Array.of(3, 8, 0)));

/** The deflate stream with its first block of a kind that there is not (bits 11). @see RFC 1951 section 3.2.3 */
function brokenBlock({ packed = new Uint8Array() }: ZipEntry): Uint8Array {
  return joined(Uint8Array.of(0x07), packed.subarray(1));
}

/** Times that nobody needs, in a field that says more than it has: who leaves it unread may take the archive. */
function brokenTimes(entry: ZipEntry): ZipEntry {
  return { ...entry, says: { extra: extraField(EXTRA_NTFS, latin1("\0\0\0\0\x01\0\xff\xff")) } };
}

/** UPL-AR-12: what the format allows, or nearly, and few readers have ever met. */
export const rareFeatures: Check = {
  id: "UPL-AR-12",
  title: "Rare and broken features of archives are refused, and hurt nobody",
  why: "The code for them is the least tried one of every reader, and often not its maker's own.",
  standards: ["CWE-835", "CWE-248", "CWE-125", "CVE-2026-45820", "CVE-2026-31988", "CVE-2026-114102"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Take `compress_type` 0 and 8 and `volume` 0 only, and refuse set bits 0, 5, 6 and 13 of `flag_bits`; catch BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError and struct.error around the whole reading, and answer 4xx.",
    "Name `application/zip` in `types` (not `any`) and set `mode: enforce`: the gate then takes stored and deflated entries only, on one disk, without encryption. It unpacks nothing: a deflate stream that is broken inside passes, so the service must still bear it.",
  ),
  cases: [
    packedBy("said to be packed by deflate64", 9),
    packedBy("said to be packed by implode", 6),
    packedBy("said to be packed by PPMd", 98),
    packedBy("said to be packed by an unknown method", 200),
    rare("said to be encrypted by AES", (entry) => ({
      ...entry,
      method: 99,
      says: { flags: 1, extra: aes() },
    })),
    rare("on another disk", (entry) => ({ ...entry, central: { disk: 3 } })),
    refusedZip("one of several disks", honestEntries, () => ({ end: { disk: 1 } })),
    rare("sizes left to Zip64 that is not there", (entry) => ({
      ...entry,
      central: { packedBytes: 0xffffffff, sizeBytes: 0xffffffff },
    })),
    rare("a Zip64 field that is too short", (entry) => ({
      ...entry,
      central: { sizeBytes: 0xffffffff, extra: extraField(EXTRA_ZIP64, repeated(1, 4)) },
    })),
    neutralInside("an NTFS field whose inner length is false", ZIP, {
      file: () => zipArchive([...honestEntries(), brokenTimes(deflatedEntry("rare.txt", TEXT))]),
      twin: () => zipArchive([...honestEntries(), deflatedEntry("rare.txt", TEXT)]),
      harm: () => null,
      refusal: { withinMs: 3000 },
    }),
    rare("an extra field longer than its place", (entry) => ({
      ...entry,
      says: { extra: latin1("\x0a\0\xff\x7f\0\0\0\0") },
    })),
    rare("a deflate stream with an impossible block", (entry) => ({ ...entry, packed: brokenBlock(entry) })),
    rare("a deflate stream that is cut off", (entry) => ({
      ...entry,
      packed: entry.packed?.subarray(0, 12) ?? new Uint8Array(),
    })),
    refusedZip("a name of no characters", () => [...honestEntries(), storedEntry("", "nameless\n")]),
    refusedZip("a name with a NUL in it", () => [
      ...honestEntries(),
      storedEntry("a.txt\0.exe", "two names\n"),
    ]),
  ],
};
