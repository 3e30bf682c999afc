/**
 * Looking into what is written before it is known to be right.
 */

/** Keys with whatever stands at them. */
export type WrittenGroup = Readonly<Record<string, unknown>>;

/** The group that is written, or an empty one where something else is. */
export function groupIn(written: unknown): WrittenGroup {
  return isGroup(written) ? written : {};
}

export function isGroup(written: unknown): written is WrittenGroup {
  return typeof written === "object" && written !== null && !Array.isArray(written);
}
