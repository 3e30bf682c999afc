/**
 * What differs between the arms beside the one thing that may, and what nobody could see.
 */
import type { Comparison } from "../comparison.ts";
import type { JudgedArm, JudgeInput } from "./judge-input.ts";

export interface FingerprintDifference {
  /** All keys with two values, the variable among them. */
  readonly differing: Comparison["differing"];
  readonly unseen: readonly string[];
  /** Sentences: what must not differ and does. */
  readonly confounded: readonly string[];
  /** The variable has two values; `null`: it could not be seen. */
  readonly isVariableDifferent: boolean | null;
}

export function fingerprintDifference(
  { a, b }: JudgeInput["arms"],
  variable: string,
  ignoredKeys: readonly string[],
): FingerprintDifference {
  const keys = [
    ...new Set([...Object.keys(a.fingerprint.values), ...Object.keys(b.fingerprint.values)]),
  ].sort();
  const rows = keys.map((key) => ({ key, a: valueIn(a, key), b: valueIn(b, key) }));
  const seen = rows.filter((row) => row.a !== null && row.b !== null);
  const differing = seen.filter((row) => row.a !== row.b);
  const extra = differing.filter(({ key }) => key !== variable && !ignoredKeys.includes(key));
  return {
    differing,
    unseen: rows.filter((row) => row.a === null || row.b === null).map(({ key }) => key),
    confounded: [
      ...extra.map((row) => `${row.key} differs too: ${row.a} and ${row.b}.`),
      ...changesOf(a, ignoredKeys),
      ...changesOf(b, ignoredKeys),
    ],
    isVariableDifferent: seen.some(({ key }) => key === variable)
      ? differing.some(({ key }) => key === variable)
      : null,
  };
}

function valueIn({ fingerprint }: JudgedArm, key: string): string | null {
  return fingerprint.values[key] ?? null;
}

/** The variable itself must not change within an arm either. */
function changesOf(
  { label, changedMeanwhile }: JudgedArm,
  ignoredKeys: readonly string[],
): readonly string[] {
  return changedMeanwhile
    .filter(({ key }) => !ignoredKeys.includes(key))
    .map(
      ({ key, from, to }) =>
        `${key} of ${label} changed while it was measured: from ${from ?? "unseen"} to ${to ?? "unseen"}.`,
    );
}
