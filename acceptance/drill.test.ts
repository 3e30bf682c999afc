/**
 * Drills with the real gate and the real FastAPI service: every kind, flows with and without another try, promises that are broken on purpose and
 * found, and a drill that is interrupted or killed in the middle. The gate in production, whose settings are drilled, has nothing to do with any of it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { DrillReport } from "../src/drills/drill.ts";
import { until } from "./fault-tools.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");
const KINDS = [
  "upstream-down",
  "upstream-slow",
  "upstream-resets",
  "upstream-errors",
  "store-full",
  "killed",
  "slow-senders",
  "overload",
  "clock",
];

let service: ServiceUnderTest;
let gate: GateUnderTest;

before(async () => {
  service = await startService();
  const flows = ["raw", "raw-retry", "raw-receipt", "checked-key-raw", "drilled-doubling", "shares-rate"];
  gate = await startGate({ flows, upstream: service.origin });
});

after(async () => {
  await gate?.stop();
  await service?.stop();
});

interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly ended: Promise<Ended>;
  readonly process: ReturnType<typeof spawn>;
  /** Where its folders are while it runs. */
  readonly temporary: string;
}

async function start(t: TestContext, args: readonly string[], temporary?: string): Promise<Started> {
  const folder = temporary ?? (await mkdtemp(join(tmpdir(), "sluicegate-of-drills-")));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const settings = args.includes("--settings") ? [] : ["--settings", join(gate.folder, "sluicegate.yaml")];
  const child = spawn(process.execPath, [MAIN, "drill", ...args, ...settings], {
    env: { ...process.env, TMPDIR: folder },
    cwd: gate.folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (bytes) => {
    out += bytes;
  });
  child.stderr.on("data", (bytes) => {
    err += bytes;
  });
  const ended = once(child, "close").then(([exitCode]) => ({
    exitCode: exitCode as number | null,
    out,
    err,
  }));
  return { ended, process: child, temporary: folder };
}

async function drill(
  t: TestContext,
  ...args: readonly string[]
): Promise<Ended & { readonly reports: DrillReport[] }> {
  const { ended, temporary } = await start(t, [...args, "--json"]);
  const result = await ended;
  assert.deepEqual(await readdir(temporary), [], "nothing is left of it");
  return { ...result, reports: JSON.parse(result.out || "[]") as DrillReport[] };
}

const inOneLine = (text: string): string => text.replace(/\s+/g, " ");

const brokenOf = ({ findings }: DrillReport): readonly string[] =>
  findings.filter(({ isKept }) => !isKept).map(({ what, seen }) => `${what}: ${seen}`);

describe("drills", { concurrency: 2 }, () => {
  test("every kind, with a flow that tries again: all promises are kept, and told in the flow's folder", async (t) => {
    const { reports, exitCode, err } = await drill(t, "raw-retry", "--all");
    assert.deepEqual(
      reports.map(({ kind, verdict, sentence }) => [kind, verdict === "kept" ? verdict : sentence]),
      KINDS.map((kind) => [kind, "kept"]),
      err,
    );
    assert.equal(exitCode, 0);
    const written = await readdir(join(gate.folder, "flows/raw-retry/drills"));
    const day = new Date(reports[0]?.startedAtMs ?? 0).toISOString().slice(0, 10);
    assert.ok(written.includes(`${day}-upstream-down.json`), written.join());
    assert.equal(written.length, 2 * KINDS.length);
    const page = await readFile(join(gate.folder, `flows/raw-retry/drills/${day}-killed.md`), "utf8");
    assert.match(page, /^# Drill: killed, raw-retry\n\n\*\*Kept\.\*\*/);
    const [down] = reports;
    assert.equal(down?.seen.clients["202"], 2);
    assert.equal(down.seen.service["taken with 201, a further try"], 2);
    assert.deepEqual(await gate.uploads(), [], "the gate in production got none of it");
  });

  test("a flow that keeps what may have arrived for a person", async (t) => {
    const { reports, exitCode } = await drill(
      t,
      "raw",
      "upstream-slow",
      "upstream-down",
      "killed",
      "upstream-errors",
    );
    assert.deepEqual(reports.flatMap(brokenOf), []);
    assert.equal(exitCode, 0);
    const [slow] = reports;
    assert.equal(slow?.seen.clients["504 UPSTREAM_TIMEOUT"], 2);
    assert.ok(
      slow.findings.some(({ what, isKept }) => what === "A person decides of what is kept" && isKept),
    );
  });

  test("receipts and keys: the disk full for both deliveries, and callers with a key of the drill's own", async (t) => {
    const receipts = await drill(t, "raw-receipt", "store-full");
    assert.deepEqual(receipts.reports.flatMap(brokenOf), []);
    assert.equal(receipts.reports[0]?.seen.clients["507 STORAGE_FULL"], 2);
    const keys = await drill(t, "checked-key-raw", "overload", "--stand-in");
    assert.deepEqual(keys.reports.flatMap(brokenOf), []);
    assert.equal(keys.reports[0]?.seen.clients["503 GATE_BUSY"], 4);
    assert.equal(keys.exitCode, 0);
  });

  test("a service that stores an upload twice which it gets again: found, and all of it is removed from the service", async (t) => {
    const { reports, exitCode } = await drill(t, "drilled-doubling", "upstream-resets");
    assert.equal(exitCode, 1);
    const [report] = reports;
    assert.equal(report?.verdict, "broken");
    assert.deepEqual(report === undefined ? [] : brokenOf(report), [
      "Nothing is doubled: It took 2 uploads that it had already once more, and answered with another id: the upload is stored twice.",
    ]);
    const removed = await readFile(join(gate.folder, "flows/drilled-doubling/removed"), "utf8");
    const tokens = (await service.received())
      .filter(({ path }) => path.startsWith("/keyed/doubling/"))
      .map(({ fields }) => fields?.find(([name]) => name === "token")?.[1]);
    assert.equal(tokens.length, 6);
    assert.deepEqual(removed.trim().split("\n").sort(), tokens.sort());
    assert.match(report?.putBack.join(" ") ?? "", /removed by verify\.cleanup/);
  });

  test("limits that let a trickle hold a place for ever: found", async (t) => {
    const lax = join(gate.folder, "lax.yaml");
    const settings = await readFile(join(gate.folder, "sluicegate.yaml"), "utf8");
    await writeFile(lax, settings.replace("limits: { ", "limits: { min-rate: 1 B/s, "));
    const { ended } = await start(t, ["raw", "slow-senders", "--settings", lax]);
    const { exitCode, out } = await ended;
    assert.equal(exitCode, 1, out);
    assert.match(out, /BROKEN\s+Slow senders/);
    assert.match(out, /4 still held their place/);
  });

  test("a route that takes no good upload, and shares without room, are inconclusive and not broken", async (t) => {
    const nobody = await drill(t, "raw", "upstream-errors", "--target", "http://127.0.0.1:1");
    assert.equal(nobody.exitCode, 3);
    assert.match(nobody.reports[0]?.sentence ?? "", /a good upload does not pass before anything fails/);
    const narrow = await drill(t, "shares-rate", "overload");
    assert.equal(narrow.exitCode, 3);
    assert.match(narrow.reports[0]?.sentence ?? "", /the flow's share rate allows 5/);
  });

  test("an interrupt in the middle: everything is put back, and it says so", async (t) => {
    const { ended, process: child, temporary } = await start(t, ["raw", "upstream-slow", "killed"]);
    const gatePid = await untilGate(temporary);
    child.kill("SIGINT");
    const { exitCode, out } = await ended;
    assert.equal(exitCode, 3, out);
    assert.match(inOneLine(out), /interrupted\. Everything was put back/);
    assert.doesNotMatch(out, /^killed/m, "the next drill does not begin");
    assert.deepEqual(await readdir(temporary), []);
    assert.equal(isRunning(gatePid), false);
  });

  test("a drill that is killed leaves its gate behind: the next drill ends it and removes its folder", async (t) => {
    const first = await start(t, ["raw", "upstream-slow"]);
    const gatePid = await untilGate(first.temporary);
    first.process.kill("SIGKILL");
    await first.ended;
    assert.equal(isRunning(gatePid), true);
    const second = await start(t, ["raw", "upstream-down", "--stand-in"], first.temporary);
    const { exitCode, out } = await second.ended;
    assert.equal(exitCode, 0, out);
    assert.match(
      inOneLine(out),
      /an earlier drill \(raw, upstream-slow\) had left.*and its gate, which still ran/,
    );
    await until("its gate is gone", async () => (isRunning(gatePid) ? null : true));
    assert.deepEqual(await readdir(first.temporary), []);
  });

  test("what is not meant is refused before anything starts: exit codes 2 and 4, and a plan that sends nothing", async (t) => {
    const unknown = await drill(t, "raw", "upstream-dwn");
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.err, /no drill "upstream-dwn".*"upstream-down"/);
    const itself = await drill(t, "raw", "killed", "--target", gate.origin);
    assert.equal(itself.exitCode, 2);
    assert.match(itself.err, /is the gate itself/);
    const elsewhere = await drill(t, "raw", "killed", "--target", "http://192.0.2.1:8000");
    assert.equal(elsewhere.exitCode, 4);
    const plan = await (await start(t, ["raw", "--all", "--dry-run"])).ended;
    assert.equal(plan.exitCode, 0);
    for (const kind of KINDS) assert.ok(plan.out.includes(kind), kind);
    assert.match(plan.out, /Nothing was sent and nothing was started/);
  });
});

interface Note {
  readonly mark: string;
  readonly gatePids: readonly number[];
}

/** The process id of the gate of the drill that runs in a folder, once the service has got an upload from it. */
function untilGate(temporary: string): Promise<number> {
  return until("the drill's gate is up", async () => {
    const [folder = ""] = await readdir(temporary);
    const text = await readFile(join(temporary, folder, "drill.json"), "utf8").catch(() => "");
    if (text === "") return null;
    const { mark, gatePids } = JSON.parse(text) as Note;
    const hasArrived = (await service.received()).some(({ path }) => path.includes(mark));
    return hasArrived ? (gatePids[0] ?? null) : null;
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
