/**
 * Random bytes for identifiers, drawn from the operating system's generator a page at a time: one call for some hundred identifiers in place
 * of one each. A byte is given out once and then overwritten.
 */
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 8192;

const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = POOL_BYTES;

/** Fresh random bytes, at most a page of them. */
export function pooledRandomBytes(lengthBytes: number): Buffer {
  if (used + lengthBytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + lengthBytes));
  pool.fill(0, used, used + lengthBytes);
  used += lengthBytes;
  return bytes;
}
