/**
 * Documents with macros, in every form that Office has had. The macros are empty: names and places are right, and nothing is in them.
 */
import { joined, latin1, utf8 } from "./bytes.ts";
import { type CompoundEntry, compoundFile } from "./compound-file.ts";
import type { OfficeParts } from "./office-files.ts";
import { storedEntry, zipArchive } from "./zip-archive.ts";

const MACRO_TYPE = "application/vnd.ms-office.vbaProject";
const MACRO_RELATION = "http://schemas.microsoft.com/office/2006/relationships/vbaProject";
const ODF = "urn:oasis:names:tc:opendocument:xmlns";

/** `VBA/dir`, a module and `PROJECT`, as they lie in every macro project. */
function project(): readonly CompoundEntry[] {
  const module = latin1('Attribute VB_Name = "Module1"\r\nSub AutoOpen()\r\nEnd Sub\r\n');
  return [
    {
      name: "VBA",
      inside: [
        { name: "dir", content: latin1("\x01") },
        { name: "Module1", content: module },
      ],
    },
    { name: "PROJECT", content: utf8('ID="{00000000-0000-0000-0000-000000000000}"\r\nModule=Module1\r\n') },
  ];
}

/** Parts of a document whose macros lie in a part of this name. */
export function macroParts(folder: string, part: string): OfficeParts {
  return {
    parts: [storedEntry(`${folder}/${part}`, compoundFile(project()))],
    overrides: { [`/${folder}/${part}`]: MACRO_TYPE },
    relationships: [{ type: MACRO_RELATION, target: part }],
  };
}

/** A document of Word before 2007. */
export function oldWord(): Uint8Array {
  return compoundFile([
    { name: "WordDocument", content: latin1("\xec\xa5\xc1\0") },
    { name: "1Table", content: new Uint8Array(64) },
    { name: "Macros", inside: project() },
  ]);
}

/** A workbook of Excel before 2007, whose one sheet is of macros (BOUNDSHEET type 1). @see [MS-XLS] section 2.4.28 */
export function oldExcel(): Uint8Array {
  const begin = latin1("\x09\x08\x10\0\0\x06\x05\0\x54\x38\xcd\x07\xc1\xc0\x01\0\x06\x07\0\0");
  const sheet = latin1("\x85\0\x0e\0\x80\0\0\0\0\x01\x06\0Macro1");
  return compoundFile([{ name: "Workbook", content: joined(begin, sheet, latin1("\x0a\0\0\0")) }]);
}

/** A letter with an object of another program, which is a shortcut without a target. */
export function richText(): Uint8Array {
  const object = Buffer.from(compoundFile([{ name: "\u0001Ole10Native", content: latin1("\0\0\0\0") }]));
  return utf8(
    `{\\rtf1\\ansi A letter.{\\object\\objemb\\objupdate{\\*\\objclass Package}{\\*\\objdata ${object.toString("hex")}}}}\n`,
  );
}

export function plainRichText(): Uint8Array {
  return utf8("{\\rtf1\\ansi A letter.}\n");
}

/** An OpenDocument text; with macros, a module of Basic that runs when it is opened. */
export function openDocument(hasMacros: boolean): Uint8Array {
  const type = "application/vnd.oasis.opendocument.text";
  const files = ["content.xml", ...(hasMacros ? ["Basic/Standard/Module1.xml", "Basic/script-lc.xml"] : [])];
  const entries = files.map(
    (name) => `<manifest:file-entry manifest:full-path="${name}" manifest:media-type="text/xml"/>`,
  );
  const manifest =
    `<manifest:manifest xmlns:manifest="${ODF}:manifest:1.0" manifest:version="1.2">` +
    `<manifest:file-entry manifest:full-path="/" manifest:media-type="${type}"/>${entries.join("")}</manifest:manifest>`;
  const module =
    '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">Sub Main\nEnd Sub</script:module>';
  return zipArchive([
    storedEntry("mimetype", type),
    storedEntry("content.xml", content(hasMacros)),
    ...(hasMacros
      ? [
          storedEntry("Basic/Standard/Module1.xml", module),
          storedEntry("Basic/script-lc.xml", "<libraries/>"),
        ]
      : []),
    storedEntry("META-INF/manifest.xml", manifest),
  ]);
}

function content(hasMacros: boolean): string {
  const listener =
    '<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script" script:event-name="dom:load" xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/></office:event-listeners></office:scripts>';
  return (
    `<office:document-content xmlns:office="${ODF}:office:1.0" xmlns:text="${ODF}:text:1.0" xmlns:script="${ODF}:script:1.0"` +
    ` xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">${hasMacros ? listener : ""}` +
    "<office:body><office:text><text:p>A letter.</text:p></office:text></office:body></office:document-content>"
  );
}

/** An OpenDocument text as one XML file, with a module of Basic in it. */
export function flatOpenDocument(): Uint8Array {
  return utf8(
    `<?xml version="1.0" encoding="UTF-8"?>\n<office:document xmlns:office="${ODF}:office:1.0" xmlns:ooo="http://openoffice.org/2004/office"` +
      ' office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text"><office:scripts><office:script' +
      ' script:language="ooo:Basic" xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0"><ooo:libraries>' +
      '<ooo:library-embedded ooo:name="Standard"><ooo:module ooo:name="Module1"><ooo:source-code>Sub Main\nEnd Sub</ooo:source-code>' +
      "</ooo:module></ooo:library-embedded></ooo:libraries></office:script></office:scripts></office:document>\n",
  );
}
