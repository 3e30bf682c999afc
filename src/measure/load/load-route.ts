/**
 * What a load thread is told of the route that it loads, and of one segment: plain data, which goes from thread to thread as it is.
 *
 * Always holds: credentials are in a segment's order and nowhere in what comes back.
 */
import type { TlsTrust } from "../../checks/open-connection.ts";
import type { AnswerPlace } from "../../checks/promise.ts";
import type { Flow, FlowMeasure } from "../../flows/flow.ts";
import type { MeasuredRequest } from "../measured-request.ts";
import type { LoadPlan, Segment } from "../measurement.ts";

/** A file of a form's field, or the raw body. */
export interface LoadFile {
  readonly field: string;
  /** As it is sent, without what makes it fresh. */
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** The largest that the field takes. */
  readonly sizeBytesMax: number;
}

/** One valid upload: the files that go together in it. */
export interface LoadSample {
  readonly files: readonly LoadFile[];
  /** First 16 hex digits of the SHA-256 over its files, before salting. */
  readonly digest: string;
}

/** The route, the same for all segments. */
export interface LoadRoute {
  readonly method: string;
  /** In a raw route `{name}` stands for the file's name. */
  readonly path: string;
  readonly protocol: "multipart" | "raw";
  readonly samples: readonly LoadSample[];
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Header lines of every request, no credentials. */
  readonly headers: readonly string[];
  readonly acceptedStatuses: readonly number[];
  /** Of the flow, what the recorded answer is read from. */
  readonly expectation: Pick<Flow, "folder" | "notes">;
  readonly caches: FlowMeasure["caches"];
  /** Whether the flow has shares, so that a 429 is a promise kept. */
  readonly hasShares: boolean;
  readonly requestIdHeader: string;
  /** Where an answer tells the id of what was stored; `null` where nobody says. */
  readonly idPlace: AnswerPlace | null;
  /** JSON pointer to where answers tell the SHA-256 of the first file; `null` where the control upload's did not. */
  readonly digestPointer: string | null;
  /** In front of every name, so that what is stored is known for ours: `flowcheck-20261122-190512-x7q2`. */
  readonly mark: string;
  readonly tls: TlsTrust;
}

/** One segment for the thread. */
export interface SegmentOrder {
  readonly arm: MeasuredRequest["arm"];
  readonly pair: number;
  readonly origin: string;
  readonly plan: LoadPlan;
  /** Header lines that say who sends: the same for all requests where there is one entry, else one entry each. */
  readonly credentials: readonly (readonly string[])[];
}

export type ToLoadThread =
  | { readonly kind: "run"; readonly order: SegmentOrder }
  | { readonly kind: "stop"; readonly why: string };

export type FromLoadThread =
  | { readonly kind: "progress"; readonly done: number; readonly of: number }
  /** `stored`: ids that answers to accepted uploads told; `unnamed`: how many told none. */
  | {
      readonly kind: "done";
      readonly segment: Segment;
      readonly stored: readonly string[];
      readonly unnamed: number;
    }
  /** Something is wrong with this program or its surroundings, not with the target. */
  | { readonly kind: "broken"; readonly message: string };
