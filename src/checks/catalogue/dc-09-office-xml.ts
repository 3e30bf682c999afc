import { leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase } from "../check.ts";
import { DOCX, fileOfType, onTopic, refusedInside, XLSX } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { officeOf } from "../office-case.ts";
import { farType, fetchingType, LAUGH, laughingType } from "../payloads/drawings.ts";
import type { OfficeParts } from "../payloads/office-files.ts";
import { deflatedEntry, storedEntry } from "../payloads/zip-archive.ts";

const NOWHERE = "http://127.0.0.1:9/flowcheck";
const SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml";

/** Texts of a workbook, with a document type in front. */
function sharedTexts(type: string, text: string): OfficeParts {
  const xml = `<?xml version="1.0"?>${type}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>${text}</t></si></sst>`;
  return {
    parts: [deflatedEntry("xl/sharedStrings.xml", xml)],
    overrides: { "/xl/sharedStrings.xml": SHARED },
    relationships: [{ type: "sharedStrings", target: "sharedStrings.xml" }],
  };
}

function hostile(name: string, mediaType: string, parts: OfficeParts): CheckCase {
  return refusedInside(name, mediaType, {
    file: () => officeOf(mediaType, parts),
    twin: () => officeOf(mediaType),
    refusal: { withinMs: 5000 },
  });
}

/** UPL-DC-09: what XML and ZIP allow, in an Office document. */
export const officeXml: Check = {
  id: "UPL-DC-09",
  title: "The XML of an Office document has no document type, and its ZIP no tricks",
  why: "Spreadsheet libraries parse XML with whatever their parser allows: one entity reads files or fills the memory.",
  standards: ["v5.0.0-1.5.1", "CWE-611", "CWE-776", "CVE-2014-3529"],
  flags: ["b", "o"],
  remedy: pythonRemedy(
    "Install `defusedxml`: `openpyxl` uses it where it is there. With `lxml` pass `XMLParser(resolve_entities=False, no_network=True)`; refuse any part that has `<!DOCTYPE` before it is parsed, whatever its encoding says.",
    "Name the Office types in `types: [...]` (not `any`) and set `mode: enforce`: the gate reads the package as strictly as any ZIP, and takes no document type in its list of content types. It does not read the other parts: those the service must read with entities off.",
  ),
  cases: onTopic("documents", [
    hostile("an entity to fetch in the list of types", DOCX, { typesProlog: fetchingType("Types", NOWHERE) }),
    hostile("entities that unfold in the list of types", DOCX, { typesProlog: laughingType("Types") }),
    hostile(
      "entities that unfold to 8 MiB in the texts of a workbook",
      XLSX,
      sharedTexts(laughingType("sst"), LAUGH),
    ),
    hostile(
      "an entity to fetch in the texts of a workbook",
      XLSX,
      sharedTexts(fetchingType("sst", NOWHERE), "&far;"),
    ),
    hostile("a part that leads upwards", DOCX, { parts: [storedEntry("../flowcheck.xml", "<a/>")] }),
    hostile("a part twice", DOCX, { parts: [storedEntry("word/document.xml", "<a/>")] }),
    hostile("a part whose name differs in case", DOCX, { parts: [storedEntry("word/DOCUMENT.xml", "<a/>")] }),
  ]),
  scenarios: leadsNowhere("an address in the XML of an Office document is asked for by nobody", [
    {
      what: "an entity in the list of types",
      mediaType: DOCX,
      fileAt: (url) => fileOfType(DOCX, officeOf(DOCX, { typesProlog: fetchingType("Types", url) })),
    },
    {
      what: "a document type in the list of types",
      mediaType: XLSX,
      fileAt: (url) => fileOfType(XLSX, officeOf(XLSX, { typesProlog: farType("Types", url) })),
    },
    {
      what: "an entity in the texts of a workbook",
      mediaType: XLSX,
      fileAt: (url) => fileOfType(XLSX, officeOf(XLSX, sharedTexts(fetchingType("sst", url), "&far;"))),
    },
  ]),
};
