/**
 * Spellings of a flow's path that the gate reads as another path and some services as the same: a slash too many, another letter case,
 * `;parameters`, a dot at the end. A body sent there would go around the flow (frameworks with lenient slashes or case-insensitive routes).
 */
import type { Flow } from "../flows/flow.ts";

/** The enforced flow whose path this one nearly is, or `null`. @param path canonical, and not the path of a flow itself */
export function nearMiss(flows: readonly Flow[], path: string): Flow | null {
  const segments = fold(path);
  return flows.find((flow) => flow.mode === "enforce" && isSame(fold(flow.route.path), segments)) ?? null;
}

/** Segments in lower case, without empty ones, parameters and trailing dots. */
function fold(path: string): string[] {
  return path
    .toLowerCase()
    .split("/")
    .map((segment) => segment.replace(/;.*$/, "").replace(/(?:\.|%20|\s)+$/, ""))
    .filter((segment) => segment !== "");
}

function isSame(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) => part.startsWith("{") || part === segments[index])
  );
}
