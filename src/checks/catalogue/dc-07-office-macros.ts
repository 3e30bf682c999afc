import type { Check, CheckCase, SampleFile } from "../check.ts";
import { DOCX, keeps, neutralInside, onTopic, PPTX, XLSX } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { neutralOffice, officeOf } from "../office-case.ts";
import { utf8 } from "../payloads/bytes.ts";
import {
  flatOpenDocument,
  macroParts,
  oldExcel,
  oldWord,
  openDocument,
  plainRichText,
  richText,
} from "../payloads/macro-files.ts";
import { deflatedEntry } from "../payloads/zip-archive.ts";
import { refusesActive } from "../pdf-case.ts";
import { refusedFile, takesNot } from "../type-case.ts";

const MACROS = "its macros";
const MAIN = (program: string, what: string) => `application/vnd.ms-${program}.${what}.macroEnabled.main+xml`;
const WORD = MAIN("word", "document");
const EXCEL = MAIN("excel", "sheet");
const SLIDES = MAIN("powerpoint", "presentation");

/** A sheet of Excel 4 macros, as xlsx keeps it. */
const macroSheet = {
  parts: [
    deflatedEntry(
      "xl/macrosheets/sheet1.xml",
      '<xm:macrosheet xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"/>',
    ),
  ],
  overrides: { "/xl/macrosheets/sheet1.xml": "application/vnd.ms-excel.macrosheet+xml" },
  relationships: [
    {
      type: "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet",
      target: "macrosheets/sheet1.xml",
    },
  ],
};

const macroDocument = () => officeOf(DOCX, { ...macroParts("word", "vbaProject.bin"), mainType: WORD });

/** Honest names of formats with macros: where the route does not name the type, it is refused as that. */
const OTHER_FORMATS: readonly SampleFile[] = [
  {
    name: "letter.docm",
    mediaType: "application/vnd.ms-word.document.macroEnabled.12",
    bytes: macroDocument(),
  },
  {
    name: "sums.xlsm",
    mediaType: "application/vnd.ms-excel.sheet.macroEnabled.12",
    bytes: officeOf(XLSX, { ...macroParts("xl", "vbaProject.bin"), mainType: EXCEL }),
  },
  {
    name: "slides.pptm",
    mediaType: "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    bytes: officeOf(PPTX, { ...macroParts("ppt", "vbaProject.bin"), mainType: SLIDES }),
  },
  { name: "letter.doc", mediaType: "application/msword", bytes: oldWord() },
  { name: "sums.xls", mediaType: "application/vnd.ms-excel", bytes: oldExcel() },
  { name: "letter.rtf", mediaType: "application/rtf", bytes: richText() },
  { name: "letter.odt", mediaType: "application/vnd.oasis.opendocument.text", bytes: openDocument(true) },
  {
    name: "letter.fodt",
    mediaType: "application/vnd.oasis.opendocument.text-flat-xml",
    bytes: flatOpenDocument(),
  },
  {
    name: "sums.slk",
    mediaType: "application/x-sylk",
    bytes: utf8("ID;P\r\nO;E\r\nNN;NAuto_open;ER1C1\r\nE\r\n"),
  },
];

function sibling(
  name: string,
  mediaType: string,
  file: () => Uint8Array,
  twin: () => Uint8Array,
  mark: string,
): CheckCase {
  return neutralInside(name, mediaType, { file, twin, harm: keeps(MACROS, mark), appliesTo: refusesActive });
}

/** UPL-DC-07: macros, in documents that are named so and in those that are not. */
export const officeMacros: Check = {
  id: "UPL-DC-07",
  title: "No Office document gets through with macros in it",
  why: "A macro is a program that runs when the document is opened, and every older or neighbouring format has its own way to hold one.",
  standards: ["CWE-434", "WSTG-BUSL-09"],
  flags: ["s"],
  remedy: pythonRemedy(
    "Allow `.docx`, `.xlsx` and `.pptx` only, and read `[Content_Types].xml` and every `.rels` with `defusedxml`: refuse any content or relationship type that has `macroEnabled`, `vbaProject` or `macrosheet` in it, whatever the part is called. Refuse OLE2 (D0 CF 11 E0) and RTF; `oletools` finds macros where they must be taken. What you cannot read is not clean.",
    "Name the Office types in `types: [...]` (not `any`) and set `mode: enforce`: the gate goes by the content types of the package and refuses macros under any name. It refuses the older formats, RTF and ODF by their bytes.",
  ),
  cases: [
    ...onTopic(
      "types",
      OTHER_FORMATS.map((file) =>
        refusedFile(file.name, () => file, { appliesTo: takesNot(file.mediaType) }),
      ),
    ),
    ...onTopic("documents", [
      neutralOffice(
        "a Word document with macros, named .docx",
        DOCX,
        { ...macroParts("word", "vbaProject.bin"), mainType: WORD },
        MACROS,
        "vbaProject",
      ),
      neutralOffice(
        "macros in a document of the ordinary type",
        DOCX,
        macroParts("word", "vbaProject.bin"),
        MACROS,
        "vbaProject",
      ),
      neutralOffice(
        "macros in a part with another name",
        DOCX,
        macroParts("word", "media/data.dat"),
        MACROS,
        "data.dat",
      ),
      neutralOffice(
        "a workbook with macros, named .xlsx",
        XLSX,
        { ...macroParts("xl", "vbaProject.bin"), mainType: EXCEL },
        MACROS,
        "vbaProject",
      ),
      neutralOffice("a workbook with a sheet of Excel 4 macros", XLSX, macroSheet, MACROS, "macrosheets"),
      neutralOffice(
        "slides with macros, named .pptx",
        PPTX,
        { ...macroParts("ppt", "vbaProject.bin"), mainType: SLIDES },
        MACROS,
        "vbaProject",
      ),
      sibling("an older document named .docx", DOCX, oldWord, () => officeOf(DOCX), "WordDocument"),
      sibling(
        "an OpenDocument text with Basic",
        "application/vnd.oasis.opendocument.text",
        () => openDocument(true),
        () => openDocument(false),
        "Basic/",
      ),
      sibling("a letter (RTF) with a package in it", "application/rtf", richText, plainRichText, "\\objdata"),
    ]),
  ],
};
