/**
 * A fingerprint as a comparison takes it: the variable under the name that was given, and nothing of a checkout that the arms do not run from.
 */
import type { Fingerprint } from "../measurement.ts";

const SERVICE = "service.";
const CHECKOUT_KEYS = ["git.commit", "git.dirty"];

/**
 * What the service itself says of the variable counts before what is seen of it from here: `service.git.commit` stands as `git.commit` where that is what
 * was named. Of two URLs that tell what they run, the state of the checkout from which the comparison is started says nothing.
 */
export function comparableFingerprint(
  { values }: Fingerprint,
  variable: string,
  isSwitched: boolean,
): Fingerprint {
  const own = values[SERVICE + variable];
  const tellsItself = Object.entries(values).some(
    ([key, value]) => key.startsWith(SERVICE) && value !== null,
  );
  const isLeftOut = (key: string): boolean =>
    (own !== undefined && (key === variable || key === SERVICE + variable)) ||
    (!isSwitched && tellsItself && CHECKOUT_KEYS.includes(key));
  const kept = Object.entries(values).filter(([key]) => !isLeftOut(key));
  return { values: { ...Object.fromEntries(kept), ...(own === undefined ? {} : { [variable]: own }) } };
}
