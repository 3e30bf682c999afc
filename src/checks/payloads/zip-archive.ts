/**
 * ZIP archives in which every number can be made to say something else. Left alone, each is a valid archive.
 *
 * @see APPNOTE.TXT 6.3.10 sections 4.3.7 (local header), 4.3.12 (directory header), 4.3.16 (end record)
 */
import { crc32, deflateRawSync } from "node:zlib";
import { joined, utf8 } from "./bytes.ts";

/** What a header says of an entry. Sizes in bytes; `extra` is whole: tags, lengths, data. */
export interface ZipHeader {
  readonly name: Uint8Array | string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly extra: Uint8Array;
}

/** One entry. `says` departs from the truth in both headers, `local` and `central` in one of them. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
  /** The data as it lies in the archive; default: `content`, stored. */
  readonly packed?: Uint8Array;
  readonly method?: number;
  readonly says?: Partial<ZipHeader>;
  readonly local?: Partial<ZipHeader>;
  readonly central?: Partial<ZipHeader> & { readonly offset?: number; readonly disk?: number };
  /** Unix mode, told in the directory: `0o120777` is a link. */
  readonly mode?: number;
  readonly comment?: Uint8Array;
  /** Bytes before the local header that belong to nothing. */
  readonly before?: Uint8Array;
  /** Bytes behind the data: a data descriptor. */
  readonly after?: Uint8Array;
  /** The directory alone has it. */
  readonly isListedOnly?: boolean;
}

/** Around the entries. `end` departs from the truth in the end record; offsets are from the start of the file. */
export interface ZipFrame {
  readonly prefix?: Uint8Array;
  /** Whether offsets count from after the prefix, as in an archive that was put behind a program. */
  readonly isShifted?: boolean;
  readonly beforeDirectory?: Uint8Array;
  readonly beforeEnd?: Uint8Array;
  readonly end?: Partial<ZipEnd>;
  readonly comment?: Uint8Array;
  readonly suffix?: Uint8Array;
}

interface ZipEnd {
  readonly disk: number;
  readonly entries: number;
  readonly directoryBytes: number;
  readonly directoryOffset: number;
}

const NOTHING = new Uint8Array();
const METHOD_STORED = 0;
const METHOD_DEFLATED = 8;
const MADE_ON_UNIX = 3 << 8;

/** A file that is stored. */
export function storedEntry(name: string, content: Uint8Array | string): ZipEntry {
  return { name, content: typeof content === "string" ? utf8(content) : content };
}

/** A file that is deflated. */
export function deflatedEntry(name: string, content: Uint8Array | string): ZipEntry {
  const bytes = typeof content === "string" ? utf8(content) : content;
  return { name, content: bytes, packed: new Uint8Array(deflateRawSync(bytes)), method: METHOD_DEFLATED };
}

/** The archive of these entries, in their order. */
export function zipArchive(entries: readonly ZipEntry[], frame: ZipFrame = {}): Uint8Array {
  const prefix = frame.prefix ?? NOTHING;
  const base = frame.isShifted === true ? 0 : prefix.length;
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = base;
  for (const entry of entries) {
    const piece = entry.isListedOnly === true ? NOTHING : localPiece(entry);
    directory.push(directoryHeader(entry, entry.central?.offset ?? offset + (entry.before?.length ?? 0)));
    pieces.push(piece);
    offset += piece.length;
  }
  const gap = frame.beforeDirectory ?? NOTHING;
  const directoryBytes = joined(...directory);
  const end: ZipEnd = {
    disk: 0,
    entries: entries.length & 0xffff,
    directoryBytes: directoryBytes.length,
    directoryOffset: offset + gap.length,
    ...frame.end,
  };
  const comment = frame.comment ?? NOTHING;
  const tail = [frame.beforeEnd ?? NOTHING, endRecord(end, comment.length), comment, frame.suffix ?? NOTHING];
  return joined(prefix, ...pieces, gap, directoryBytes, ...tail);
}

function truthOf(entry: ZipEntry): ZipHeader {
  const packed = entry.packed ?? entry.content;
  return {
    name: entry.name,
    flags: 0,
    method: entry.method ?? METHOD_STORED,
    crc: crc32(entry.content),
    packedBytes: packed.length,
    sizeBytes: entry.content.length,
    extra: NOTHING,
    ...entry.says,
  };
}

/** The local header, with its name and extra field. */
export function localHeader(entry: ZipEntry): Uint8Array {
  const header = { ...truthOf(entry), ...entry.local };
  const name = nameBytes(header);
  const view = new DataView(new ArrayBuffer(30));
  view.setUint32(0, 0x04034b50, true);
  writeFields(view, 4, header, name);
  return joined(new Uint8Array(view.buffer), name, header.extra);
}

function localPiece(entry: ZipEntry): Uint8Array {
  return joined(
    entry.before ?? NOTHING,
    localHeader(entry),
    entry.packed ?? entry.content,
    entry.after ?? NOTHING,
  );
}

function directoryHeader(entry: ZipEntry, offset: number): Uint8Array {
  const header = { ...truthOf(entry), ...entry.central };
  const name = nameBytes(header);
  const comment = entry.comment ?? NOTHING;
  const view = new DataView(new ArrayBuffer(46));
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, 20 | (entry.mode === undefined ? 0 : MADE_ON_UNIX), true);
  writeFields(view, 6, header, name);
  view.setUint16(32, comment.length, true);
  view.setUint16(34, entry.central?.disk ?? 0, true);
  view.setUint32(38, (entry.mode ?? 0) * 0x10000, true);
  view.setUint32(42, offset, true);
  return joined(new Uint8Array(view.buffer), name, header.extra, comment);
}

/** Version needed, flags, method, time, date, CRC-32, sizes, lengths: the same order in both headers. */
function writeFields(view: DataView, at: number, header: ZipHeader, name: Uint8Array): void {
  const isAscii = name.every((byte) => byte < 0x80);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, header.flags | (isAscii ? 0 : 0x0800), true);
  view.setUint16(at + 4, header.method, true);
  view.setUint16(at + 8, 0x21, true);
  view.setUint32(at + 10, header.crc, true);
  view.setUint32(at + 14, header.packedBytes, true);
  view.setUint32(at + 18, header.sizeBytes, true);
  view.setUint16(at + 22, name.length, true);
  view.setUint16(at + 24, header.extra.length, true);
}

function nameBytes({ name }: ZipHeader): Uint8Array {
  return typeof name === "string" ? utf8(name) : name;
}

/** The end record, for whoever puts one where it does not belong. */
export function endRecord(end: ZipEnd, commentBytes = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(4, end.disk, true);
  view.setUint16(6, end.disk, true);
  view.setUint16(8, end.entries, true);
  view.setUint16(10, end.entries, true);
  view.setUint32(12, end.directoryBytes, true);
  view.setUint32(16, end.directoryOffset, true);
  view.setUint16(20, commentBytes, true);
  return new Uint8Array(view.buffer);
}

/** One field of an extra block: tag, length, data. @see section 4.5 */
export function extraField(tag: number, data: Uint8Array): Uint8Array {
  return joined(Uint8Array.of(tag & 0xff, tag >> 8, data.length & 0xff, data.length >> 8), data);
}

/** The numbers behind the data of an entry whose headers leave them open (bit 3). @see section 4.3.9 */
export function dataDescriptor(crc: number, packedBytes: number, sizeBytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, 0x08074b50, true);
  view.setUint32(4, crc, true);
  view.setUint32(8, packedBytes, true);
  view.setUint32(12, sizeBytes, true);
  return new Uint8Array(view.buffer);
}
