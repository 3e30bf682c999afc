import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openFaults } from "./fault-commands.ts";
import { KeptSecrets } from "./kept-secrets.ts";

const COMMANDS = new Map([["service-down", { inject: "touch down", heal: "rm down; touch healed" }]]);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sight-"));
});

afterEach(() => rm(folder, { recursive: true }));

const has = (name: string): boolean => existsSync(join(folder, name));
const place = () => ({ folder, variables: {}, secrets: new KeptSecrets() });

test("a fault is made and undone by its commands", async () => {
  const { byName } = openFaults(COMMANDS, place());
  await byName["service-down"]?.inject();
  assert.deepEqual([has("down"), has("healed")], [true, false]);
  await byName["service-down"]?.heal();
  assert.deepEqual([has("down"), has("healed")], [false, true]);
});

test("what is still in force is undone at the end, and only once", async () => {
  const faults = openFaults(COMMANDS, place());
  await faults.byName["service-down"]?.inject();
  await faults.heal();
  assert.equal(has("down"), false);
  // `rm down` would fail.
  await faults.heal();
});

test("a fault that could only be made half-way is undone too", async () => {
  const faults = openFaults(new Map([["crash", { inject: "touch down; exit 1", heal: "rm down" }]]), place());
  await assert.rejects(
    faults.byName.crash?.inject() ?? Promise.resolve(),
    /the fault crash \(inject\) failed/,
  );
  await faults.heal();
  assert.equal(has("down"), false);
});

describe("a fault in force is undone when the process", () => {
  const program = (then: string): string => `
    const { openFaults } = await import(${JSON.stringify(join(import.meta.dirname, "fault-commands.ts"))});
    const { KeptSecrets } = await import(${JSON.stringify(join(import.meta.dirname, "kept-secrets.ts"))});
    const commands = new Map(${JSON.stringify([...COMMANDS])});
    const place = { folder: ${JSON.stringify(folder)}, variables: {}, secrets: new KeptSecrets() };
    await openFaults(commands, place).byName["service-down"].inject();
    process.stdout.write("in force");
    ${then}
  `;
  const run = (then: string) =>
    spawn(process.execPath, ["--input-type=module", "-e", program(then)], {
      stdio: ["ignore", "pipe", "inherit"],
    });

  test("is interrupted", async () => {
    const child = run("setInterval(() => {}, 1000);");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    assert.deepEqual([code, signal, has("down")], [null, "SIGINT", false]);
  });

  test("ends in its own way after an interrupt", async () => {
    const child = run('process.on("SIGINT", () => process.exit(3)); setInterval(() => {}, 1000);');
    await once(child.stdout, "data");
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.deepEqual([code, has("down")], [3, false]);
  });

  test("breaks down", async () => {
    const child = run("setTimeout(() => process.exit(1), 10);");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.deepEqual([code, has("down")], [1, false]);
  });
});
