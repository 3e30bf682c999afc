/**
 * The long fuzz run of the multipart parser, by hand: `node scripts/fuzz-multipart.ts --minutes 10 [--seed 1] [--python .venv/bin/python]`.
 *
 * In: minutes and a seed (printed, so that a run can be repeated). Out: exit 0 and counts, or exit 1 and the body that was read wrongly.
 * Compares each reading with undici, in this process, and with Starlette, in a Python process of `.venv`
 * (made by `npm start` and `npm test`).
 */
import { parseArgs } from "node:util";
import { checkMutant, type FuzzTally, fuzzSeeds, showMutant } from "../test/protocols/multipart-fuzz-case.ts";
import { mutate } from "../test/protocols/multipart-mutations.ts";
import { seededRandom } from "../test/protocols/multipart-reading.ts";
import { readWithUndici } from "../test/protocols/peer-readings.ts";
import { StarlettePeer } from "../test/protocols/starlette-peer.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, python: { type: "string" } },
});
const minutes = Number(values.minutes ?? 1);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

const starlette = new StarlettePeer(values.python ?? ".venv/bin/python");
console.log(`--minutes ${minutes} --seed ${seed}`);
try {
  process.exitCode = await run();
} finally {
  starlette.close();
}

async function run(): Promise<number> {
  const random = seededRandom(seed);
  const seeds = fuzzSeeds();
  const tally: FuzzTally = { cases: 0, accepted: 0, compared: 0 };
  const until = performance.now() + minutes * 60_000;
  while (performance.now() < until) {
    const mutant = mutate(seeds, random);
    const fault = await checkMutant(mutant, random, [readWithUndici, starlette.read], tally);
    if (fault === null) continue;
    console.error(`${fault}\n${showMutant(mutant)}\ncase ${tally.cases} of --seed ${seed}`);
    return 1;
  }
  console.log(JSON.stringify(tally));
  return 0;
}
