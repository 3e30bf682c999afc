/**
 * JSON (RFC 8259): one well-formed value from the first byte to the last, read in one pass with a stack of bits of bounded depth.
 *
 * Holds for a file that passes: it is valid text, one value, nothing after it but white space, nested at most `DEPTH_MAX` deep.
 * Keys are not compared (duplicates pass) and numbers not converted. A byte order mark may stand first, as section 8.1 lets a
 * reader ignore it.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { JsonCheck } from "./json-check.ts";
import { Utf8Check } from "./text.ts";

/**
 * @throws FILE_NOT_TEXT, FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TRAILING_BYTES (a second value), FILE_TOO_COMPLEX (depth)
 */
export async function walkJson(reader: ByteReader): Promise<readonly Finding[]> {
  const text = new Utf8Check();
  const json = new JsonCheck();
  const start = await reader.read(0, 3);
  const from = start.toString("hex") === "efbbbf" ? 3 : 0;
  await reader.eachPiece(from, reader.sizeBytes, "JSON", (piece, offset) => {
    text.push(piece, offset);
    json.push(piece, offset);
  });
  text.end(reader.sizeBytes);
  if (!json.isWhole()) throw flaw("FILE_TRUNCATED", reader.sizeBytes, json.expected(), "the end of the file");
  return [];
}
