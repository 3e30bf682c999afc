/**
 * The headers that every delivery sets, whatever its body.
 */
import type { RawHeaders } from "../upstream/upstream.ts";
import type { DeliveryInput } from "./delivery-input.ts";

/**
 * The client's end-to-end headers with the gate's own. `Content-Length` is not among them: the upstream writes it from `bodyBytes`.
 * @param own further headers, such as Content-Type.
 */
export function deliveryHeaders(
  input: DeliveryInput,
  kind: "forward" | "receipt",
  own: RawHeaders,
): RawHeaders {
  return [
    ...input.headers,
    ...own,
    "Sluicegate-Delivery",
    kind,
    "Sluicegate-Upload",
    input.uploadId,
    "Sluicegate-Principal",
    headerText(input.principal),
  ];
}

/** Text as a header value: visible ASCII as it is, all else and `%` percent-encoded (UTF-8). @see RFC 9110 section 5.5; RFC 3986 section 2.1 */
function headerText(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]/gu, (unit) =>
    [...Buffer.from(unit)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
