/**
 * A ZIP of very many empty entries, written header by header into one buffer.
 */
import { joined } from "./bytes.ts";
import { endRecord, storedEntry, zipArchive } from "./zip-archive.ts";

const NAME_BYTES = 6;
const LOCAL_BYTES = 30 + NAME_BYTES;
const DIRECTORY_BYTES = 46 + NAME_BYTES;

/** What each entry takes in the archive. */
export const FLOOD_ENTRY_BYTES = LOCAL_BYTES + DIRECTORY_BYTES;

/** Entries `f00000` …, or folders `00000/` … At most 65,534, so that no Zip64 record is needed. */
export function entryFloodZip(count: number, areFolders: boolean): Uint8Array {
  const first = zipArchive([storedEntry(areFolders ? "00000/" : "f00000", "")]);
  const locals = Buffer.alloc(LOCAL_BYTES * count, first.subarray(0, LOCAL_BYTES));
  const directory = Buffer.alloc(DIRECTORY_BYTES * count, first.subarray(LOCAL_BYTES, FLOOD_ENTRY_BYTES));
  const digitsAt = areFolders ? 0 : 1;
  for (let index = 0; index < count; index += 1) {
    writeDigits(locals, index * LOCAL_BYTES + 30 + digitsAt, index);
    writeDigits(directory, index * DIRECTORY_BYTES + 46 + digitsAt, index);
    directory.writeUInt32LE(index * LOCAL_BYTES, index * DIRECTORY_BYTES + 42);
  }
  const end = { disk: 0, entries: count, directoryBytes: directory.length, directoryOffset: locals.length };
  return joined(locals, directory, endRecord(end));
}

/** Five decimal digits. */
function writeDigits(bytes: Buffer, at: number, value: number): void {
  for (let digit = 4, rest = value; digit >= 0; digit -= 1, rest = Math.floor(rest / 10))
    bytes[at + digit] = 0x30 + (rest % 10);
}
