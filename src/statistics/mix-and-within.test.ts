import assert from "node:assert/strict";
import { test } from "node:test";
import { mixAndWithin } from "./mix-and-within.ts";

const HIT = { shareBefore: 0.2, shareAfter: 0.45, meanBefore: 10, meanAfter: 10 };
const MISS = { shareBefore: 0.8, shareAfter: 0.55, meanBefore: 40, meanAfter: 40 };

test("where only the mix moved, all of the difference is mix", () => {
  const { mix, within } = mixAndWithin([HIT, MISS]);
  assert.ok(Math.abs(mix + 7.5) < 1e-12 && Math.abs(within) < 1e-12);
});

test("where only the classes moved, none of it is mix", () => {
  const { mix, within } = mixAndWithin([
    { ...HIT, shareAfter: 0.2, meanAfter: 8 },
    { ...MISS, shareAfter: 0.8, meanAfter: 30 },
  ]);
  assert.ok(Math.abs(mix) < 1e-12 && Math.abs(within + 8.4) < 1e-12);
});

test("both parts together are the whole difference", () => {
  const classes = [
    { ...HIT, meanAfter: 7 },
    { ...MISS, meanAfter: 55 },
  ];
  const { mix, within } = mixAndWithin(classes);
  const after = 0.45 * 7 + 0.55 * 55;
  const before = 0.2 * 10 + 0.8 * 40;
  assert.ok(Math.abs(mix + within - (after - before)) < 1e-12);
});
