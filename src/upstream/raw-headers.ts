/**
 * Looking into a header list as it stood on the wire: name, value, name, value …
 */
import type { RawHeaders } from "./upstream.ts";

/** All values of a header, in order. Node's own `headers` has dropped or joined some of them. */
export function headerValues(headers: RawHeaders, lowerName: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === lowerName);
}
