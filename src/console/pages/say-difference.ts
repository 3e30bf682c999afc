/**
 * What is different about the requests that went wrong, in a sentence each.
 */
import type { Difference } from "../../signals/history/history.ts";
import type { FlowPage } from "../console-api.ts";
import { sayShare } from "../say-figures.ts";

const BAD_MIN = 5;
const SHARE_MIN = 0.2;

/** So that it reads after "of the bad ones 80 %". */
const PHRASES: Readonly<Record<Difference["property"], (value: string) => string>> = {
  size: (value) => `are ${value} in size`,
  type: (value) => `are of type ${value}`,
  client: (value) => `were sent by ${value}`,
  version: (value) => `were answered by version ${value} of the service`,
  cache: (value) => `had the cache state ${value}`,
  code: (value) => `ended with ${value}`,
  path: (value) => `went to ${value}`,
};

/** Whether a person should look at it: of one bad request everything is different. */
export function isTelling({ bad, badShare, goodShare }: Difference): boolean {
  return bad >= BAD_MIN && Math.abs(badShare - goodShare) >= SHARE_MIN;
}

export function makeDifference(difference: Difference): FlowPage["differences"][number] {
  const { property, value, badShare, goodShare } = difference;
  const none = goodShare === 0 ? "none" : sayShare(goodShare);
  return {
    sentence: `Of the bad ones ${sayShare(badShare)} ${PHRASES[property](value)}, of the good ones ${none}.`,
    property,
    value,
    badShare,
    goodShare,
  };
}
