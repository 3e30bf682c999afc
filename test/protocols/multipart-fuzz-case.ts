/**
 * One case of the fuzz run: what must hold of our reading of any bytes at all, and of ours beside a peer's.
 */
import { isDeepStrictEqual } from "node:util";
import { readBoundary } from "../../src/protocols/multipart/content-type.ts";
import { type Fixture, readClientFixtures, readMultipartFixtures } from "./multipart-fixtures.ts";
import type { Mutant } from "./multipart-mutations.ts";
import { type Reading, randomSplits, readChunks, TEST_LIMITS } from "./multipart-reading.ts";
import { findDifference, type PeerReader } from "./peer-readings.ts";

/** Bodies longer than this only make the run slow: what they are for is in the fixture test. */
const SEED_BYTES_MAX = 4096;

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
  const excess = beyondLimits(ours, mutant.body);
  if (excess !== null) return excess;
  for (const read of peers) {
    const theirs = await read(mutant);
    if (theirs === null) continue;
    tally.compared++;
    const difference = findDifference(ours.parts, theirs);
    if (difference !== null) return `another parser reads otherwise: ${JSON.stringify(difference)}`;
  }
  return null;
}

function beyondLimits({ parts }: { parts: readonly { content: Buffer }[] }, body: Buffer): string | null {
  if (parts.length > TEST_LIMITS.partsMax) return `${parts.length} parts`;
  const contentBytes = parts.reduce((sum, { content }) => sum + content.length, 0);
  return contentBytes > body.length ? "more content than body" : null;
}

function shown(reading: Reading): string {
  return "code" in reading ? `${reading.code} at ${reading.byteOffset}` : `${reading.parts.length} parts`;
}

/** A mutant as text that can be pasted into a fixture. */
export function showMutant({ contentType, body }: Mutant): string {
  return JSON.stringify({ contentType, body: body.toString("latin1") }, null, 2);
}
