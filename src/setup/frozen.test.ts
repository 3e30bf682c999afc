import assert from "node:assert/strict";
import { test } from "node:test";
import { deepFreeze, frozenMap } from "./frozen.ts";

test("a frozen map reads like any map and takes no change", () => {
  const map = frozenMap([["a", { list: [1] }]]) as Map<string, { list: number[] }>;
  assert.equal(map.get("a")?.list[0], 1);
  assert.throws(() => map.set("b", { list: [] }), TypeError);
  assert.throws(() => map.delete("a"), TypeError);
  assert.throws(() => map.clear(), TypeError);
  assert.throws(() => map.get("a")?.list.push(2), TypeError);
});

test("objects are frozen all the way down", () => {
  const value = deepFreeze({ a: { b: [{ c: 1 }] } });
  assert.throws(() => {
    (value.a.b[0] as { c: number }).c = 2;
  }, TypeError);
});
