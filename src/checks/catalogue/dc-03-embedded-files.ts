import type { Check, CheckCase } from "../check.ts";
import { keeps } from "../content-case.ts";
import { GATE_READS_NO_DOCUMENT, pythonRemedy } from "../framework-remedy.ts";
import { exeFile } from "../payloads/document-files.ts";
import { type PdfParts, pdfDocument, streamObject } from "../payloads/pdf-document.ts";
import { neutralPdf } from "../pdf-case.ts";

const FILE = "<< /Type /Filespec /F (setup.exe) /EF << /F 6 0 R >> >>";

function embedding(
  name: string,
  parts: PdfParts,
  inner: () => Uint8Array = () => exeFile().bytes,
): CheckCase {
  const objects = () => [FILE, streamObject("/Type /EmbeddedFile", inner())];
  return neutralPdf(
    name,
    () => pdfDocument({ ...parts, objects: objects() }),
    keeps("the file inside of it", "/EmbeddedFile"),
  );
}

const NAMED = "/Names << /EmbeddedFiles << /Names [(setup.exe) 5 0 R] >> >>";

/** UPL-DC-03: documents that carry other files. */
export const embeddedFiles: Check = {
  id: "UPL-DC-03",
  title: "Files inside of a PDF are refused, taken out, or judged like uploads of their own",
  why: "A program that the list of types refuses arrives inside of a document that it allows.",
  standards: ["CWE-434", "CWE-693"],
  flags: ["s"],
  topic: "documents",
  remedy: pythonRemedy(
    "Refuse where `pikepdf.Pdf.attachments` is not empty or an annotation is a `/FileAttachment`, or give each attachment (`attachments[name].get_file().read_bytes()`, counted) to the same checks as an upload, to a depth that you say.",
    GATE_READS_NO_DOCUMENT,
  ),
  cases: [
    embedding("in the tree of names", { catalog: NAMED }),
    embedding("as an attachment on a page", {
      page: "/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 5 0 R >>]",
    }),
    embedding("as a collection", { catalog: `${NAMED} /Collection << /View /D >>` }),
    embedding("as an associated file", { catalog: "/AF [5 0 R]" }),
    embedding("a PDF with a script", { catalog: NAMED }, () =>
      pdfDocument({ catalog: "/OpenAction << /S /JavaScript /JS (void 'flowcheck') >>" }),
    ),
  ],
};
