import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

const LOOK_EVERY_MS = 20;

/** Looks until it is so. @param seen what else a failure should show @throws AssertionError after `withinMs` */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  { withinMs = 10_000, seen = () => "" }: { readonly withinMs?: number; readonly seen?: () => string } = {},
): Promise<void> {
  const givesUpAt = performance.now() + withinMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < givesUpAt, `not within ${withinMs / 1000} s: ${what}\n${seen()}`);
    await wait(LOOK_EVERY_MS);
  }
}
