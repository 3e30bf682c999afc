import { createHash } from "node:crypto";

/** SHA-256 (hex) of pieces one after another. */
export function digestOf(pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
