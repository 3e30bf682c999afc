/**
 * Identifiers of uploads and of requests.
 *
 * An upload id is 128 random bits in Crockford's base 32 (26 lower-case characters). It carries no time and no counter,
 * so that knowing one id says nothing about another; order comes from the records, never from the id.
 */
import { pooledRandomBytes } from "./random-pool.ts";

declare const uploadIdBrand: unique symbol;

/** 26 characters of `[0-9a-hjkmnp-tv-z]`; 128 random bits. */
export type UploadId = string & { readonly [uploadIdBrand]: true };

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const PATTERN = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** Makes a new, unguessable upload id. */
export function newUploadId(): UploadId {
  return encodeBase32(pooledRandomBytes(16)) as UploadId;
}

/** Narrows text from outside to an upload id; `null` where it is none. */
export function parseUploadId(text: string): UploadId | null {
  return PATTERN.test(text) ? (text as UploadId) : null;
}

function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((held << (5 - bits)) & 31) : text;
}
