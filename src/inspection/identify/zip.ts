/**
 * ZIP (APPNOTE 6.3.10), read so strictly that every reader must find the same entries in it.
 *
 * Holds for an archive that passes: one end record, at the end; one directory, directly before it; every header of it agrees with
 * its local header; the entries fill the file without prefix, gap or overlap; names are plain, relative and distinct even where case
 * is folded; files and folders only, stored or deflated, not encrypted. Nothing is inflated: what the entries hold is not looked at,
 * and CRC-32 is compared between headers, not with the data.
 */
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { readZipDirectory, type ZipDirectory } from "./zip-end.ts";
import { readZipEntry, type ZipEntry } from "./zip-entry.ts";
import { walkLocalHeaders } from "./zip-local.ts";
import { NamesTogether } from "./zip-names.ts";

/** Entries that an archive may have. */
export const ZIP_ENTRIES_MAX = 10_000;
const DIRECTORY_BYTES_MAX = 16 * 1024 * 1024;

/** An archive whose structure holds. `dataOffsets` by entry index. */
export interface ZipArchive {
  readonly entries: readonly ZipEntry[];
  readonly dataOffsets: readonly number[];
}

/**
 * @param entriesMax default `ZIP_ENTRIES_MAX`
 * @throws FILE_ARCHIVE_UNSAFE, FILE_LEADING_BYTES, FILE_TRAILING_BYTES, FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkZip(reader: ByteReader, entriesMax: number = ZIP_ENTRIES_MAX): Promise<ZipArchive> {
  const directory = await readZipDirectory(reader);
  if (directory.entries > entriesMax) {
    throw flaw(
      "FILE_ARCHIVE_UNSAFE",
      directory.offset,
      `at most ${entriesMax} entries`,
      `${directory.entries}`,
    );
  }
  const directoryBytes = directory.endAt - directory.offset;
  if (directoryBytes > DIRECTORY_BYTES_MAX) {
    throw flaw(
      "FILE_TOO_COMPLEX",
      directory.offset,
      `a directory of at most ${DIRECTORY_BYTES_MAX} bytes`,
      `${directoryBytes}`,
    );
  }
  const entries = await readEntries(reader, directory);
  const dataOffsets = await walkLocalHeaders(reader, entries, directory.offset);
  return { entries, dataOffsets };
}

async function readEntries(reader: ByteReader, directory: ZipDirectory): Promise<readonly ZipEntry[]> {
  const entries: ZipEntry[] = [];
  const names = new NamesTogether();
  let at = directory.offset;
  while (at < directory.endAt && entries.length <= directory.entries) {
    reader.step(at);
    const { entry, end } = await readZipEntry(reader, at, entries.length, directory.endAt);
    const collision = names.add(entry.name);
    if (collision !== null) throw flaw("FILE_ARCHIVE_UNSAFE", at, "names that differ", collision);
    entries.push(entry);
    at = end;
  }
  if (at !== directory.endAt || entries.length !== directory.entries) {
    throw flaw(
      "FILE_ARCHIVE_UNSAFE",
      directory.endAt,
      `${directory.entries} entries, as the end record says`,
      "another number",
    );
  }
  return entries;
}
