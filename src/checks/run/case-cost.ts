/**
 * What a case or a scenario costs at most, before anything is sent.
 *
 * Requests are exact for cases and a ceiling for scenarios, which say themselves how many they may need. Bytes are counted by going through the
 * steps of a probe. For a route with a large limit the probe is not made: it is made for two small limits instead, and the line through both
 * sizes is followed to the real limit, as each probe either grows with the limit or does not. A probe that has to be refused before a certain
 * amount was taken counts as what a target takes that keeps its limit; the cap on bytes ends it where one does not.
 */
import type { CheckCase, Probe, Target } from "../check.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Scenario } from "../scenario.ts";
import type { Cost } from "./check-run.ts";

const SMALL_LIMIT_BYTES = 256 * 1024;
const EARLY_BYTES = 1024 * 1024;

/** @param countMax where counting stops */
export function sizeOf(probe: Probe, countMax: number): number {
  let bytes = 0;
  for (const step of probe.steps()) {
    if (step instanceof Uint8Array) bytes += step.length;
    else if (typeof step === "object" && "regardless" in step) bytes += step.regardless.length;
    if (bytes > countMax) break;
  }
  return bytes;
}

/** The target with a limit at which any probe is made at once. */
export function withSmallLimit(target: Target): Target {
  return withLimit(target, Math.min(target.file.sizeBytesMax, smallLimit(target)));
}

function smallLimit(target: Target): number {
  return Math.max(SMALL_LIMIT_BYTES, 4 * target.file.control.bytes.length);
}

function withLimit(target: Target, sizeBytesMax: number): Target {
  return { ...target, file: { ...target.file, sizeBytesMax } };
}

/** Bytes of a probe that is made for a target, whatever its limit. */
export function estimatedSize(make: (target: Target) => Probe, target: Target, countMax: number): number {
  const small = smallLimit(target);
  const limit = target.file.sizeBytesMax;
  if (limit <= 2 * small) return sizeOf(make(target), countMax);
  const at = (sizeBytesMax: number): number => sizeOf(make(withLimit(target, sizeBytesMax)), countMax);
  const [one, two] = [at(small), at(2 * small)];
  return Math.round(one + ((two - one) / small) * (limit - small));
}

/** @param target with any credential: its length is all that counts */
export function costOfCase(each: CheckCase, target: Target, bytesMax: number): Cost {
  const copies = each.copies ?? 1;
  const hasTwin = each.twin !== "control" || each.copies !== undefined;
  const most = estimatedSize(each.probe, target, bytesMax);
  const earlyBytes = each.expect.outcome === "accepted" ? undefined : each.expect.takenBytesMax;
  const attack = earlyBytes === undefined ? most : Math.min(most, takenOf(target, earlyBytes));
  const make = each.twin === "control" ? controlProbe : each.twin;
  const twin = hasTwin ? estimatedSize(make, target, bytesMax) : 0;
  return { requests: copies + (hasTwin ? 1 : 0), sentBytes: copies * attack + twin };
}

/** What a target takes before it refuses; one that has promised no limit may have none, and is sent what shows that. */
function takenOf({ file, unpromised }: Target, earlyBytes: number): number {
  const kept = file.sizeBytesMax + EARLY_BYTES;
  return unpromised?.has("size") === true ? Math.max(kept, earlyBytes + EARLY_BYTES) : kept;
}

/** A ceiling of requests; bytes as if each of them were the control upload. */
export function costOfScenario(each: Scenario, controlBytes: number): Cost {
  const requests = each.requestsMax * (each.twin === "control" ? 1 : 2);
  return { requests, sentBytes: requests * controlBytes };
}
