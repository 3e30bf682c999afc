/**
 * tar archives, entry by entry: POSIX ustar, pax and GNU extensions, and whatever a header can be made to say.
 *
 * @see POSIX.1-2017, pax, section "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"
 */
import { joined, latin1, utf8 } from "./bytes.ts";

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;

/** `0` file, `1` hard link, `2` symbolic link, `3` character device, `4` block device, `5` folder, `6` FIFO, `x` pax, `L` GNU name, `S` sparse. */
export type TarType = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "x" | "L" | "S";

export interface TarEntry {
  readonly name: string;
  readonly type?: TarType;
  readonly content?: Uint8Array | string;
  readonly linkName?: string;
  /** What the header says in place of the content's length: a number, or the 12 bytes of the field. */
  readonly size?: number | Uint8Array;
}

/** The archive of these entries, with the two empty blocks that end it. */
export function tarArchive(...entries: readonly TarEntry[]): Uint8Array {
  return joined(...entries.map(tarEntry), new Uint8Array(2 * BLOCK_BYTES));
}

function tarEntry(entry: TarEntry): Uint8Array {
  const content =
    typeof entry.content === "string" ? utf8(entry.content) : (entry.content ?? new Uint8Array());
  const padding = (BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return joined(tarHeader(entry, content.length), content, new Uint8Array(padding));
}

/** Name at 0, mode 100, owner 108, group 116, size 124, time 136, checksum 148, type 156, link 157, "ustar" 257, device 329 and 337. */
function tarHeader(entry: TarEntry, contentBytes: number): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const type = entry.type ?? "0";
  const size = entry.size ?? contentBytes;
  header.set(utf8(entry.name).subarray(0, 100), 0);
  header.set(latin1(octal(type === "5" ? 0o755 : 0o644, 8)), 100);
  header.set(latin1(octal(0, 8) + octal(0, 8)), 108);
  header.set(typeof size === "number" ? latin1(octal(size, 12)) : size, 124);
  header.set(latin1(octal(0, 12)), 136);
  header.set(latin1(type), 156);
  header.set(utf8(entry.linkName ?? "").subarray(0, 100), 157);
  header.set(latin1(type === "L" || type === "S" ? "ustar  \0" : "ustar\x0000"), 257);
  if (type === "3" || type === "4") header.set(latin1(octal(1, 8) + octal(3, 8)), 329);
  return withChecksum(header);
}

function octal(value: number, fieldBytes: number): string {
  return `${value.toString(8).padStart(fieldBytes - 1, "0")}\0`;
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function withChecksum(header: Uint8Array): Uint8Array {
  header.fill(0x20, CHECKSUM_AT, CHECKSUM_AT + 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(latin1(`${sum.toString(8).padStart(6, "0")}\0 `), CHECKSUM_AT);
  return header;
}

/** A pax header: it says what the next entry is, in place of that entry's own header. */
export function paxEntry(records: Readonly<Record<string, string>>): TarEntry {
  const text = Object.entries(records).map(([key, value]) => paxRecord(`${key}=${value}\n`));
  return { name: "PaxHeaders/next", type: "x", content: text.join("") };
}

/** `LENGTH KEY=VALUE`, the length counting itself. */
function paxRecord(pair: string): string {
  let lengthBytes = utf8(pair).length + 2;
  while (`${lengthBytes} ${pair}`.length + utf8(pair).length - pair.length !== lengthBytes) lengthBytes += 1;
  return `${lengthBytes} ${pair}`;
}

/** GNU's way to give the next entry a name of any length. */
export function gnuNameEntry(name: string): TarEntry {
  return { name: "././@LongLink", type: "L", content: `${name}\0` };
}

/** A negative number in GNU's binary form of the size field. */
export const NEGATIVE_SIZE = new Uint8Array(12).fill(0xff);
