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
  return [...input.headers, ...own, "Sluicegate-Delivery", kind, "Sluicegate-Upload", input.uploadId];
}
