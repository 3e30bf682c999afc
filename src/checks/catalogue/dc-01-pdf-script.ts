import type { Check, CheckCase } from "../check.ts";
import { keeps } from "../content-case.ts";
import { GATE_READS_NO_DOCUMENT, pythonRemedy } from "../framework-remedy.ts";
import {
  flateStream,
  objectStreamPdf,
  type PdfParts,
  pdfDocument,
  updatedPdf,
} from "../payloads/pdf-document.ts";
import { neutralPdf } from "../pdf-case.ts";

const ACTION = "<< /S /JavaScript /JS (void 'flowcheck') >>";
const HIDDEN = "<< /S /J#61vaScript /J#53 (void 'flowcheck') >>";

function scripted(name: string, parts: PdfParts): CheckCase {
  return made(name, () => pdfDocument(parts));
}

function made(name: string, file: () => Uint8Array): CheckCase {
  return neutralPdf(name, file, keeps("its script", "/JavaScript", "/JS", "J#61vaScript"));
}

/** UPL-DC-01: documents that run a script when they are opened. */
export const pdfScript: Check = {
  id: "UPL-DC-01",
  title: "A PDF is stored without scripts, or refused",
  why: "A script in a document runs in whoever opens it, and the reader's flaws are reached through it.",
  standards: ["CWE-94", "CWE-434"],
  flags: ["s"],
  topic: "documents",
  remedy: pythonRemedy(
    "Open it with `pikepdf` in a process with limits and walk over all objects (`pdf.objects`), so that compressed and renamed keys are read as what they are; refuse where a dictionary has `/JS`, `/JavaScript`, `/OpenAction` or `/AA` with an action, or `/S /JavaScript`. A search through the raw bytes misses object streams and `#`-escaped names.",
    GATE_READS_NO_DOCUMENT,
  ),
  cases: [
    scripted("when it is opened", { catalog: `/OpenAction ${ACTION}` }),
    scripted("when it is opened, by reference", { catalog: "/OpenAction 5 0 R", objects: [ACTION] }),
    scripted("when it is closed", { catalog: `/AA << /WC ${ACTION} >>` }),
    scripted("when a page is shown", { page: `/AA << /O ${ACTION} >>` }),
    scripted("in the tree of names", { catalog: `/Names << /JavaScript << /Names [(a) ${ACTION}] >> >>` }),
    scripted("with names written in hexadecimal", { catalog: `/OpenAction ${HIDDEN}` }),
    scripted("in a stream of its own, deflated", {
      catalog: "/OpenAction << /S /JavaScript /JS 5 0 R >>",
      objects: [flateStream("", "void 'flowcheck'")],
    }),
    scripted("on a link", {
      page: `/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A ${ACTION} >>]`,
    }),
    scripted("in a field of a form", {
      catalog: `/AcroForm << /Fields [<< /FT /Tx /T (a) /AA << /K ${ACTION} >> >>] >>`,
    }),
    scripted("behind another action", {
      catalog: `/OpenAction << /S /URI /URI (about:blank) /Next ${ACTION} >>`,
    }),
    made("in a compressed object", () => objectStreamPdf("/OpenAction 5 0 R", [ACTION])),
    made("in a later revision", () =>
      updatedPdf(pdfDocument(), { 1: `<< /Type /Catalog /Pages 2 0 R /OpenAction ${ACTION} >>` }),
    ),
  ],
};
