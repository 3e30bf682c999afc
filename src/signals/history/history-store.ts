/**
 * What history needs of the records: the part of `records/records.ts` that keeps it, in the same words.
 */

export interface PointRow {
  readonly stepMs: number;
  readonly fromMs: number;
  readonly flow: string;
  readonly writer: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly counts: string;
  readonly times: string;
  readonly values: string;
}

export interface RequestRow {
  readonly flow: string;
  readonly because: string;
  readonly atMs: number;
  readonly requestId: string;
  readonly signal: string;
}

export interface MarkRow {
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly flow: string | null;
  readonly version: string | null;
  readonly previous: string | null;
  readonly note: string | null;
  readonly by: string | null;
}

export interface SeenRow {
  readonly flow: string;
  readonly what: "policy" | "mode" | "version";
  readonly value: string;
  readonly atMs: number;
}

export interface HistoryStore {
  remember(change: {
    readonly points?: readonly PointRow[];
    readonly requests?: readonly RequestRow[];
    readonly marks?: readonly MarkRow[];
    readonly seen?: readonly SeenRow[];
  }): Promise<void>;
  historySeen(): Promise<readonly SeenRow[]>;
  forgetHistory(nowMs: number, limit: number): Promise<number>;
}
