/**
 * A second request that nobody may ever answer or see: it rides behind or inside a probe whose end could be read in two ways.
 */
import type { Target } from "../check.ts";

/** Path of the canary; different for each seed. */
export function canaryPath(target: Target): string {
  return `/flowcheck-${target.seed}-canary`;
}

/** A whole GET request for the canary. */
export function canaryRequest(target: Target): string {
  return `GET ${canaryPath(target)} HTTP/1.1\r\nHost: ${new URL(target.origin).host}\r\n\r\n`;
}
