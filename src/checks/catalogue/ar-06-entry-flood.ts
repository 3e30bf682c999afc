import type { Check, CheckCase, Target } from "../check.ts";
import { refusedInside, ZIP } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { repeated } from "../payloads/bytes.ts";
import { entryFloodZip, FLOOD_ENTRY_BYTES } from "../payloads/entry-flood.ts";
import { storedEntry, type ZipEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestEntries, honestZip } from "../zip-case.ts";

const ENTRIES_MAX = 50_000;
const ENTRIES_MIN = 1000;
const COMMENT_BYTES = 0xffff;
const COMMENTS = 16;

/** As many as fit in what the route takes. */
function entriesFor({ file }: Target): number {
  return Math.min(ENTRIES_MAX, Math.floor((file.sizeBytesMax - 1024) / FLOOD_ENTRY_BYTES));
}

function isFlood(target: Target): true | string {
  if (target.inspect?.archives != null && target.inspect.archives.entriesMax === null)
    return "the route promises no number of entries";
  const wanted = Math.max(ENTRIES_MIN, (target.inspect?.archives?.entriesMax ?? 0) + 1);
  if (wanted > ENTRIES_MAX) return "the route takes archives of more than 50,000 entries";
  return entriesFor(target) >= wanted || `no archive of ${wanted} entries fits in what the route takes`;
}

const empty = (index: number): ZipEntry => storedEntry(`empty-${index}`, "");

function flood(name: string, areFolders: boolean): CheckCase {
  return refusedInside(name, ZIP, {
    file: (target) => entryFloodZip(entriesFor(target), areFolders),
    twin: () => entryFloodZip(3, areFolders),
    bytesMax: 0,
    appliesTo: isFlood,
    refusal: { withinMs: 5000 },
  });
}

/** UPL-AR-06: an archive of nothing, many times. */
export const entryFlood: Check = {
  id: "UPL-AR-06",
  title: "The number of entries is bounded, and counted before any is opened",
  why: "Each entry costs a file, a row or a scan, however little is in it.",
  standards: ["v5.0.0-5.2.3", "CWE-770"],
  flags: ["b"],
  topic: "archives",
  remedy: pythonRemedy(
    "Compare `len(archive.infolist())` with a limit before the first member is opened, refuse comments (`archive.comment`, `info.comment`), and bound the file's size so that the directory itself stays small: `zipfile` reads it whole.",
    "Name `application/zip` in `types` (not `any`): the gate then takes at most 10,000 entries and a directory of 16 MiB. A lower number cannot be written yet (`inspect.archives` is only a promise that `sluicegate check` tests); a small `max-size` bounds it, too.",
  ),
  cases: [
    flood("as many empty files as fit, up to 50,000", false),
    flood("as many empty folders as fit, up to 50,000", true),
    refusedInside("a mebibyte of comments", ZIP, {
      file: () =>
        zipArchive([
          ...honestEntries(),
          ...Array.from({ length: COMMENTS }, (_, index) => ({
            ...empty(index),
            comment: repeated(0x20, COMMENT_BYTES),
          })),
        ]),
      twin: honestZip,
      bytesMax: (COMMENTS + 1) * COMMENT_BYTES,
      refusal: { withinMs: 5000 },
    }),
  ],
};
