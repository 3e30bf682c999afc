/**
 * One case of the fuzz run: what must hold of our reading of any bytes at all, and of ours beside a peer's.
 */
import { isDeepStrictEqual } from "node:util";
import { readBoundary } from "../../src/protocols/multipart/content-type.ts";
import { type Fixture, readClientFixtures, readMultipartFixtures } from "./multipart-fixtures.ts";
import type { Mutant } from "./multipart-mutations.ts";
import { type Reading, randomSplits, readChunks } from "./multipart-reading.ts";
import { findDifference, type PeerReader } from "./peer-readings.ts";

/** Bodies longer than this only make the run slow: what they are for is in the fixture test. */
const SEED_BYTES_MAX = 4096;

const TIGHT_LIMITS = { partsMax: 1, partHeaderBytesMax: 90, partHeadersMax: 2 } as const;
const TIGHT_CODES: ReadonlySet<string> = new Set([
  "PROTOCOL_TOO_MANY_PARTS",
  "PROTOCOL_PART_HEADER_TOO_LARGE",
]);

/** Counts of a run, so that one that compares nothing is seen. */
export interface FuzzTally {
  cases: number;
  accepted: number;
  /** Accepted by us and by the peer: these are compared. */
  compared: number;
}

/** Every fixture that must pass, to begin from. */
export function fuzzSeeds(): (Fixture & { boundary: string })[] {
  return [...readMultipartFixtures(), ...readClientFixtures()].flatMap((fixture) => {
    if (fixture.body.length > SEED_BYTES_MAX || "code" in fixture.expected) return [];
    return [{ ...fixture, boundary: readBoundary(fixture.contentType) }];
  });
}

/**
 * Reads one mutant and checks it.
 * @returns a sentence that says what does not hold, or `null`. `readChunks` throws where the parser throws anything but a GateError.
 */
export async function checkMutant(
  mutant: Mutant,
  random: () => number,
  peers: readonly PeerReader[],
  tally: FuzzTally,
): Promise<string | null> {
  tally.cases++;
  const ours = readChunks(mutant.boundary, [mutant.body]);
  const cut = readChunks(mutant.boundary, randomSplits(mutant.body, random));
  if (!isDeepStrictEqual(ours, cut))
    return `cut at random it reads otherwise: ${shown(ours)} and ${shown(cut)}`;
  if ("code" in ours)
    return ours.byteOffset <= mutant.body.length ? null : `an offset past the end: ${shown(ours)}`;
  tally.accepted++;
  const tight = readChunks(mutant.boundary, [mutant.body], TIGHT_LIMITS);
  if (!keepsLimits(tight, ours)) return `under tighter limits it reads otherwise: ${shown(tight)}`;
  for (const read of peers) {
    const theirs = await read(mutant);
    if (theirs === null) continue;
    tally.compared++;
    const difference = findDifference(ours.parts, theirs);
    if (difference !== null) return `another parser reads otherwise: ${JSON.stringify(difference)}`;
  }
  return null;
}

/** Under tighter limits a body is read the same or refused, and never to more parts than allowed. */
function keepsLimits(tight: Reading, ours: Reading): boolean {
  if ("code" in tight) return TIGHT_CODES.has(tight.code);
  return tight.parts.length <= TIGHT_LIMITS.partsMax && isDeepStrictEqual(tight, ours);
}

function shown(reading: Reading): string {
  return "code" in reading ? `${reading.code} at ${reading.byteOffset}` : `${reading.parts.length} parts`;
}

/** A mutant as text that can be pasted into a fixture. */
export function showMutant({ contentType, body }: Mutant): string {
  return JSON.stringify({ contentType, body: body.toString("latin1") }, null, 2);
}
