/**
 * A set of flows that cannot match one request twice, and the lookup by method and path.
 */
import { GateError } from "../problems/gate-error.ts";
import type { Flow, FlowSet, RouteMatch } from "./flow.ts";
import { commonPath, matchesTemplate, type TemplateSegment, templateSegments } from "./route-template.ts";

interface Entry {
  readonly flow: Flow;
  readonly segments: readonly TemplateSegment[];
}

/** Two flows that one request could match, and such a request. */
export interface FlowOverlap {
  readonly first: Flow;
  readonly second: Flow;
  readonly request: string;
}

/**
 * Makes the set.
 * @throws GateError FLOW_OVERLAP where two flows could match one request; `loadFlows` tells it as a problem first.
 */
export function makeFlowSet(flows: readonly Flow[]): FlowSet {
  const overlap = findOverlaps(flows)[0];
  if (overlap !== undefined) throw new GateError("FLOW_OVERLAP", { message: overlapSentence(overlap) });
  const byLength = Map.groupBy(flows.map(entryOf), (entry) => entry.segments.length);
  return Object.freeze({
    flows: Object.freeze([...flows]),
    match: (method: string, path: string) => matchRoute(byLength, method, path),
  });
}

/** Every pair of flows that could match one request. */
export function findOverlaps(flows: readonly Flow[]): FlowOverlap[] {
  const entries = flows.map(entryOf);
  return entries.flatMap((second, index) =>
    entries.slice(0, index).flatMap((first) => {
      if (first.flow.route.method !== second.flow.route.method) return [];
      const path = commonPath(first.segments, second.segments);
      if (path === null) return [];
      return [{ first: first.flow, second: second.flow, request: `${first.flow.route.method} ${path}` }];
    }),
  );
}

/** One sentence that names both flows and a request that both would take. */
export function overlapSentence(overlap: FlowOverlap): string {
  const { first, second, request } = overlap;
  return `the flows "${first.name}" (${first.route.path}) and "${second.name}" (${second.route.path}) could both match ${request}; change the path or the method of one of them.`;
}

function entryOf(flow: Flow): Entry {
  return { flow, segments: templateSegments(flow.route.path) };
}

function matchRoute(
  byLength: ReadonlyMap<number, readonly Entry[]>,
  method: string,
  path: string,
): RouteMatch {
  if (!path.startsWith("/")) return { kind: "none" };
  const segments = path.slice(1).split("/");
  const found = (byLength.get(segments.length) ?? []).filter((entry) =>
    matchesTemplate(entry.segments, segments),
  );
  const flow = found.find((entry) => entry.flow.route.method === method)?.flow;
  if (flow !== undefined) return { kind: "flow", flow };
  if (found.length === 0) return { kind: "none" };
  return {
    kind: "method-mismatch",
    allowed: [...new Set(found.map((entry) => entry.flow.route.method))].sort(),
  };
}
