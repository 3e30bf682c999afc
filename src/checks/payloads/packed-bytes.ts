/**
 * Zeros that are small as long as nobody unpacks them.
 *
 * Always holds: nothing unpacks to more than `BOMB_BYTES`, no such stream lies ready anywhere, and none is ever unpacked here: a packed mebibyte is
 * repeated, each time it is asked for.
 */
import { constants, crc32, deflateRawSync, zstdCompressSync } from "node:zlib";
import { joined } from "./bytes.ts";

/** What the largest payload unpacks to. */
export const BOMB_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

/** One mebibyte of zeros, as bzip2 and xz pack it. Streams of both may follow one another. */
const BZIP2_MIB = "QlpoOTFBWSZTWThXHOUACAhAAMAEAAggADDMBSmmCAbEIB4u5IpwoSBwrjnK";
const XZ_MIB =
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj7///ANldAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wj" +
  "EVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/s" +
  "KMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1Iq" +
  "9+SVJQAAAAAAwva6PqJwa2AAAfUBgIBAAHmXf0exxGf7AgAAAAAEWVo=";

function repeatedMib(packed: Uint8Array, lengthBytes: number): Uint8Array {
  if (lengthBytes % MIB !== 0 || lengthBytes > BOMB_BYTES)
    throw new Error("whole mebibytes, up to BOMB_BYTES");
  return joined(...Array<Uint8Array>(lengthBytes / MIB).fill(packed));
}

/** So many zeros (whole mebibytes) deflated: blocks that know nothing of one another, then an empty last one. @see RFC 1951 */
export function deflatedZeros(lengthBytes: number): Uint8Array {
  const block = deflateRawSync(new Uint8Array(MIB), { finishFlush: constants.Z_FULL_FLUSH });
  return joined(repeatedMib(new Uint8Array(block), lengthBytes), Uint8Array.of(3, 0));
}

/** The same in zlib's wrapping: the sum of zeros is their number and a one. @see RFC 1950 section 9 */
export function zlibZeros(lengthBytes: number): Uint8Array {
  const sum = new DataView(new ArrayBuffer(4));
  sum.setUint16(0, lengthBytes % 65_521);
  sum.setUint16(2, 1);
  return joined(Uint8Array.of(0x78, 0x9c), deflatedZeros(lengthBytes), new Uint8Array(sum.buffer));
}

/** The same as gzip. @see RFC 1952 section 2.3 */
export function gzipZeros(lengthBytes: number): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crcOfZeros(lengthBytes), true);
  trailer.setUint32(4, lengthBytes, true);
  const head = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  return joined(head, deflatedZeros(lengthBytes), new Uint8Array(trailer.buffer));
}

export function bzip2Zeros(lengthBytes: number): Uint8Array {
  return repeatedMib(new Uint8Array(Buffer.from(BZIP2_MIB, "base64")), lengthBytes);
}

export function xzZeros(lengthBytes: number): Uint8Array {
  return repeatedMib(new Uint8Array(Buffer.from(XZ_MIB, "base64")), lengthBytes);
}

export function zstdZeros(lengthBytes: number): Uint8Array {
  return repeatedMib(new Uint8Array(zstdCompressSync(new Uint8Array(MIB))), lengthBytes);
}

/** CRC-32 of so many zeros (whole mebibytes). */
export function crcOfZeros(lengthBytes: number): number {
  const block = new Uint8Array(MIB);
  let crc = 0;
  for (let done = 0; done < lengthBytes; done += MIB) crc = crc32(block, crc);
  return crc;
}
