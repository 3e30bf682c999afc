/**
 * ZIP archives whose entries share their bytes: small, without recursion, and each entry is honest for itself.
 *
 * @see David Fifield, "A better zip bomb", WOOT 2019; scaled down here to 16 MiB
 */
import { crc32 } from "node:zlib";
import { joined } from "./bytes.ts";
import { crcOfZeros, deflatedZeros } from "./packed-bytes.ts";
import { localHeader, type ZipEntry, zipArchive } from "./zip-archive.ts";

const MIB = 1024 * 1024;
const ENTRIES = 16;
const METHOD_DEFLATED = 8;

/** Packed once: 1 MiB of zeros, whose size and CRC-32 are said and not computed from `content`. */
function kernel(name: string): ZipEntry {
  const says = { crc: crcOfZeros(MIB), sizeBytes: MIB };
  return { name, content: new Uint8Array(), packed: deflatedZeros(MIB), method: METHOD_DEFLATED, says };
}

/** Every header of the directory leads to the same entry of 1 MiB. */
export function sharedKernelZip(): Uint8Array {
  const first = kernel("f0");
  const others = Array.from({ length: ENTRIES - 1 }, (_, index) => ({
    ...first,
    name: `f${index + 1}`,
    central: { offset: 0 },
    isListedOnly: true,
  }));
  return zipArchive([first, ...others]);
}

/** Every entry quotes the header of the next one as stored data, and goes on with that entry's own bytes. */
export function quotedOverlapZip(): Uint8Array {
  let inner = kernel(`f${ENTRIES - 1}`);
  let headers = new Uint8Array();
  const entries = [inner];
  for (let index = ENTRIES - 2; index >= 0; index -= 1) {
    headers = new Uint8Array(joined(localHeader(inner), headers));
    inner = quoting(`f${index}`, inner, headers);
    entries.unshift(inner);
  }
  return zipArchive(withOffsets(entries));
}

/**
 * A stored block of deflate (RFC 1951 section 3.2.4) that is not the last: 00, length, its complement, the next header.
 * @param headers all the headers that the entry unpacks to before the zeros
 */
function quoting(name: string, next: ZipEntry, headers: Uint8Array): ZipEntry {
  const header = localHeader(next);
  const length = new DataView(new ArrayBuffer(5));
  length.setUint16(1, header.length, true);
  length.setUint16(3, header.length ^ 0xffff, true);
  const says = { crc: crc32(new Uint8Array(MIB), crc32(headers)), sizeBytes: headers.length + MIB };
  const packed = joined(new Uint8Array(length.buffer), header, next.packed ?? next.content);
  return { name, content: new Uint8Array(), packed, method: METHOD_DEFLATED, says };
}

/** Only the first entry's bytes are there; each next header stands where the one before quotes it. */
function withOffsets(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  let offset = 0;
  return entries.map((entry, index) => {
    const placed = { ...entry, central: { offset }, isListedOnly: index > 0 };
    offset += localHeader(entry).length + 5;
    return placed;
  });
}
