/**
 * Office documents (OOXML) of the fewest parts that programs open, and what can be put into them.
 *
 * @see ECMA-376 part 1 (parts and relationships), part 2 (packages)
 */
import { deflatedEntry, type ZipEntry, zipArchive } from "./zip-archive.ts";

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const BASE = "application/vnd.openxmlformats-officedocument";

export interface Relationship {
  /** The last word of a type of ECMA-376, such as `attachedTemplate`, or a whole address. */
  readonly type: string;
  readonly target: string;
  readonly isExternal?: boolean;
}

/** What a document has beyond the fewest parts. Left out: nothing. */
export interface OfficeParts {
  /** Content type of the main part; default: that of an ordinary document. */
  readonly mainType?: string;
  readonly parts?: readonly ZipEntry[];
  /** Content types by extension, and by part name (with its slash). */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
  /** Relationships of the main part. */
  readonly relationships?: readonly Relationship[];
  /** XML of the main part's body. */
  readonly body?: string;
  /** In front of the root of `[Content_Types].xml`. */
  readonly typesProlog?: string;
}

interface Kind {
  readonly folder: string;
  readonly main: string;
  readonly mainType: string;
  readonly text: (body: string) => string;
  readonly body: string;
}

const WORD: Kind = {
  folder: "word",
  main: "document.xml",
  mainType: `${BASE}.wordprocessingml.document.main+xml`,
  text: (body) =>
    `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="${DOCUMENT}"><w:body>${body}</w:body></w:document>`,
  body: "<w:p><w:r><w:t>A letter.</w:t></w:r></w:p>",
};

const SHEETS: Kind = {
  folder: "xl",
  main: "workbook.xml",
  mainType: `${BASE}.spreadsheetml.sheet.main+xml`,
  text: (body) =>
    `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${DOCUMENT}">${body}</workbook>`,
  body: '<sheets><sheet name="Sums" sheetId="1" r:id="rId1"/></sheets>',
};

const SLIDES: Kind = {
  folder: "ppt",
  main: "presentation.xml",
  mainType: `${BASE}.presentationml.presentation.main+xml`,
  text: (body) =>
    `<p:presentation xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="${DOCUMENT}">${body}</p:presentation>`,
  body: '<p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>',
};

export function docx(more: OfficeParts = {}): Uint8Array {
  return officeFile(WORD, more);
}

/** A workbook of one sheet; further relationships are numbered after that of the sheet. */
export function xlsx(more: OfficeParts = {}): Uint8Array {
  const sheet: Relationship = { type: "worksheet", target: "worksheets/sheet1.xml" };
  const rows = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>';
  const xml = `${XML}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">${rows}</worksheet>`;
  return officeFile(SHEETS, {
    ...more,
    parts: [deflatedEntry("xl/worksheets/sheet1.xml", xml), ...(more.parts ?? [])],
    overrides: {
      "/xl/worksheets/sheet1.xml": `${BASE}.spreadsheetml.worksheet+xml`,
      ...more.overrides,
    },
    relationships: [sheet, ...(more.relationships ?? [])],
  });
}

export function pptx(more: OfficeParts = {}): Uint8Array {
  return officeFile(SLIDES, more);
}

function officeFile(kind: Kind, more: OfficeParts): Uint8Array {
  const main = `${kind.folder}/${kind.main}`;
  const { parts = [], relationships = [] } = more;
  return zipArchive([
    deflatedEntry("[Content_Types].xml", contentTypes(kind, main, more)),
    deflatedEntry("_rels/.rels", relationshipsXml([{ type: "officeDocument", target: main }])),
    deflatedEntry(main, XML + kind.text(more.body ?? kind.body)),
    ...(relationships.length === 0
      ? []
      : [deflatedEntry(`${kind.folder}/_rels/${kind.main}.rels`, relationshipsXml(relationships))]),
    ...parts,
  ]);
}

function contentTypes(kind: Kind, main: string, more: OfficeParts): string {
  const rels = "application/vnd.openxmlformats-package.relationships+xml";
  const defaults = { rels, xml: "application/xml", ...more.defaults };
  const overrides = { [`/${main}`]: more.mainType ?? kind.mainType, ...more.overrides };
  const lines = [
    ...Object.entries(defaults).map(
      ([extension, type]) => `<Default Extension="${extension}" ContentType="${type}"/>`,
    ),
    ...Object.entries(overrides).map(
      ([part, type]) => `<Override PartName="${part}" ContentType="${type}"/>`,
    ),
  ];
  return `${XML}${more.typesProlog ?? ""}<Types xmlns="${PACKAGE}/content-types">${lines.join("")}</Types>`;
}

function relationshipsXml(relationships: readonly Relationship[]): string {
  const lines = relationships.map(({ type, target, isExternal }, index) => {
    const mode = isExternal === true ? ' TargetMode="External"' : "";
    const whole = type.includes(":") ? type : `${DOCUMENT}/${type}`;
    return `<Relationship Id="rId${index + 1}" Type="${whole}" Target="${target}"${mode}/>`;
  });
  return `${XML}<Relationships xmlns="${PACKAGE}/relationships">${lines.join("")}</Relationships>`;
}
