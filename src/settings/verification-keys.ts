/**
 * Keys to check signatures with, held so that a secret among them is not printed by accident.
 */
import { inspect } from "node:util";
import type { VerificationKeys } from "./settings.ts";

/** The same keys; `JSON.stringify`, a log and `console.log` show that there is a secret, and not which. */
export function holdKeys(keys: VerificationKeys): VerificationKeys {
  const shown = (): VerificationKeys => ({ ...keys, secret: keys.secret === null ? null : "(not shown)" });
  return Object.defineProperties(
    { ...keys },
    { toJSON: { value: shown }, [inspect.custom]: { value: shown } },
  );
}
