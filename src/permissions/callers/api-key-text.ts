/**
 * The text of an API key, `sgk_<id>_<secret>`: the id is public and finds the record, the secret proves that the sender has the key.
 *
 * Always holds: the secret is 32 random bytes, so one fast hash of it is enough to keep. It leaves here once, in the text of a new key.
 */
import { hash, randomBytes, randomInt } from "node:crypto";

const ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const ID_CHARS = 12;
const SECRET_BYTES = 32;

/** The prefix lets scanners of repositories and logs find a key that got lost. The secret is base64url without padding (RFC 4648 section 5). */
const FORM = /^sgk_([0-9a-z]{12})_([A-Za-z0-9_-]{43})$/;

/** A new key: `text` is for its holder, the rest for the records. */
export interface NewApiKey {
  readonly text: string;
  readonly id: string;
  readonly secretSha256: string;
}

/** Makes a key from the system's random numbers. */
export function newApiKey(): NewApiKey {
  const id = Array.from({ length: ID_CHARS }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join("");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { text: `sgk_${id}_${secret}`, id, secretSha256: hashOf(secret).toString("hex") };
}

/** Takes a key's text apart; `secretHash` is the SHA-256 of the secret's characters. `null`: not the form of a key. */
export function parseApiKey(text: string): { readonly id: string; readonly secretHash: Buffer } | null {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secretHash: hashOf(secret) };
}

/** Whether a text has the form of a key's id. */
export const isApiKeyId = (text: string): boolean => /^[0-9a-z]{12}$/.test(text);

/** Of ASCII alone, whose bytes are the same in UTF-8. */
const hashOf = (secret: string): Buffer => hash("sha256", secret, "buffer");
