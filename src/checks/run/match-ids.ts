/**
 * Which checks a pattern names: `UPL-MP-07`, `MP-07`, `MP` and `UPL-MP-*`, in any case of letters.
 */

/** Whether any of the patterns names the id. */
export function matchesAny(id: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => expressionOf(pattern).test(id));
}

/** Patterns that name none of the ids: a mistake of whoever wrote them. */
export function unmatched(patterns: readonly string[], ids: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => !ids.some((id) => matchesAny(id, [pattern])));
}

/** A class alone stands for all of it. */
function expressionOf(pattern: string): RegExp {
  const whole = /^upl-/i.test(pattern) ? pattern : `UPL-${pattern}`;
  const isClass = /^upl-[a-z]+$/i.test(whole);
  const text = (isClass ? `${whole}-*` : whole).replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${text}$`, "i");
}
