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
  return { text: `sgk_${id}_${secret}`, id, secretSha256: secretHashOf(secret).toString("hex") };
}

/** The two halves of a key's text. */
export interface ShownApiKey {
  readonly id: string;
  /** ASCII characters, always as many. */
  readonly secret: string;
}

/** Takes a key's text apart. `null`: not the form of a key. */
export function parseApiKey(text: string): ShownApiKey | null {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** Whether a text has the form of a key's id. */
export const isApiKeyId = (text: string): boolean => /^[0-9a-z]{12}$/.test(text);

/** What the records keep of a secret: SHA-256 of its characters, which are ASCII alone, whose bytes are the same in UTF-8. */
export const secretHashOf = (secret: string): Buffer => hash("sha256", secret, "buffer");
