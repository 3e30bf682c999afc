import type { Check } from "../check.ts";
import { ZIP } from "../content-case.ts";
import { GATE_SCANS_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { heldBack } from "../malware-case.ts";
import { crcOfZeros, deflatedZeros } from "../payloads/packed-bytes.ts";
import { noVirus, testVirus } from "../payloads/test-virus.ts";
import { storedEntry, type ZipEntry, zipArchive } from "../payloads/zip-archive.ts";

const MIB = 1024 * 1024;
/** More than the 10 and 25 MiB that scanners are commonly set to. */
const BEFORE_BYTES = 48 * MIB;
const BEFORE_ENTRIES = 12;
const EMPTY_ENTRIES = 800;

/** Zeros in several files, so that no single one is beyond a limit of its own. */
function zeros(): readonly ZipEntry[] {
  const sizeBytes = BEFORE_BYTES / BEFORE_ENTRIES;
  const packed = deflatedZeros(sizeBytes);
  const says = { crc: crcOfZeros(sizeBytes), sizeBytes };
  return Array.from({ length: BEFORE_ENTRIES }, (_, index) => ({
    name: `scan-${index + 1}.bin`,
    content: new Uint8Array(),
    packed,
    method: 8,
    says,
  }));
}

const many = () =>
  Array.from({ length: EMPTY_ENTRIES }, (_, index) => storedEntry(`page-${index + 1}.txt`, "."));

/** UPL-CT-03: the test file where a scanner has stopped looking. */
export const pastTheWindow: Check = {
  id: "UPL-CT-03",
  title: "What a scanner did not look at is not called clean",
  why: "Each scanner stops at some size, number or depth, and with its defaults says of the rest that it is clean.",
  standards: ["v5.0.0-16.5.3", "CWE-636"],
  flags: ["b"],
  topic: "malware",
  remedy: pythonRemedy(
    "Set `AlertExceedsMax yes` in clamd.conf, `StreamMaxLength`, `MaxScanSize` and `MaxFileSize` above the largest upload, and take `Heuristics.Limits.Exceeded` and `INSTREAM size limit exceeded` for: not scanned, so refused or held back.",
    GATE_SCANS_NOTHING,
  ),
  cases: [
    heldBack(
      "behind 48 MiB of other files in a ZIP",
      ZIP,
      () => zipArchive([...zeros(), storedEntry("note.com", testVirus())]),
      () => zipArchive([storedEntry("note.com", noVirus())]),
      undefined,
      { bytesMax: 80 * 1024 },
    ),
    heldBack(
      "behind 800 other files in a ZIP",
      ZIP,
      () => zipArchive([...many(), storedEntry("note.com", testVirus())]),
      () => zipArchive([...many(), storedEntry("note.com", noVirus())]),
      undefined,
      { bytesMax: 96 * 1024 },
    ),
  ],
};
