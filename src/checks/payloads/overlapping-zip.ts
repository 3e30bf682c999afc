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

function kernel(name: string): ZipEntry {
  return {
    name,
    content: new Uint8Array(MIB),
    packed: deflatedZeros(MIB),
    method: METHOD_DEFLATED,
    says: { crc: crcOfZeros(MIB) },
  };
}

/** Every header of the directory leads to the same entry of 1 MiB. */
export function sharedKernelZip(): Uint8Array {
  const first = kernel("f0");
  const others = Array.from({ length: ENTRIES - 1 }, (_, index) => ({
    ...kernel(`f${index + 1}`),
    central: { offset: 0 },
    isListedOnly: true,
  }));
  return zipArchive([first, ...others]);
}

/** Every entry quotes the header of the next one as stored data, and goes on with that entry's own bytes. */
export function quotedOverlapZip(): Uint8Array {
  let inner = kernel(`f${ENTRIES - 1}`);
  const entries = [inner];
  for (let index = ENTRIES - 2; index >= 0; index -= 1) {
    inner = quoting(`f${index}`, inner);
    entries.unshift(inner);
  }
  return zipArchive(withOffsets(entries));
}

/** A stored block of deflate (RFC 1951 section 3.2.4) that is not the last: 00, length, its complement, the next header. */
function quoting(name: string, next: ZipEntry): ZipEntry {
  const header = localHeader(next);
  const length = new DataView(new ArrayBuffer(5));
  length.setUint16(1, header.length, true);
  length.setUint16(3, header.length ^ 0xffff, true);
  const content = joined(header, next.content);
  return {
    name,
    content,
    packed: joined(new Uint8Array(length.buffer), header, next.packed ?? next.content),
    method: METHOD_DEFLATED,
    says: { crc: crc32(content) },
  };
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
