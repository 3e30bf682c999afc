/**
 * Compound files (OLE2): what Office wrote before 2007, and wraps encrypted documents in.
 *
 * Always holds: every stream is padded to 4,096 bytes at least, so that there is no mini stream; one sector of the allocation table is enough.
 * @see [MS-CFB] sections 2.2 (header), 2.3 (allocation table), 2.6 (directory)
 */
import { joined, latin1, repeated } from "./bytes.ts";

export interface CompoundEntry {
  readonly name: string;
  /** Of a stream. */
  readonly content?: Uint8Array;
  /** Of a storage. */
  readonly inside?: readonly CompoundEntry[];
}

const SECTOR_BYTES = 512;
const STREAM_BYTES_MIN = 4096;
const ENTRY_BYTES = 128;
const FREE = 0xffffffff;
const END = 0xfffffffe;
const TABLE = 0xfffffffd;
const NONE = 0xffffffff;

interface Row {
  readonly name: string;
  readonly kind: 1 | 2 | 5;
  readonly content: Uint8Array;
  child: number;
  right: number;
  start: number;
}

/** The file of these entries below its root. */
export function compoundFile(entries: readonly CompoundEntry[]): Uint8Array {
  const rows: Row[] = [];
  addRows(rows, [{ name: "Root Entry", inside: entries }], 5);
  const table: number[] = [TABLE];
  const directorySectors = Math.ceil((rows.length * ENTRY_BYTES) / SECTOR_BYTES);
  chain(table, directorySectors);
  const streams = rows.filter((row) => row.kind === 2);
  for (const row of streams) row.start = chain(table, row.content.length / SECTOR_BYTES);
  if (table.length > SECTOR_BYTES / 4) throw new Error("more sectors than one allocation table has");
  const directory = joined(...rows.map(directoryEntry));
  const emptyRows = repeated(0, directorySectors * SECTOR_BYTES - directory.length);
  return joined(header(), tableBytes(table), directory, emptyRows, ...streams.map((row) => row.content));
}

/** Siblings hang on one another's right side, in the order that the directory wants: by length, then by letter. */
function addRows(rows: Row[], entries: readonly CompoundEntry[], kind?: 5): number {
  const sorted = entries.toSorted(
    (one, other) =>
      one.name.length - other.name.length || (one.name.toUpperCase() < other.name.toUpperCase() ? -1 : 1),
  );
  let first = NONE;
  let previous: Row | null = null;
  for (const entry of sorted) {
    const row: Row = {
      name: entry.name,
      kind: kind ?? (entry.inside === undefined ? 2 : 1),
      content: padded(entry.content ?? new Uint8Array()),
      child: NONE,
      right: NONE,
      start: entry.inside === undefined ? 0 : kind === 5 ? END : 0,
    };
    const index = rows.push(row) - 1;
    if (previous === null) first = index;
    else previous.right = index;
    previous = row;
    row.child = entry.inside === undefined ? NONE : addRows(rows, entry.inside);
  }
  return first;
}

function padded(content: Uint8Array): Uint8Array {
  const wanted = Math.max(STREAM_BYTES_MIN, Math.ceil(content.length / SECTOR_BYTES) * SECTOR_BYTES);
  return joined(content, repeated(0, wanted - content.length));
}

/** Takes so many sectors that follow one another. @returns the first of them */
function chain(table: number[], sectors: number): number {
  const first = table.length;
  for (let index = 1; index <= sectors; index += 1) table.push(index === sectors ? END : first + index);
  return first;
}

function tableBytes(table: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(SECTOR_BYTES));
  for (let index = 0; index < SECTOR_BYTES / 4; index += 1)
    view.setUint32(index * 4, table[index] ?? FREE, true);
  return new Uint8Array(view.buffer);
}

/** Name in UTF-16, its length at 64, kind 66, colour 67, left 68, right 72, child 76, start 116, size 120. */
function directoryEntry(row: Row): Uint8Array {
  const view = new DataView(new ArrayBuffer(ENTRY_BYTES));
  const bytes = new Uint8Array(view.buffer);
  bytes.set(Buffer.from(row.name, "utf16le").subarray(0, 62));
  view.setUint16(64, row.name.length * 2 + 2, true);
  view.setUint8(66, row.kind);
  view.setUint8(67, 1);
  view.setUint32(68, NONE, true);
  view.setUint32(72, row.right, true);
  view.setUint32(76, row.child, true);
  view.setUint32(116, row.start, true);
  if (row.kind === 2) view.setUint32(120, row.content.length, true);
  return bytes;
}

/** The allocation table is sector 0, the directory begins at sector 1. */
function header(): Uint8Array {
  const view = new DataView(new ArrayBuffer(SECTOR_BYTES));
  const bytes = new Uint8Array(view.buffer);
  bytes.set(latin1("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"));
  view.setUint16(24, 0x3e, true);
  view.setUint16(26, 3, true);
  view.setUint16(28, 0xfffe, true);
  view.setUint16(30, 9, true);
  view.setUint16(32, 6, true);
  view.setUint32(44, 1, true);
  view.setUint32(48, 1, true);
  view.setUint32(56, STREAM_BYTES_MIN, true);
  view.setUint32(60, END, true);
  view.setUint32(68, END, true);
  view.setUint32(76, 0, true);
  for (let at = 80; at < SECTOR_BYTES; at += 4) view.setUint32(at, FREE, true);
  return bytes;
}
