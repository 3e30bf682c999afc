/**
 * OOXML: which office document a ZIP archive is, by the content type of its main part (ECMA-376 part 2).
 *
 * In: an archive whose structure holds. Out: what it is, or `null` for a plain archive. One member, `[Content_Types].xml`, is
 * inflated, with a hard cap on both sides. Names of parts and extensions decide nothing: macros under another name are found by
 * their content type. The parts themselves are not read.
 */
import { crc32, inflateRawSync } from "node:zlib";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { type ContentTypes, readContentTypes } from "./content-types.ts";
import type { ZipArchive } from "./zip.ts";
import type { ZipEntry } from "./zip-entry.ts";

const COMPRESSED_BYTES_MAX = 128 * 1024;
const XML_BYTES_MAX = 2 * 1024 * 1024;
const BASE = "application/vnd.openxmlformats-officedocument";

/** Content type of the main part → media type of the file. */
const MAIN_PARTS: ReadonlyMap<string, string> = new Map([
  [`${BASE}.wordprocessingml.document.main+xml`, `${BASE}.wordprocessingml.document`],
  [`${BASE}.spreadsheetml.sheet.main+xml`, `${BASE}.spreadsheetml.sheet`],
  [`${BASE}.presentationml.presentation.main+xml`, `${BASE}.presentationml.presentation`],
]);
/** Main parts of what the gate does not verify: templates, slide shows, add-ins, anything with macros. */
const OTHER_MAIN_PART = /(template|slideshow|addin|macroenabled|binary)[.\w]*\.main(\+xml)?$/;
const MACRO_TYPE = /macroenabled|vbaproject|vnd\.ms-office\.vba|vnd\.ms-word\.vba|macrosheet/;
const MACRO_PART = /(^|\/)(vbaproject\.bin|vbadata\.xml|vbaprojectsignature\w*\.bin)$/i;

/** What an office package is. `mediaType` is `null` for one that the gate cannot verify; `label` says what in words. */
export interface OfficePackage {
  readonly mediaType: string | null;
  readonly hasMacros: boolean;
  readonly label: string;
}

/**
 * @returns `null` where the archive has no `[Content_Types].xml`: a plain archive.
 * @throws FILE_STRUCTURE_INVALID, FILE_TOO_COMPLEX where that member cannot be read
 */
export async function identifyOoxml(reader: ByteReader, archive: ZipArchive): Promise<OfficePackage | null> {
  const entry = archive.entries.find(({ name }) => name.toLowerCase() === "[content_types].xml");
  if (entry === undefined) return null;
  const types = readContentTypes(await readMember(reader, entry, archive.dataOffsets[entry.index] ?? 0));
  if (types === null) throw damaged(entry, "a readable list of content types", "something else");
  return describe(types, archive.entries);
}

function describe(types: ContentTypes, entries: readonly ZipEntry[]): OfficePackage {
  const all = new Set([...types.byPart.values(), ...types.byExtension.values()]);
  const hasMacros =
    [...all].some((type) => MACRO_TYPE.test(type)) || entries.some(({ name }) => MACRO_PART.test(name));
  const mains = [...all].filter((type) => MAIN_PARTS.has(type));
  const isOther = [...all].some((type) => OTHER_MAIN_PART.test(type));
  const [main] = mains;
  if (main === undefined || mains.length > 1 || isOther || !isPresent(main, types, entries)) {
    return {
      mediaType: null,
      hasMacros,
      label: hasMacros ? "an office document with macros" : "another office package",
    };
  }
  return {
    mediaType: MAIN_PARTS.get(main) ?? null,
    hasMacros,
    label: hasMacros ? "a document with macros" : "a document",
  };
}

/** The main part is named once and is there; or, with a default by extension, some part has that extension. */
function isPresent(main: string, types: ContentTypes, entries: readonly ZipEntry[]): boolean {
  const names = new Set(entries.map(({ name }) => `/${name.toLowerCase()}`));
  const parts = [...types.byPart].filter(([, type]) => type === main).map(([part]) => part);
  if (parts.length > 0) return parts.length === 1 && names.has(parts[0] ?? "");
  const extensions = [...types.byExtension]
    .filter(([, type]) => type === main)
    .map(([extension]) => extension);
  return extensions.some((extension) => [...names].some((name) => name.endsWith(`.${extension}`)));
}

async function readMember(reader: ByteReader, entry: ZipEntry, dataAt: number): Promise<string> {
  if (entry.compressedBytes > COMPRESSED_BYTES_MAX || entry.uncompressedBytes > XML_BYTES_MAX) {
    throw flaw("FILE_TOO_COMPLEX", entry.localOffset, "a short list of content types", "a longer one");
  }
  const data = await reader.exactly(dataAt, entry.compressedBytes, "the list of content types");
  const xml = inflate(entry, data);
  if (xml.length !== entry.uncompressedBytes || crc32(xml) !== entry.crc) {
    throw damaged(entry, "the size and CRC-32 that the header says", "others");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(xml);
  } catch {
    throw damaged(entry, "a list of content types in UTF-8", "other bytes");
  }
}

function inflate(entry: ZipEntry, data: Buffer): Buffer {
  if (entry.method === 0) return data;
  try {
    return inflateRawSync(data, { maxOutputLength: entry.uncompressedBytes + 1 });
  } catch {
    throw damaged(entry, "deflated data", "other bytes");
  }
}

function damaged(entry: ZipEntry, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", entry.localOffset, expected, seen);
}
