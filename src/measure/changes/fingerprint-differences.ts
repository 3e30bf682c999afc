/**
 * In what two measurements differ beside what was measured.
 */
import type { KeptMeasurement } from "./kept-figures-schema.ts";

export interface FingerprintDifferences {
  readonly differing: readonly {
    readonly key: string;
    readonly a: string | null;
    readonly b: string | null;
  }[];
  /** Could be seen in neither or one of the two. */
  readonly unseen: readonly string[];
}

type Values = KeptMeasurement["fingerprint"]["values"];

/** Keys in their order; a key that one of the two could not see is unseen, not different. */
export function fingerprintDifferences(a: Values, b: Values): FingerprintDifferences {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  const seen = (key: string): boolean => (a[key] ?? null) !== null && (b[key] ?? null) !== null;
  return {
    differing: keys
      .filter((key) => seen(key) && a[key] !== b[key])
      .map((key) => ({ key, a: a[key] ?? null, b: b[key] ?? null })),
    unseen: keys.filter((key) => !seen(key)),
  };
}

/** Whether a key is the variable, or belongs to it: `cache` and `cache.*` take `cache.cdn` in. */
export function isVariable(key: string, variable: string | undefined): boolean {
  if (variable === undefined) return false;
  const stem = variable.replace(/\.?\*$/, "");
  return key === variable || (variable !== stem && (key === stem || key.startsWith(`${stem}.`)));
}

/** Keys beside the variable that differ. Where none is named, one that differs is the variable. */
export function confounders(
  { differing }: Pick<FingerprintDifferences, "differing">,
  variable: string | undefined,
): string[] {
  if (variable === undefined && differing.length === 1) return [];
  return differing.map(({ key }) => key).filter((key) => !isVariable(key, variable));
}
