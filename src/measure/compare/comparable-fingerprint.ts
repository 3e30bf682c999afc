/**
 * A fingerprint as a comparison takes it: the variable under the name that was given.
 */
import type { Fingerprint } from "../measurement.ts";

/**
 * What the service itself says of the variable counts before what is seen of it from here: `service.version` stands as `version` where that is what was
 * named, and `service.git.commit` as `git.commit`.
 */
export function comparableFingerprint({ values }: Fingerprint, variable: string): Fingerprint {
  const told = `service.${variable}`;
  const own = values[told];
  if (own === undefined) return { values };
  const others = Object.entries(values).filter(([key]) => key !== told);
  return { values: { ...Object.fromEntries(others), [variable]: own } };
}
