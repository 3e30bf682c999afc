/**
 * Looking into a header list as it stood on the wire: name, value, name, value …
 */
import type { RawHeaders } from "./upstream.ts";

/** All values of a header, in order. Node's own `headers` has dropped or joined some of them. */
export function headerValues(headers: RawHeaders, lowerName: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (name.length === lowerName.length && name.toLowerCase() === lowerName)
      values.push(headers[at + 1] ?? "");
  }
  return values;
}
