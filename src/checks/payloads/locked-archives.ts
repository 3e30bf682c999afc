/**
 * Archives that only a password opens: ZIP by the format's own cipher, 7z by AES.
 *
 * @see APPNOTE.TXT section 6.1 (traditional encryption); 7zFormat.txt of the 7-Zip source
 */
import { crc32 } from "node:zlib";
import { joined, latin1, utf8 } from "./bytes.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { storedEntry, type ZipEntry } from "./zip-archive.ts";

const HEADER_BYTES = 12;

/** An entry that is stored and encrypted. */
export function lockedEntry(name: string, content: Uint8Array, password: string): ZipEntry {
  const keys = new ZipKeys(utf8(password));
  const check = crc32(content) >>> 24;
  const header = joined(seededBytes(name, HEADER_BYTES - 1), Uint8Array.of(check));
  const packed = joined(header, content).map((byte) => keys.encrypt(byte));
  return { ...storedEntry(name, content), packed, says: { flags: 1 } };
}

/** One step of CRC-32 without its inversions. */
function crcStep(crc: number, byte: number): number {
  return ~crc32(Uint8Array.of(byte), ~crc >>> 0) >>> 0;
}

class ZipKeys {
  #first = 0x12345678;
  #second = 0x23456789;
  #third = 0x34567890;

  constructor(password: Uint8Array) {
    for (const byte of password) this.#update(byte);
  }

  encrypt(byte: number): number {
    const mixed = (this.#third | 2) & 0xffff;
    const encrypted = byte ^ ((Math.imul(mixed, mixed ^ 1) >>> 8) & 0xff);
    this.#update(byte);
    return encrypted;
  }

  #update(byte: number): void {
    this.#first = crcStep(this.#first, byte);
    this.#second = (Math.imul((this.#second + (this.#first & 0xff)) >>> 0, 134_775_813) + 1) >>> 0;
    this.#third = crcStep(this.#third, this.#second >>> 24);
  }
}

const COPY = Uint8Array.of(0x01, 0x00);
/** AES-256 with SHA-256; 2^19 rounds, neither salt nor start value. */
const AES = Uint8Array.of(0x24, 0x06, 0xf1, 0x07, 0x01, 0x02, 0x13, 0x00);

/** A 7z of one file of 16 bytes. Locked, it is a block of random bytes that no password was ever chosen for. */
export function sevenZip(isLocked: boolean): Uint8Array {
  const data = isLocked ? seededBytes("locked", 16) : utf8("sixteen bytes...");
  const name = latin1(Buffer.from("note.txt\0", "utf16le").toString("latin1"));
  const header = joined(
    Uint8Array.of(0x01, 0x04, 0x06, 0x00, 0x01, 0x09, 16, 0x00),
    Uint8Array.of(0x07, 0x0b, 0x01, 0x00, 0x01),
    isLocked ? AES : COPY,
    Uint8Array.of(0x0c, 16, 0x00, 0x08, 0x00, 0x00),
    Uint8Array.of(0x05, 0x01, 0x11, name.length + 1, 0x00),
    name,
    Uint8Array.of(0x00, 0x00),
  );
  const place = new DataView(new ArrayBuffer(20));
  place.setBigUint64(0, BigInt(data.length), true);
  place.setBigUint64(8, BigInt(header.length), true);
  place.setUint32(16, crc32(header), true);
  const sum = new DataView(new ArrayBuffer(4));
  sum.setUint32(0, crc32(new Uint8Array(place.buffer)), true);
  const head = joined(
    latin1("7z\xbc\xaf\x27\x1c\0\x04"),
    new Uint8Array(sum.buffer),
    new Uint8Array(place.buffer),
  );
  return joined(head, data, header);
}
