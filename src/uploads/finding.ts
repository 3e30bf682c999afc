/**
 * What an inspector saw, and what follows from it.
 */

/** `info` is only told; `doubt` is told and may hold; `refuse` makes the verdict `reject`. */
export type Severity = "info" | "doubt" | "refuse";

/**
 * One thing an inspector saw.
 * - `code`: a code of `problems/` whose stage is `inspection`, e.g. `FILE_TRAILING_BYTES`.
 * - `byteOffset`: where in the file, in bytes from its start; `null` where it concerns the whole file.
 * - `expected` / `seen`: plain words for a person; never file bytes, never a path.
 */
export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly byteOffset: number | null;
  readonly expected: string;
  readonly seen: string;
}

/** The four outcomes of an inspection. */
export type VerdictOutcome = "accept" | "sanitise" | "hold" | "reject";

/** An outcome with the findings that led to it. */
export interface Verdict {
  readonly outcome: VerdictOutcome;
  readonly findings: readonly Finding[];
}
