/**
 * Changing flows while the gate runs: a set that loads takes over at once; one that does not leaves the old one in force and says why.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, problemCode } from "./ask.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

let service: ServiceUnderTest;
let gate: GateUnderTest;
let flowFile: string;
let original: string;

before(async () => {
  service = await startService();
  gate = await startGate({ upstream: service.origin, flows: ["raw", "tables"] });
  flowFile = join(gate.folder, "flows/raw/flow.yaml");
  original = await readFile(flowFile, "utf8");
});

after(async () => {
  await gate?.stop();
  await service?.stop();
});

const upload = (path: string) =>
  ask(gate.origin, {
    method: "PUT",
    path,
    headers: { "content-type": "application/octet-stream" },
    body: "bytes",
  });

async function untilLogged(pattern: RegExp): Promise<void> {
  const givesUpAt = performance.now() + 5000;
  while (!pattern.test(gate.log())) {
    assert.ok(performance.now() < givesUpAt, `never logged ${pattern}:\n${gate.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("SIGHUP with a broken flow keeps the old set and says what is wrong and where", async () => {
  assert.equal((await upload("/raw/a.bin")).status, 201);
  await writeFile(flowFile, original.replace("mode: enforce", "mode: enforced"));
  gate.signal("SIGHUP");
  await untilLogged(/raw\/flow\.yaml:\d+:\d+.*enforced/);
  assert.equal((await upload("/raw/a.bin")).status, 201);
  assert.ok(gate.isRunning());
});

test("the reload command says the same and fails", async () => {
  const { exitCode, err } = await gate.run("reload");
  assert.equal(exitCode, 1);
  assert.match(err, /flow\.yaml:\d+:\d+.*enforce/);
});

test("two flows that could match one request do not load together", async () => {
  await writeFile(flowFile, original.replace("/raw/{name}", "/tables/{other}"));
  const { exitCode, err } = await gate.run("reload");
  assert.equal(exitCode, 1);
  assert.match(err, /tables/);
  assert.equal((await upload("/raw/a.bin")).status, 201);
});

test("a set that loads takes over without a restart", async () => {
  await writeFile(flowFile, original.replace("/raw/{name}", "/other/{name}").replace("1 MiB", "4 B"));
  const { exitCode, err } = await gate.run("reload");
  assert.equal(exitCode, 0, err);
  assert.equal((await upload("/raw/a.bin")).status, 404);
  const answer = await upload("/other/a.bin");
  assert.equal(problemCode(answer), "FILE_TOO_LARGE");
});

test("SIGHUP takes a good set over too", async () => {
  await writeFile(flowFile, original);
  gate.signal("SIGHUP");
  const givesUpAt = performance.now() + 5000;
  while ((await upload("/raw/a.bin")).status !== 201) assert.ok(performance.now() < givesUpAt);
});

test("readiness stays, and the command line tells a bad mode from a good one", async () => {
  const health = await ask(gate.operatorOrigin, { path: "/health/ready" });
  assert.equal(health.status, 200);
  const bad = await gate.run("mode", "raw", "enforced");
  assert.equal(bad.exitCode, 2);
  assert.match(bad.err, /enforce/);
});
