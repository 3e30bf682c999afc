/**
 * What is different about the requests that went wrong, in a sentence each.
 */
import type { Difference } from "../../signals/history/history.ts";
import type { FlowPage } from "../console-api.ts";
import { sayShare } from "../say-figures.ts";

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
