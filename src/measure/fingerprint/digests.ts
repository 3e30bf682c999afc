/**
 * Short digests of what must not be told itself, or is too long to be.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** First 16 hex digits of the SHA-256. */
export function digestOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The same of a file's content; `null` where it cannot be read. */
export async function digestOfFile(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex").slice(0, 16);
  } catch {
    return null;
  }
}
