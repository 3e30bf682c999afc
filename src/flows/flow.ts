/**
 * A flow as the rest of the gate sees it: checked, complete, frozen. Made by `load-flows.ts` from `flows/NAME/flow.yaml`.
 */

export type FlowMode = "off" | "observe" | "enforce";
export type FlowProtocol = "multipart" | "raw";
export type DeliveryKind = "forward" | "receipt";

/** What one file field takes. Sizes in bytes. */
export interface FileRule {
  /** Verified media types, or `any` for opaque octets. */
  readonly types: readonly string[] | "any";
  readonly sizeBytesMax: number;
  readonly countMax: number;
  readonly optional: boolean;
}

/** What one text field takes. Lengths in Unicode code points. */
export interface FieldRule {
  readonly lengthCharsMin: number;
  readonly lengthCharsMax: number;
  readonly countMax: number;
  readonly optional: boolean;
}

/** One upload route of a service and everything said about it. */
export interface Flow {
  readonly name: string;
  /** Absolute path of the flow's folder. */
  readonly folder: string;
  readonly summary: string;
  readonly owner: string;
  readonly noticed: string | null;
  readonly mode: FlowMode;
  readonly route: FlowRoute;
  readonly files: ReadonlyMap<string, FileRule>;
  readonly fields: ReadonlyMap<string, FieldRule>;
  readonly permissions: { readonly caller: "public" };
  readonly deliver: DeliveryKind;
  /** Name of an upstream of the settings. */
  readonly upstream: string;
  readonly forwardCredentials: boolean;
  /** First 16 hex digits of the SHA-256 of flow.yaml with the mode's word left out: the version of what was decided. */
  readonly policyVersion: string;
  /** Facts that the gate does not act on; shown by `explain`. */
  readonly notes: FlowNotes;
}

export interface FlowRoute {
  readonly method: string;
  /** Template as in OpenAPI: `/api/users/{user}/avatar`; each `{…}` matches one non-empty segment. */
  readonly path: string;
  readonly protocols: readonly FlowProtocol[];
}

export interface FlowNotes {
  readonly expect: { readonly status?: number; readonly [key: string]: unknown } | null;
  readonly failure: Readonly<Record<string, string>> | null;
  readonly rollback: { readonly note?: string; readonly command?: string; readonly tried?: string } | null;
}

/** What a route lookup finds. `methodMismatch` names the methods that the path does take. */
export type RouteMatch =
  | { readonly kind: "flow"; readonly flow: Flow }
  | { readonly kind: "method-mismatch"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

/** A loaded set of flows that cannot match one request twice. */
export interface FlowSet {
  readonly flows: readonly Flow[];
  /** @param path canonical path without query. */
  match(method: string, path: string): RouteMatch;
}
