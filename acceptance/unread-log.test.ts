/**
 * A log that nobody reads: the gate goes on, and it ends when it is told to.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "./free-port.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");
/** A line a request: more than a pipe holds (64 KiB). */
const REQUESTS = 600;

test("a full pipe that nobody reads holds up neither requests nor the end", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-unread-"));
  const [port, operator] = [await freePort(), await freePort()];
  const listen = ["--listen", `127.0.0.1:${port}`, "--operator", `127.0.0.1:${operator}`];
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const gate = spawn(process.execPath, [MAIN, "serve", "--upstream", nobody, ...listen], { cwd: folder });
  const ended = once(gate, "exit");
  try {
    gate.stdout.pause();
    await new Promise<void>((resolve) => {
      gate.stderr.on("data", (text) => String(text).includes("listens on") && resolve());
    });
    for (let sent = 0; sent < REQUESTS; sent += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/nothing`, { signal: AbortSignal.timeout(5000) });
      await answer.arrayBuffer();
      assert.equal(answer.status, 502);
    }
    gate.kill("SIGTERM");
    await ended;
  } finally {
    gate.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});
