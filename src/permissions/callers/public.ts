/**
 * `caller: public`: anybody may send, and nobody is told from anybody else. Whatever credentials a request has are the service's.
 */
import type { Admission, CallerCheck } from "../caller.ts";

const ANYBODY = "public";

const ADMISSION: Admission = {
  principal: ANYBODY,
  narrowing: null,
  grant: null,
  confirm: async () => {},
};

/** Admits everybody, as the principal `public`. */
export function publicCaller(): CallerCheck {
  return { admit: async () => ADMISSION, identify: async () => ANYBODY };
}
