/**
 * What a flow's shares leave a drill room for: its uploads are real ones, and a share that turns them away would look like the failure.
 */
import type { Flow } from "../flows/flow.ts";

/** So many uploads may be under way at once, whoever sends them; `Infinity` where the flow says nothing. */
export function atOnceMax({ permissions }: Flow): number {
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...permissions.shares.map((share) =>
      share.kind === "concurrent" ? share.uploadsMax : Number.POSITIVE_INFINITY,
    ),
  );
}

/** Why the flow's shares leave no room for so many uploads, or `null`. */
export function lacksRoom({ permissions }: Flow, uploads: number): string | null {
  for (const share of permissions.shares) {
    const max = share.kind === "rate" ? share.requestsMax : share.kind === "quota" ? share.filesMax : null;
    if (max !== null && max < uploads)
      return `The drill sends up to ${uploads} uploads, and the flow's share ${share.name} allows ${max}.`;
  }
  return null;
}
