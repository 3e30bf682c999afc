/**
 * A SHA-256 over a row of values, no two different rows of which are the same bytes: "ab" and "c" are not "a" and "bc", and nothing is not an empty
 * text.
 *
 * The bytes are the row as JSON, in UTF-8. JSON says where each value ends and of which kind it is, and writes surrogates that have no partner as
 * escapes, which UTF-8 alone would make one of all (ECMA-262 section 25.5.2.2). One call hashes them: each call of a hash costs more than hashing a
 * few hundred bytes.
 */
import { hash } from "node:crypto";

/**
 * @param purpose what the hash is for: hashes of different purposes never meet
 * @returns lower-case hex
 */
export function hashOfValues(purpose: string, values: readonly (string | number | null)[]): string {
  return hash("sha256", JSON.stringify([purpose, ...values]), "hex");
}
