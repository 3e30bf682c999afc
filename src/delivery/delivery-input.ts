/**
 * What a delivery is made from: the request's head, cleaned, and the parts that were parsed and released, in the client's order.
 */

import type { ReleasedFile } from "../uploads/stages.ts";
import type { UploadId } from "../uploads/upload-id.ts";
import type { RawHeaders } from "../upstream/upstream.ts";

export type DeliveryPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly name: string; readonly file: ReleasedFile };

export interface DeliveryInput {
  readonly uploadId: UploadId;
  readonly flow: string;
  readonly policyVersion: string;
  readonly principal: string;
  readonly protocol: "multipart" | "raw";
  readonly method: string;
  /** Canonical path template of the flow's route, for the receipt. */
  readonly route: string;
  /** Canonical path with the client's query, as it goes to the service. */
  readonly target: string;
  /** Origin of the upstream: the receipt's audience. */
  readonly audience: string;
  /** End-to-end headers for the service, without Content-Type and Content-Length: those are the delivery's. */
  readonly headers: RawHeaders;
  /** A raw body has exactly one part of kind `file`. */
  readonly parts: readonly DeliveryPart[];
}
