/**
 * The bounded fuzz run of CI. Longer by hand: `scripts/fuzz-multipart.ts`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkMutant,
  type FuzzTally,
  fuzzSeeds,
  showMutant,
} from "../../../test/protocols/multipart-fuzz-case.ts";
import { mutate } from "../../../test/protocols/multipart-mutations.ts";
import { seededRandom } from "../../../test/protocols/multipart-reading.ts";
import { readWithUndici } from "../../../test/protocols/peer-readings.ts";

const CASES = 5000;

test("mutated bodies: only GateErrors, the same however they are cut, and never read otherwise than by undici", async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const seeds = fuzzSeeds();
  const tally: FuzzTally = { cases: 0, accepted: 0, compared: 0 };
  while (tally.cases < CASES) {
    const mutant = mutate(seeds, random);
    const fault = await checkMutant(mutant, random, [readWithUndici], tally);
    assert.equal(fault, null, `SEED=${seed}\n${showMutant(mutant)}`);
  }
  t.diagnostic(JSON.stringify(tally));
  assert.ok(tally.compared > CASES / 20, `hardly anything was compared: ${JSON.stringify(tally)}`);
});
