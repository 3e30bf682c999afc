/**
 * Chance that can be repeated: the same seed gives the same schedule, the same order, the same permutations.
 *
 * Always holds: no clock and no entropy of the machine is read. Not for secrets: whoever sees some numbers can tell the next ones.
 */

/** Gives the next number, from 0 to below 1. */
export type Random = () => number;

/**
 * A generator of 32-bit numbers, sfc32 of PractRand, 128 bits of state.
 * @param seed  any number; its lower 32 bits count.
 * @see Chris Doty-Humphrey, PractRand, "sfc32"; seeded by splitmix32 (Steele, Lea, Flood 2014)
 */
export function seededRandom(seed: number): Random {
  const seeds = splitMix(seed);
  let [a, b, c, counter] = [seeds(), seeds(), seeds(), 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** A seed of its own for each number of a row, so that neighbours have nothing in common. */
export function derivedSeed(seed: number, number: number): number {
  return splitMix(seed ^ Math.imul(number + 1, 0x9e3779b1))() >>> 0;
}

function splitMix(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

/**
 * When the requests of an open loop are due: arrivals of a Poisson process, as of many clients that know nothing of each other.
 * @returns milliseconds from the beginning, ascending, the first not at 0.
 */
export function poissonArrivals(count: number, ratePerSecond: number, random: Random): readonly number[] {
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += (-Math.log(1 - random()) / ratePerSecond) * 1000;
    return atMs;
  });
}

/**
 * Which of two goes first, as often one as the other: in each block of four there are two of each, in an order by chance. Of an odd rest, one more.
 * @returns `true` where the first goes first.
 */
export function balancedCoin(count: number, random: Random): readonly boolean[] {
  const order: boolean[] = [];
  while (order.length < count) {
    const left = Math.min(4, count - order.length);
    const extra = left % 2 === 1 && random() < 0.5 ? 1 : 0;
    const firsts = Math.floor(left / 2) + extra;
    order.push(
      ...shuffled(
        Array.from({ length: left }, (_, index) => index < firsts),
        random,
      ),
    );
  }
  return order;
}

/** In another order, each equally likely. @see Fisher and Yates; Durstenfeld 1964 */
export function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const rest = [...items];
  const drawn: Item[] = [];
  while (rest.length > 0) drawn.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return drawn;
}
