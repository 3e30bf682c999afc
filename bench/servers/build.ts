/**
 * A peer that has to be built or fetched first, and that a run can do without.
 */

/** Where it is, or why there is none. */
export type Build =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: string };
