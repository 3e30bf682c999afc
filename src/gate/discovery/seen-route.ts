/**
 * What traffic shows of an upload route that no flow describes: plain JSON, kept in the gate's data folder, from which `sluicegate init --from-traffic` drafts a flow.
 *
 * Always holds: counts, sizes and names of fields only. No value of a field, no name of a file and no byte of one is in it.
 */

/** How often something was seen, by a bounded number of names. */
export type Counts = Readonly<Record<string, number>>;

/** Sizes or times: extremes exact, `p95` within an eighth. `count` 0: the others are 0. */
export interface SeenSpread {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
}

export interface SeenFile {
  readonly name: string;
  /** In how many of the requests whose body could be read. */
  readonly requests: number;
  readonly countMax: number;
  readonly sizeBytes: SeenSpread;
  /** As parts declare them; `none` where they do not. */
  readonly declaredTypes: Counts;
  /** By what the files begin with: a media type, or words such as `a HEIC image`; `unknown`, `empty`. */
  readonly contents: Counts;
}

export interface SeenField {
  readonly name: string;
  readonly requests: number;
  readonly countMax: number;
  /** UTF-8 bytes. */
  readonly lengthMax: number;
}

export interface SeenRoute {
  readonly method: string;
  /** Template: `/api/users/{id}/avatar`. */
  readonly path: string;
  readonly protocol: "multipart" | "raw";
  /** Why it looks like an upload route. */
  readonly reason: string;
  readonly requests: number;
  /** Of them, how many bodies were read to their end. */
  readonly read: number;
  /** Unix milliseconds. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly statuses: Counts;
  readonly bodyBytes: SeenSpread;
  /** Milliseconds from the head to the end of the answer. */
  readonly durationMs: SeenSpread;
  /** What requests came with: `Bearer`, `Basic`, `cookie`, `api key`, `nothing`. */
  readonly credentials: Counts;
  readonly fromPages: number;
  readonly files: readonly SeenFile[];
  readonly fields: readonly SeenField[];
}

/** The file's content. */
export interface TrafficNotes {
  readonly version: 1;
  readonly savedAtMs: number;
  readonly routes: readonly SeenRoute[];
}
