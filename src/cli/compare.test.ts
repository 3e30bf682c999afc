/**
 * What `compare` and `plan` do without sending anything: plans, logs, and evidence that is judged again.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { compareCommand } from "./compare.ts";
import type { CommandIo } from "./io.ts";
import { planCommand } from "./plan.ts";
import type { Terminal } from "./terminal.ts";

const FLOWS = resolve(import.meta.dirname, "../../fixtures/measured-service/flows");
const home = process.cwd();
let folder = "";
let lines: string[] = [];

const io: CommandIo = { out: (line) => lines.push(line), err: (line) => lines.push(line), isTerminal: false };
const terminal: Terminal = {
  columns: 100,
  isColoured: false,
  hasProgress: false,
  page: (text) => lines.push(text),
  progress: (text) => lines.push(text),
};
const said = (): string => lines.join("\n");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-compare-"));
  process.chdir(folder);
  lines = [];
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

/** A log as the Python package writes it: one upload a second, whose time goes up and down in the same way each time. */
function writeLog(name: string, appMs: number, calls: number): void {
  const log = Array.from({ length: 900 }, (_, second) => ({
    event: "request",
    timestamp: new Date(1_795_374_000_000 + second * 1000).toISOString(),
    "http.request.method": "POST",
    "http.route": "/pictures",
    "http.response.status_code": 201,
    "flow.app.ms": appMs * (1 + ((second * 37) % 23) / 50),
    "flow.db.calls": calls,
    "flow.cache.state": null,
  }));
  writeFileSync(name, log.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

test("a plan says what would be sent and what could be seen", async () => {
  const args = {
    flow: "pictures",
    flows: FLOWS,
    variable: "git.commit",
    expect: "-20%",
    rate: "50/s",
    quick: true,
  };
  assert.equal(await planCommand(args, io), 0);
  for (const part of ["10 pairs of A and B", "A beside itself", "a usual one", "−20 %", "Nothing was sent."])
    assert.ok(said().includes(part), `${part}\n\n${said()}`);
});

test("a flow that is not there, and a hope without a sign, are usage errors", async () => {
  assert.equal(await planCommand({ flow: "nothing", flows: FLOWS }, io), 2);
  assert.equal(await planCommand({ flow: "pictures", flows: FLOWS, expect: "20%" }, io), 2);
  assert.match(said(), /takes a sign/);
});

test("two logs give a suspicion, which is kept and can be looked into again", async () => {
  writeLog("before.log", 8, 3);
  writeLog("after.log", 16, 41);
  const args = { flow: "pictures", flows: FLOWS, logs: ["before.log", "after.log"], json: true };
  assert.equal(await compareCommand(args, io, terminal), 1);
  const [id = ""] = readdirSync(".sluicegate/comparisons");
  const kept = JSON.parse(readFileSync(`.sluicegate/comparisons/${id}/comparison.json`, "utf8"));
  assert.equal(kept.verdict, "SUSPECTED SLOWER");
  assert.match(kept.sentence, /3 → 41/);
  rmSync("before.log");
  rmSync("after.log");
  assert.equal(await compareCommand({ again: "last" }, io, terminal), 1);
  assert.deepEqual(JSON.parse(readFileSync(`.sluicegate/comparisons/${id}/comparison.json`, "utf8")), kept);
});

test("evidence that was changed is no evidence", async () => {
  writeLog("before.log", 8, 3);
  writeLog("after.log", 16, 3);
  await compareCommand({ flow: "pictures", flows: FLOWS, logs: ["before.log", "after.log"] }, io, terminal);
  const [id = ""] = readdirSync(".sluicegate/comparisons");
  const file = `.sluicegate/comparisons/${id}/b.ndjson`;
  writeFileSync(file, readFileSync(file, "utf8").replaceAll('"appMs":16', '"appMs":4'));
  await assert.rejects(
    compareCommand({ again: id }, io, terminal),
    (error) => error instanceof GateError && error.code === "COMPARE_EVIDENCE_INVALID",
  );
});

test("a host beside this machine is refused before anything is sent there", async () => {
  const elsewhere = { a: "http://192.0.2.1:8000", b: "http://127.0.0.1:8001", variable: "git.commit" };
  assert.equal(await compareCommand({ flow: "pictures", flows: FLOWS, ...elsewhere }, io, terminal), 5);
  assert.match(said(), /Refused for safety/);
});

test("an id that nobody has kept is told", async () => {
  assert.equal(await compareCommand({ again: "20261122-190512-x7q2" }, io, terminal), 2);
  assert.equal(await compareCommand({ again: "last" }, io, terminal), 2);
});
