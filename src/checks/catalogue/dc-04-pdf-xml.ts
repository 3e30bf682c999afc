import { type LeadingFile, leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase } from "../check.ts";
import { fileOfType, keeps, onTopic, PDF } from "../content-case.ts";
import { GATE_READS_NO_DOCUMENT, pythonRemedy } from "../framework-remedy.ts";
import { farType, fetchingType, LAUGH, laughingType } from "../payloads/drawings.ts";
import { flateStream, pdfDocument, streamObject } from "../payloads/pdf-document.ts";
import { neutralPdf } from "../pdf-case.ts";

const XFA = "http://www.xfa.org/schema/xdp/1.0/";
const FORM = "/AcroForm << /Fields [] /XFA 5 0 R >>";
const NOWHERE = "http://127.0.0.1:9/flowcheck";

/** A form as XML, with a document type in front. */
const form = (type: string, inside: string) => `${type}<xdp:xdp xmlns:xdp="${XFA}">${inside}</xdp:xdp>`;
const withForm = (xml: string) => pdfDocument({ catalog: FORM, objects: [streamObject("", xml)] });
const withPackedForm = (xml: string) => pdfDocument({ catalog: FORM, objects: [flateStream("", xml)] });
const withDescription = (xml: string) =>
  pdfDocument({ catalog: "/Metadata 5 0 R", objects: [streamObject("/Type /Metadata /Subtype /XML", xml)] });

function hostile(name: string, file: () => Uint8Array): CheckCase {
  const harm = keeps("the document type in its XML", "<!DOCTYPE");
  return neutralPdf(name, file, harm, { refusal: { withinMs: 5000 } });
}

function leading(what: string, file: (url: string) => Uint8Array): LeadingFile {
  return { what, mediaType: PDF, fileAt: (url) => fileOfType(PDF, file(url)) };
}

/** UPL-DC-04: XML inside of PDF. */
export const pdfXml: Check = {
  id: "UPL-DC-04",
  title: "XML inside of a PDF fetches nothing and unfolds to nothing",
  why: "Whoever reads a form or a description out of a PDF parses XML, and few think of entities there.",
  standards: ["v5.0.0-1.5.1", "CWE-611", "CVE-2025-66516", "CVE-2025-54988"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    "Refuse a PDF whose `/AcroForm` has `/XFA`, and parse what you take out of a PDF with `defusedxml` (`forbid_dtd=True`). Apache Tika needs 3.2.2 or newer, its core too (CVE-2025-66516).",
    GATE_READS_NO_DOCUMENT,
  ),
  cases: onTopic("documents", [
    hostile("a form with an entity to fetch", () =>
      withForm(form(fetchingType("xdp:xdp", NOWHERE), "&far;")),
    ),
    hostile("a form with entities that unfold to 8 MiB", () =>
      withForm(form(laughingType("xdp:xdp"), LAUGH)),
    ),
    hostile("a deflated form with an entity to fetch", () =>
      withPackedForm(form(fetchingType("xdp:xdp", NOWHERE), "&far;")),
    ),
    hostile("a description with an entity to fetch", () =>
      withDescription(form(fetchingType("xdp:xdp", NOWHERE), "&far;")),
    ),
  ]),
  scenarios: leadsNowhere("an address in a PDF's XML is asked for by nobody", [
    leading("an entity in a form", (url) => withForm(form(fetchingType("xdp:xdp", url), "&far;"))),
    leading("the document type of a form", (url) => withForm(form(farType("xdp:xdp", url), ""))),
    leading("an entity in a deflated form", (url) =>
      withPackedForm(form(fetchingType("xdp:xdp", url), "&far;")),
    ),
    leading("an entity in a description", (url) =>
      withDescription(form(fetchingType("xdp:xdp", url), "&far;")),
    ),
  ]),
};
