/**
 * Idempotency keys that can be made again: from the seed, what they are for, and a counter.
 */
import { createHash } from "node:crypto";
import type { Target } from "../check.ts";

/** The target as it is (also where a member of it is worked out anew each time), with the keys of one case of a run. `salt` makes other keys of the same case. */
export function withDerivedKeys(target: Target, about: string, salt = ""): Target {
  let count = 0;
  const freshKey = (): string => {
    count += 1;
    const from = [target.seed, target.path, about, salt, count].join("\n");
    return createHash("sha256").update(from).digest("hex").slice(0, 32);
  };
  const members = {
    ...Object.getOwnPropertyDescriptors(target),
    freshKey: { value: freshKey, enumerable: true },
  };
  return Object.defineProperties({}, members) as Target;
}
