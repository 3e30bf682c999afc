import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { UNWRITTEN_MEASURE } from "../../flows/measure/unwritten.ts";
import { GateError } from "../../problems/gate-error.ts";
import { clearableCaches, clearCaches } from "./clear-caches.ts";
import { armsOfSwitch } from "./comparison-arm.ts";

const folder = mkdtempSync(join(tmpdir(), "comparison-arm-"));
const runs = join(folder, "runs");
const never = new AbortController().signal;
let answersBefore = 0;
const server = createServer((_, response) => {
  answersBefore -= 1;
  response.writeHead(answersBefore >= 0 ? 503 : 200).end();
});
let origin = "";

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const ran = (): string => readFileSync(runs, "utf8").trim().replaceAll("\n", " | ");

test("a host is switched by its command only where it is not there already, and then waited for", async () => {
  writeFileSync(runs, "");
  const arms = armsOfSwitch({
    command: 'echo "{arm} $SLUICEGATE_ARM" >> runs',
    folder,
    origin,
    words: { a: "v1", b: "v2" },
    readyPath: "/",
  });
  answersBefore = 2;
  await arms.b.prepare(never);
  assert.ok(answersBefore < 0, "it was asked until it answered");
  await arms.a.prepare(never);
  await arms.a.prepare(never);
  await arms.b.prepare(never);
  assert.equal(ran(), "v2 v2 | v1 v1 | v2 v2");
  assert.deepEqual([arms.a.label, arms.b.label], ["v1", "v2"]);
});

test("a target that never gets ready after a switch is an error, and so is a command that fails", async () => {
  const input = { folder, origin, words: { a: "v1", b: "v2" }, readyPath: "/", readyWithinMs: 250 };
  answersBefore = 1_000_000;
  await assert.rejects(
    armsOfSwitch({ ...input, command: "true {arm}" }).a.prepare(never),
    (error) =>
      error instanceof GateError &&
      error.code === "COMPARE_SWITCH_FAILED" &&
      error.seen?.includes("503") === true,
  );
  answersBefore = 0;
  await assert.rejects(armsOfSwitch({ ...input, command: "exit 7 # {arm}" }).a.prepare(never), /exit code 7/);
});

test("declared caches are cleared, each by its own command, in order, and no other", async () => {
  writeFileSync(runs, "");
  const measure = {
    ...UNWRITTEN_MEASURE,
    caches: [
      { name: "sheets", header: null, clear: 'echo "sheets $SLUICEGATE_TARGET" >> runs' },
      { name: "cdn", header: "x-cache", clear: null },
      { name: "pages", header: null, clear: "echo pages >> runs" },
    ],
  };
  const cleared = await clearCaches({ folder }, clearableCaches(measure), { origin, label: "before" });
  assert.deepEqual(
    cleared.map(({ cache, exitCode }) => [cache, exitCode]),
    [
      ["sheets", 0],
      ["pages", 0],
    ],
  );
  assert.equal(ran(), `sheets ${origin} | pages`);
  assert.deepEqual(
    clearableCaches(measure, "pages").map(({ name }) => name),
    ["pages"],
  );
});

test("a cache that cannot be cleared is an error that names it", async () => {
  const caches = [{ name: "sheets", header: null, clear: "exit 3" }];
  await assert.rejects(
    clearCaches({ folder }, caches, { origin, label: "a" }),
    (error) =>
      error instanceof GateError && error.code === "COMPARE_CLEAR_FAILED" && /sheets/.test(error.message),
  );
});
