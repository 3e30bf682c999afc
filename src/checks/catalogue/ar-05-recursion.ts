import { gzipSync } from "node:zlib";
import type { Check, Target } from "../check.ts";
import { DOCX, GZIP, refusedInside, ZIP } from "../content-case.ts";
import { GATE_UNPACKS_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { utf8 } from "../payloads/bytes.ts";
import { docx } from "../payloads/office-files.ts";
import { storedEntry, zipArchive } from "../payloads/zip-archive.ts";
import { honestZip } from "../zip-case.ts";

const DEPTH = 12;
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));

function saysDepth({ inspect }: Target): true | string {
  return inspect?.archives == null || inspect.archives.depthMax !== null || "the route promises no depth";
}

/** One level more than is promised, and twelve at least. */
function depthFor({ inspect }: Target): number {
  return Math.max(DEPTH, (inspect?.archives?.depthMax ?? 0) + 1);
}

const quick = { refusal: { withinMs: 3000 }, appliesTo: saysDepth };

function wrapped(times: number, innermost: Uint8Array, wrap: (inner: Uint8Array) => Uint8Array): Uint8Array {
  let bytes = innermost;
  for (let level = 1; level < times; level += 1) bytes = wrap(bytes);
  return bytes;
}

const zipOf = (inner: Uint8Array) => zipArchive([storedEntry("inner.zip", inner)]);

/** UPL-AR-05: archives in archives. */
export const recursion: Check = {
  id: "UPL-AR-05",
  title: "Archives in archives are looked into to a depth that is said, and refused beyond it",
  why: "A scanner that gives up at some depth says nothing about what lies deeper, and one that never gives up does not come back.",
  standards: ["v5.0.0-5.2.3", "CWE-674", "CWE-776"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Pass the depth and the remaining budget of bytes down with each archive that is opened, and refuse at a depth of 3 or so: by the member's first bytes (`PK\\x03\\x04`, `\\x1f\\x8b`), not by its name.",
    GATE_UNPACKS_NOTHING,
  ),
  cases: [
    refusedInside("twelve ZIPs in one another", ZIP, {
      file: (target) => wrapped(depthFor(target), honestZip(), zipOf),
      twin: honestZip,
      ...quick,
    }),
    refusedInside("gzip of gzip, twelve times", GZIP, {
      file: (target) => wrapped(depthFor(target), gzip(utf8("Nothing here.\n")), gzip),
      twin: () => gzip(utf8("Nothing here.\n")),
      ...quick,
    }),
    refusedInside("twelve ZIPs in a Word document", DOCX, {
      file: (target) =>
        docx({
          parts: [
            storedEntry("word/embeddings/inner.zip", wrapped(depthFor(target) - 1, honestZip(), zipOf)),
          ],
          defaults: { zip: "application/zip" },
        }),
      twin: () => docx(),
      ...quick,
    }),
  ],
};
