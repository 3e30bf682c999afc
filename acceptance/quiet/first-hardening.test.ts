/**
 * `docs/first-hardening.md`, run from its own code blocks in a fresh folder, as a newcomer would: discover, baseline, observe, check, enforce, compare, change
 * record, drill, rollback.
 *
 * Ports of the page are exchanged for free ones; nothing else is. Where a machine is too busy to measure, the program says so and gives no verdict: it is
 * asked again, up to three times, and if it is still so, that this was said is all that is asked of it. Any other verdict than the page's fails.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { PYTHON } from "../service-under-test.ts";
import { type Block, blocksOf } from "./page-blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = join(ROOT, "docs/first-hardening.md");
const PORTS = /\b(8000|8001|8080|8081)\b/g;
const READY_MS_MAX = 60_000;
const LOOK_AGAIN_MS = 50;
const TRIES_MAX = 3;
/** What the program says of figures that do not hold. */
const TOO_BUSY = /do not hold|INVALID|INCONCLUSIVE/;

type Commands = Extract<Block, { readonly kind: "commands" }>;

interface Ran {
  readonly exitCode: number | null;
  readonly out: string;
}

test("the walk of a newcomer is as its page says", { timeout: 900_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluicegate-walk-"));
  const env = environment(folder);
  const terminals: Child[] = [];
  t.after(async () => {
    for (const terminal of terminals.reverse()) await terminal.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const text = await withFreePorts(readFileSync(PAGE, "utf8"));
  const where = join(folder, "walk");
  mkdirSync(where);
  for (const block of blocksOf(text)) {
    if (block.kind === "file") {
      mkdirSync(dirname(join(where, block.path)), { recursive: true });
      writeFileSync(join(where, block.path), block.text);
    } else if (block.how === "terminal") {
      const terminal = new Child(`line ${block.line}`, "sh", ["-c", `exec env ${block.text}`], {
        cwd: where,
        env,
      });
      terminals.push(terminal);
      await untilPrinted(terminal, block);
    } else {
      await t.test(`line ${block.line}: ${block.text.split("\n", 1)[0]}`, (t) =>
        runBlock(t, block, where, env),
      );
    }
  }
});

async function runBlock(t: TestContext, block: Commands, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  let ran = await runShell(block.text, cwd, env);
  for (let tries = 1; block.how === "measured" && TOO_BUSY.test(ran.out) && tries < TRIES_MAX; tries++)
    ran = await runShell(block.text, cwd, env);
  if (block.how === "measured" && TOO_BUSY.test(ran.out)) {
    assert.ok([0, 3, 5].includes(ran.exitCode ?? -1), ran.out);
    t.diagnostic(`this machine is too busy to measure: ${TOO_BUSY.exec(ran.out)?.[0]}`);
    return;
  }
  assert.equal(ran.exitCode, block.exitCode, ran.out);
  for (const line of block.expected)
    assert.ok(ran.out.includes(line.trim()), `"${line.trim()}" is not in what was printed:\n${ran.out}`);
}

/** `sluicegate` is the checkout's program; Python's is the tests' environment, with the package in it. */
function environment(folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const program = join(bin, "sluicegate");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "src/cli/main.ts")}" "$@"\n`);
  chmodSync(program, 0o755);
  const path = [bin, dirname(PYTHON), process.env.PATH ?? ""].join(delimiter);
  return { ...process.env, PATH: path, PYTHONPATH: join(ROOT, "python/src"), PYTHONUNBUFFERED: "1" };
}

async function withFreePorts(page: string): Promise<string> {
  const ports = new Map<string, string>();
  for (const written of new Set(page.match(PORTS))) ports.set(written, String(await freePort()));
  return page.replace(PORTS, (written) => ports.get(written) ?? written);
}

async function untilPrinted(terminal: Child, { expected, line }: Commands): Promise<void> {
  const until = performance.now() + READY_MS_MAX;
  while (!expected.every((one) => terminal.output.includes(one.trim()))) {
    assert.ok(!terminal.hasEnded && performance.now() < until, `line ${line}:\n${terminal.output}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function runShell(text: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes: Buffer) => {
        out += bytes.toString();
      });
    child.on("close", (exitCode) => resolve({ exitCode, out }));
  });
}
