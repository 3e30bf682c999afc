import { type LeadingFile, leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase } from "../check.ts";
import { fileOfType, keeps, onTopic, PDF } from "../content-case.ts";
import { GATE_READS_NO_DOCUMENT, pythonRemedy } from "../framework-remedy.ts";
import { pdfDocument, streamObject } from "../payloads/pdf-document.ts";
import { neutralPdf } from "../pdf-case.ts";

const NOWHERE = "http://127.0.0.1:9/flowcheck";

function acting(name: string, kind: string, action: string): CheckCase {
  return neutralPdf(
    name,
    () => pdfDocument({ catalog: `/OpenAction << /S /${kind} ${action} >>` }),
    keeps(`the action ${kind}`, `/${kind}`),
  );
}

function leading(what: string, file: (url: string) => Uint8Array): LeadingFile {
  return { what, mediaType: PDF, fileAt: (url) => fileOfType(PDF, file(url)) };
}

const opening = (action: string) => pdfDocument({ catalog: `/OpenAction << ${action} >>` });

/** UPL-DC-02: documents that start something or fetch something. */
export const pdfActions: Check = {
  id: "UPL-DC-02",
  title: "A PDF neither starts programs nor asks for addresses",
  why: "A document that is opened can call another host, and tell it who opened it, with a password hash on Windows.",
  standards: ["CWE-918", "CWE-200", "CVE-2018-4993"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    "Walk over all objects with `pikepdf` and refuse actions whose `/S` is `/Launch`, `/SubmitForm`, `/ImportData`, `/GoToR`, `/GoToE`, `/Rendition` or `/RichMedia`, and file specifications with `/FS /URL` or `/F` that begins with `\\\\`. Make previews in a process without network.",
    GATE_READS_NO_DOCUMENT,
  ),
  cases: onTopic("documents", [
    acting("that starts a program", "Launch", "/F (flowcheck) /Win << /F (flowcheck) >>"),
    acting(
      "that opens a file on another host",
      "GoToR",
      "/F (\\\\\\\\127.0.0.1\\\\flowcheck\\\\a.pdf) /D [0 /Fit]",
    ),
    acting("that opens a file within another", "GoToE", `/F << /FS /URL /F (${NOWHERE}) >> /D [0 /Fit]`),
    acting("that sends a form", "SubmitForm", `/F << /FS /URL /F (${NOWHERE}) >>`),
    acting("that reads data in", "ImportData", `/F << /FS /URL /F (${NOWHERE}) >>`),
    acting("that asks for an address when it is opened", "URI", `/URI (${NOWHERE})`),
  ]),
  scenarios: leadsNowhere("an address in a PDF is asked for by nobody", [
    leading("an address to open", (url) => opening(`/S /URI /URI (${url})`)),
    leading("a form to send", (url) => opening(`/S /SubmitForm /F << /FS /URL /F (${url}) >>`)),
    leading("data to import", (url) => opening(`/S /ImportData /F << /FS /URL /F (${url}) >>`)),
    leading("another document", (url) => opening(`/S /GoToR /F << /FS /URL /F (${url}) >> /D [0 /Fit]`)),
    leading("a stream that lies elsewhere", (url) =>
      pdfDocument({
        resources: "<< /XObject << /Far 5 0 R >> >>",
        objects: [
          streamObject(`/Type /XObject /Subtype /Image /Width 1 /Height 1 /F << /FS /URL /F (${url}) >>`, ""),
        ],
      }),
    ),
  ]),
};
