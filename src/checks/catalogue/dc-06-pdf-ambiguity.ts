import type { Check, Target } from "../check.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { joined, latin1, repeated } from "../payloads/bytes.ts";
import { encryptedPdf, pdfDocument, streamObject, updatedPdf } from "../payloads/pdf-document.ts";
import { refusedPdf } from "../pdf-case.ts";

const SHOWN = "BT 9 9 Td (pay 10) Tj ET";
const LATER = "BT 9 9 Td (pay 99) Tj ET";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Two objects of one number: readers that follow the table see the first, those that search see the last. */
function twoPages(): Uint8Array {
  const page = text(pdfDocument({ content: SHOWN }));
  const at = page.indexOf("xref\n0 ");
  const shadow = `4 0 obj\n${streamObject("", LATER)}\nendobj\n`;
  return latin1(
    page.slice(0, at) +
      shadow +
      page.slice(at).replace(`startxref\n${at}`, `startxref\n${at + shadow.length}`),
  );
}

/** Signed documents have revisions: a route that has thought about documents may take them. */
function saysNothing({ inspect }: Target): true | string {
  return inspect?.documents == null || "the route promises nothing about older revisions";
}

/** UPL-DC-06: documents that two readers show differently. */
export const pdfAmbiguity: Check = {
  id: "UPL-DC-06",
  title: "A PDF shows the same to everybody, or is refused",
  why: "What was checked, or signed, is one page; what the next reader shows is another.",
  standards: ["CWE-436", "CWE-451"],
  flags: ["s"],
  topic: "documents",
  remedy: pythonRemedy(
    "Write the document anew with `pikepdf` (`Pdf.open(...)`, then `save(..., linearize=True)`), which leaves out older revisions and what no table names, or store pages as pictures; refuse `is_encrypted`. Where revisions are wanted, as for signatures, say so in the route's description.",
    "Name `application/pdf` in `types: [...]` (not `any`) and set `mode: enforce`: the gate then wants `%PDF-` at byte 0 and nothing behind the last `%%EOF`. Encrypted documents and later revisions pass: they are common in honest files.",
  ),
  cases: [
    refusedPdf("encrypted", () => encryptedPdf("flowcheck")),
    refusedPdf(
      "a later revision of the page",
      () => updatedPdf(pdfDocument({ content: SHOWN }), { 4: streamObject("", LATER) }),
      { appliesTo: saysNothing },
    ),
    refusedPdf("an object twice, one of them in no table", twoPages),
    refusedPdf("a page of junk in front", () => joined(repeated(0x20, 900), "\n", pdfDocument())),
    refusedPdf("a document behind a document", () =>
      joined(pdfDocument({ content: SHOWN }), pdfDocument({ content: LATER })),
    ),
    refusedPdf("a table that names the wrong offset", () =>
      latin1(text(pdfDocument()).replace(/startxref\n\d+/, "startxref\n7")),
    ),
  ],
};
