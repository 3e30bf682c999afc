/**
 * What a flow promises beyond a single upload, in the words of the checks: shares, retries, what nobody has promised.
 */
import type { Flow, ShareRule } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import { GATE_PROMISES } from "../gate-promises.ts";
import type { Promises, Topic } from "../promise.ts";

/** Statuses of an accepted upload where a flow does not say which. */
export const USUAL_STATUSES: readonly number[] = [200, 201, 202, 204];

/** What holds whoever keeps it: the gate in front, or the service itself. What `verify` says is joined by `sight/`. */
export function promisesOf({ permissions, retry }: Flow): Promises {
  return {
    ...rateOf(permissions.shares),
    ...quotaOf(permissions.shares),
    ...(retry.idempotencyKey === "off" ? {} : { idempotencyKey: retry.idempotencyKey }),
  };
}

/** What a Sluicegate gate adds to a flow of its own. @see docs: what every answer of the gate tells */
export function promisesOfGate(flow: Flow, settings: Settings | null): Promises {
  const kept = flow.failure.upstreamDown === "retry" ? { keptStatuses: [202] } : {};
  const atOnceMax = settings === null ? undefined : mostAtOnce(flow, settings);
  return {
    ...GATE_PROMISES,
    ...(atOnceMax === undefined ? {} : { atOnceMax }),
    ...kept,
  };
}

/** A run sends from one address, as few principals: the smallest bound on uploads at once is the one that it meets. */
function mostAtOnce({ permissions }: Flow, { limits }: Settings): number {
  const shares = permissions.shares.filter((share) => share.kind === "concurrent");
  return Math.min(limits.uploads, ...shares.map(({ uploadsMax }) => uploadsMax));
}

/** The rate that is used up first. */
function rateOf(shares: readonly ShareRule[]): Pick<Promises, "rate"> {
  const rates = shares.filter((share) => share.kind === "rate");
  const [first] = rates.toSorted((a, b) => a.requestsMax - b.requestsMax);
  return first === undefined ? {} : { rate: { requestsMax: first.requestsMax, everyMs: first.windowMs } };
}

function quotaOf(shares: readonly ShareRule[]): Pick<Promises, "quota"> {
  const quotas = shares.filter((share) => share.kind === "quota");
  if (quotas.length === 0) return {};
  return {
    quota: {
      filesMax: smallest(quotas.map(({ filesMax }) => filesMax)),
      bytesMax: smallest(quotas.map(({ bytesMax }) => bytesMax)),
    },
  };
}

function smallest(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((each) => each !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Topics on which a flow keeps silent: what is inside of files, unless `inspect` promises it; who sends, where anybody may. */
export function unpromisedBy({ inspect, permissions, verify }: Flow): ReadonlySet<Topic> {
  const topics: Topic[] = [];
  if (!inspect.malware) topics.push("malware");
  if (inspect.archives === null) topics.push("archives");
  if (inspect.images === null) topics.push("images");
  if (inspect.documents?.activeContent !== "refuse") topics.push("documents");
  if (permissions.caller === "public" && (verify?.credentials ?? null) === null) topics.push("callers");
  return new Set(topics);
}
