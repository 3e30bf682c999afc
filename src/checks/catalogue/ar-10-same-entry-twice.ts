import type { Check, CheckCase } from "../check.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { storedEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestEntries, refusedZip } from "../zip-case.ts";

/** Two entries that fall together; the twin's second one has a name of its own. */
function twice(name: string, first: string, second: string): CheckCase {
  const entries = (as: string) => [
    ...honestEntries(),
    storedEntry(first, "the first\n"),
    storedEntry(as, as.endsWith("/") ? "" : "the second\n"),
  ];
  return refusedZip(name, () => entries(second), undefined, {
    twin: () => zipArchive(entries("another.txt")),
  });
}

/** UPL-AR-10: two entries with one name, or with names that become one. */
export const sameEntryTwice: Check = {
  id: "UPL-AR-10",
  title: "No two entries of an archive have the same name",
  why: "The scanner looks at the first and the program takes the last, or the other way round.",
  standards: ["v5.0.0-1.5.3", "CWE-436", "CWE-178"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    'Collect `unicodedata.normalize("NFC", name).casefold()` of all names (after taking off a trailing `/`) in a set, and refuse the archive at the first that is there already. `zipfile` takes duplicates without a word and opens the last one.',
    GATE_READS_ZIP,
  ),
  cases: [
    twice("the same name twice", "report.txt", "report.txt"),
    twice("names that differ in case", "report.txt", "REPORT.txt"),
    twice("names that differ in their separator", "a/report.txt", "a\\report.txt"),
    twice("a name with ./ in front", "report.txt", "./report.txt"),
    twice("a name with an empty folder", "a/report.txt", "a//report.txt"),
    twice("a file and a folder of one name", "report.txt", "report.txt/"),
    twice("names that are one in Unicode's composed form", "caf\u00e9.txt", "cafe\u0301.txt"),
    twice("a file that is another's folder", "report", "report/one.txt"),
  ],
};
