import assert from "node:assert/strict";
import { test } from "node:test";
import { VersionWatch } from "./version-watch.ts";

const MINUTE_MS = 60_000;

test("the first version is no change, the next one is", () => {
  const watch = new VersionWatch();
  assert.equal(watch.see("a", "1", 0), null);
  assert.deepEqual(watch.see("a", "2", 1), { version: "2", previous: "1" });
  assert.equal(watch.see("a", "2", 2), null);
});

test("two versions side by side are one change", () => {
  const watch = new VersionWatch();
  watch.remember("a", "1", 0);
  const changes = Array.from({ length: 100 }, (_, index) =>
    watch.see("a", index % 2 === 0 ? "2" : "1", index * 1000),
  );
  assert.equal(changes.filter((change) => change !== null).length, 1);
});

test("going back to a version that was gone is a change", () => {
  const watch = new VersionWatch();
  watch.remember("a", "1", 0);
  watch.see("a", "2", MINUTE_MS);
  watch.see("a", "2", 30 * MINUTE_MS);
  assert.deepEqual(watch.see("a", "1", 31 * MINUTE_MS), { version: "1", previous: "2" });
});

test("going back soon is a change as well, once the newer version is gone", () => {
  const watch = new VersionWatch();
  watch.remember("a", "1", 0);
  watch.see("a", "2", MINUTE_MS);
  const seen = Array.from({ length: 20 }, (_, minute) => watch.see("a", "1", (minute + 2) * MINUTE_MS));
  assert.deepEqual(
    seen.filter((change) => change !== null),
    [{ version: "1", previous: "2" }],
  );
});

test("a service that names another version with each answer makes few changes an hour", () => {
  const watch = new VersionWatch();
  let changes = 0;
  for (let index = 0; index < 10_000; index++) if (watch.see("a", `v${index}`, index) !== null) changes += 1;
  assert.equal(changes, 12);
});
