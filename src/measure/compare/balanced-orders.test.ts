import assert from "node:assert/strict";
import { test } from "node:test";
import { balancedOrders } from "./balanced-orders.ts";

test("half of the pairs begin with either arm, after each four pairs", () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const orders = balancedOrders(20, seed);
    for (let end = 4; end <= 20; end += 4) {
      assert.equal(orders.slice(0, end).filter((order) => order === "ab").length, end / 2, `seed ${seed}`);
    }
  }
});

test("the same seed draws the same orders, and another one others", () => {
  assert.deepEqual(balancedOrders(20, 7), balancedOrders(20, 7));
  const drawn = new Set(Array.from({ length: 20 }, (_, seed) => balancedOrders(20, seed).join()));
  assert.ok(drawn.size > 10, `${drawn.size} different orders of 20 seeds`);
});

test("a longer run begins like a shorter one with the same seed", () => {
  assert.deepEqual(balancedOrders(20, 3).slice(0, 8), balancedOrders(8, 3));
});
