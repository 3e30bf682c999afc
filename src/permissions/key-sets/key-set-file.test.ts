import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { refusalOf } from "../../../test/permissions/caller-requests.ts";
import { keySetText, makeSigner } from "../../../test/permissions/token-signer.ts";
import type { KeySet } from "./key-set.ts";
import { keySetFile } from "./key-set-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sluicegate-key-set-"));
const file = join(folder, "jwks.json");
const first = makeSigner("a");
const second = makeSigner("b");
let elapsedMs = 0;
let warnings: unknown[] = [];

beforeEach(() => {
  elapsedMs = 0;
  warnings = [];
  writeFileSync(file, keySetText(first));
});

after(() => rmSync(folder, { recursive: true }));

const open = () =>
  keySetFile(file, {
    elapsedMs: () => elapsedMs,
    log: { warn: (...said: unknown[]) => void warnings.push(said) },
  });

const knows = async (set: KeySet, kid: string): Promise<boolean> =>
  (await set.candidates({ alg: "ES256", kid })).length === 1;

test("the file is looked at again after a second, and read again where it has changed", async () => {
  const source = open();
  const before = await source.current();
  writeFileSync(file, keySetText(second));
  elapsedMs = 999;
  assert.equal(await source.current(), before);
  elapsedMs = 1000;
  const set = await source.known();
  assert.ok(await knows(set, "b"));
  assert.ok(!(await knows(set, "a")));
  elapsedMs = 5000;
  assert.equal(await source.current(), set, "a file that did not change is not read again");
});

test("a file that is replaced by one of the same size and time is another file", async () => {
  const other = join(folder, "other.json");
  writeFileSync(other, keySetText(second));
  for (const path of [file, other]) utimesSync(path, 1_800_000_000, 1_800_000_000);
  assert.equal(statSync(other).size, statSync(file).size);
  const source = open();
  await source.current();
  renameSync(other, file);
  elapsedMs = 1000;
  assert.ok(await knows(await source.current(), "b"));
});

test("a newer set is given only where the file has changed", async () => {
  const source = open();
  const set = await source.current();
  elapsedMs = 1000;
  assert.equal(await source.newerThan(set), null);
  writeFileSync(file, keySetText(first, second));
  elapsedMs = 2000;
  const newer = await source.newerThan(set);
  assert.ok(newer !== null && (await knows(newer, "b")));
});

test("a file that is missing or half written for a moment is passed over; after ten seconds nobody is recognised", async () => {
  for (const spoil of [() => rmSync(file), () => writeFileSync(file, '{"keys":[{')]) {
    writeFileSync(file, keySetText(first));
    const source = open();
    const began = elapsedMs;
    const set = await source.current();
    spoil();
    elapsedMs = began + 9999;
    assert.equal(await source.current(), set);
    elapsedMs = began + 11_000;
    const refusal = await refusalOf(() => source.current());
    assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
    assert.equal(refusal.retryAfterSeconds, 1);
    writeFileSync(file, keySetText(first, second));
    elapsedMs += 1000;
    assert.ok(await knows(await source.current(), "b"));
  }
  assert.equal(warnings.length, 2, "each failure is logged once, however often it is met");
});

test("a file that is missing from the start recognises nobody, and no path is told", async () => {
  rmSync(file);
  const refusal = await refusalOf(() => open().current());
  assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
  assert.equal(refusal.status, 503);
  assert.ok(!JSON.stringify([refusal.message, refusal.details]).includes(folder));
});

test("a file of unbounded size is not read whole", async () => {
  writeFileSync(file, keySetText(first) + " ".repeat(300 * 1024));
  assert.equal((await refusalOf(() => open().current())).code, "PERMISSION_UNAVAILABLE");
  assert.match(String((warnings[0] as { err: Error }[])[0]?.err), /larger than 262144 bytes/);
});

test("callers that come at once cause one reading", async () => {
  const source = open();
  const sets = await Promise.all(Array.from({ length: 20 }, () => source.current()));
  assert.equal(new Set(sets).size, 1);
});
