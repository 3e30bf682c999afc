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
  const nameAt = (index: number) => {
    const digits = String(index).padStart(NAME_BYTES - 1, "0");
    return areFolders ? `${digits}/` : `f${digits}`;
  };
  const first = zipArchive([storedEntry(nameAt(0), "")]);
  const locals = copies(first.subarray(0, LOCAL_BYTES), count);
  const directory = copies(first.subarray(LOCAL_BYTES, FLOOD_ENTRY_BYTES), count);
  for (let index = 0; index < count; index += 1) {
    locals.write(nameAt(index), index * LOCAL_BYTES + 30, "latin1");
    directory.write(nameAt(index), index * DIRECTORY_BYTES + 46, "latin1");
    directory.writeUInt32LE(index * LOCAL_BYTES, index * DIRECTORY_BYTES + 42);
  }
  const end = { disk: 0, entries: count, directoryBytes: directory.length, directoryOffset: locals.length };
  return joined(locals, directory, endRecord(end));
}

function copies(bytes: Uint8Array, count: number): Buffer {
  return Buffer.alloc(bytes.length * count, bytes);
}
