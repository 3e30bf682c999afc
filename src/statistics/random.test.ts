import assert from "node:assert/strict";
import { test } from "node:test";
import { balancedCoin, derivedSeed, poissonArrivals, seededRandom, shuffled } from "./random.ts";
import { deviationOf, meanOf } from "./spread.ts";

test("the same seed gives the same numbers, another seed gives others", () => {
  const draw = (seed: number): readonly number[] => Array.from({ length: 5 }, seededRandom(seed));
  assert.deepEqual(draw(42), draw(42));
  assert.notDeepEqual(draw(42), draw(43));
  assert.notEqual(derivedSeed(42, 0), derivedSeed(42, 1));
});

test("the numbers fill the range from 0 to 1 evenly, and neighbours are unrelated", () => {
  const numbers = Array.from({ length: 100_000 }, seededRandom(7));
  assert.ok(numbers.every((each) => each >= 0 && each < 1));
  const cells = Array<number>(100).fill(0);
  for (const each of numbers) cells[Math.floor(each * 100)] = (cells[Math.floor(each * 100)] ?? 0) + 1;
  const chiSquare = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  // 99 degrees of freedom: 60 and 149 cut off a thousandth on either side.
  assert.ok(chiSquare > 60 && chiSquare < 149, `${chiSquare}`);
  const lagged = meanOf(numbers.slice(1).map((each, index) => (each - 0.5) * ((numbers[index] ?? 0) - 0.5)));
  assert.ok(Math.abs(lagged) < 0.0015, `${lagged}`);
});

test("arrivals come at the rate asked for, with gaps as different as those of a Poisson process", () => {
  const arrivals = poissonArrivals(20_000, 50, seededRandom(3));
  const gaps = arrivals.map((at, index) => at - (arrivals[index - 1] ?? 0));
  assert.ok(gaps.every((gap) => gap >= 0));
  assert.ok(Math.abs(meanOf(gaps) - 20) < 0.6, `${meanOf(gaps)}`);
  assert.ok(Math.abs(deviationOf(gaps) - 20) < 0.8, `${deviationOf(gaps)}`);
});

test("a balanced coin falls as often on one side as on the other, in an order by chance", () => {
  for (const count of [4, 8, 20, 21]) {
    const firsts = balancedCoin(count, seededRandom(count)).filter((each) => each).length;
    assert.ok(Math.abs(2 * firsts - count) <= 1, `${firsts} of ${count}`);
  }
  const orders = new Set(Array.from({ length: 40 }, (_, seed) => balancedCoin(4, seededRandom(seed)).join()));
  assert.equal(orders.size, 6);
});

test("shuffling keeps every item", () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const mixed = shuffled(items, seededRandom(9));
  assert.notDeepEqual(mixed, items);
  assert.deepEqual(
    [...mixed].sort((one, other) => one - other),
    items,
  );
});
