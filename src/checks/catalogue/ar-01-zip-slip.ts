import type { Check, CheckCase } from "../check.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { storedEntry, zipArchive } from "../payloads/zip-archive.ts";
import { canaryName, honestEntries, refusedTar, refusedZip } from "../zip-case.ts";

/** One entry whose name leads elsewhere; the twin's entry has the same name without the way there. */
function leadingTo(name: string, way: (canary: string) => string): CheckCase {
  return refusedZip(
    name,
    (target) => [...honestEntries(), storedEntry(way(canaryName(target)), "canary")],
    undefined,
    { twin: (target) => zipArchive([...honestEntries(), storedEntry(canaryName(target), "canary")]) },
  );
}

/** UPL-AR-01: entries whose names are ways out of the folder that the archive is unpacked in. */
export const zipSlip: Check = {
  id: "UPL-AR-01",
  title: "No entry of an archive leads out of it",
  why: "Whoever joins a folder and an entry's name writes where the sender of the archive says.",
  standards: ["v5.0.0-5.3.3", "CWE-22", "CVE-2018-1002204", "CVE-2026-53486"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    'Refuse an archive in which any name has `..` as a part, starts with `/` or a drive, or has a backslash; never join such a name to a folder: write each member under a name of your own. Unpack tar with `tarfile`\'s `filter="data"`, on a Python that has the fix of CVE-2025-4517.',
    GATE_READS_ZIP,
  ),
  cases: [
    leadingTo("up one folder", (canary) => `../${canary}`),
    leadingTo("up eight folders", (canary) => `${"../".repeat(8)}tmp/${canary}`),
    leadingTo("up by way of a folder", (canary) => `notes/../../${canary}`),
    leadingTo("up with backslashes", (canary) => `..\\${canary}`),
    leadingTo("to an absolute path", (canary) => `/tmp/${canary}`),
    leadingTo("to a drive", (canary) => `C:\\${canary}`),
    leadingTo("to another host", (canary) => `\\\\host\\share\\${canary}`),
    refusedTar("up one folder, in a tar", (target) => [
      { name: `../${canaryName(target)}`, content: "canary" },
    ]),
    refusedTar("to an absolute path, in a tar", (target) => [
      { name: `/tmp/${canaryName(target)}`, content: "canary" },
    ]),
  ],
};
