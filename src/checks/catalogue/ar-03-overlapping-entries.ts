import type { Check } from "../check.ts";
import { refusedInside, ZIP } from "../content-case.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { quotedOverlapZip, sharedKernelZip } from "../payloads/overlapping-zip.ts";
import { honestZip } from "../zip-case.ts";

const quick = { withinMs: 3000 };

/** UPL-AR-03: entries that lie over one another, so that 10 KiB unpack to 16 MiB without any nesting. */
export const overlappingEntries: Check = {
  id: "UPL-AR-03",
  title: "No two entries of an archive share bytes",
  why: "The same few bytes count for every entry, and an archive of 42 kB unpacks to gigabytes although no ratio looks odd.",
  standards: ["v5.0.0-5.2.3", "CWE-409", "CVE-2024-0450"],
  flags: ["b"],
  topic: "archives",
  remedy: pythonRemedy(
    "Use a CPython with the fix of CVE-2024-0450 (3.12.2, 3.11.8, 3.10.14, 3.9.19, 3.8.19 or newer: `zipfile` then raises BadZipFile for overlapping entries), and sum up `info.file_size` of all members before the first is opened.",
    GATE_READS_ZIP,
  ),
  cases: [
    refusedInside("sixteen entries that are one", ZIP, {
      file: sharedKernelZip,
      twin: honestZip,
      refusal: quick,
    }),
    refusedInside("sixteen entries, each inside the one before", ZIP, {
      file: quotedOverlapZip,
      twin: honestZip,
      refusal: quick,
    }),
  ],
};
