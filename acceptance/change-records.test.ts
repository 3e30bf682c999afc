/**
 * Change records, the way back and marks of deployments, by the real command line: as a person does it in one folder, beside a gate that runs.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type CommandResult, type GateUnderTest, startGate } from "./gate-under-test.ts";
import { UpstreamRecorder } from "./upstream-recorder.ts";

const ROOT = join(import.meta.dirname, "..");
const MAIN = join(ROOT, "src/cli/main.ts");
const PYTHON = join(ROOT, ".venv/bin/python");
const FIXTURES = join(ROOT, "fixtures/changes");
const TITLE = "Load the owners' rows with a join";
const RECORD = "flows/avatars/changes/0001-load-the-owners-rows-with-a-join.md";
const TODAY = new Date().toISOString().slice(0, 10);

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder with the flow of the example, and what `measure` and `compare` have kept. */
async function workplace(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-change-"));
  folders.push(folder);
  await cp(join(ROOT, "examples/flows/avatars"), join(folder, "flows/avatars"), { recursive: true });
  for (const name of ["before", "after"]) await keep(folder, "measurement", name);
  for (const name of ["faster", "confounded"]) await keep(folder, "comparison", name);
  return folder;
}

async function keep(folder: string, noun: string, name: string): Promise<void> {
  const { id, text } = await kept(name);
  const place = join(folder, ".sluicegate", `${noun}s`, id);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, `${noun}.json`), text);
}

async function kept(name: string): Promise<{ id: string; text: string }> {
  const text = await readFile(join(FIXTURES, `${name}.json`), "utf8");
  return { text, ...(JSON.parse(text) as { id: string }) };
}

function run(folder: string, ...args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder }, (error, out, err) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

test("a change, from its record to its verdict: what the documents show is what the program writes", async () => {
  const folder = await workplace();
  const comparison = (await kept("faster")).id;
  const opened = await run(
    folder,
    "change",
    "new",
    "avatars",
    "--title",
    TITLE,
    "--variable",
    "git.commit",
    "--expect",
    "-30 %",
    "--slow-query",
    "SELECT * FROM owners WHERE id = ?",
    "--hypothesis",
    "Each upload asks for the owner of every older picture, one query each. One join would do.",
  );
  assert.equal(opened.exitCode, 0, opened.err);
  for (const side of ["before", "after"]) {
    const { exitCode, err } = await run(folder, "change", "measure", "1", side);
    assert.equal(exitCode, 0, err);
  }
  const closed = await run(
    folder,
    "change",
    "close",
    "1",
    "--comparison",
    comparison,
    "--assume",
    "The data set is a copy of Monday's.",
  );
  assert.equal(closed.exitCode, 0, closed.err);
  assert.match(closed.out, /is closed as success: FASTER\.\nFASTER: service time/);
  assert.match((await run(folder, "change", "list")).out, /^0001 +avatars +success /m);
  const record = await readFile(join(folder, RECORD), "utf8");
  assert.equal((await run(folder, "change", "show", "1")).out, record);
  assert.deepEqual((await readdir(join(folder, "flows/avatars/changes/evidence"))).length, 3);
  const page = await readFile(join(ROOT, "docs/changes.md"), "utf8");
  const shown = /^````markdown\n([\s\S]*?)^````$/m.exec(page)?.[1] ?? "";
  assert.equal(withoutDays(shown), withoutDays(record));
});

/** Days and digests that hold a day are those of the day on which it runs. */
const withoutDays = (text: string): string =>
  text.replace(/\b20\d\d-\d\d-\d\d\b/g, "DAY").replace(/ sha256:[0-9a-f]{64} /g, " sha256 ");

test("a refused comparison is no success whatever one asks for, and an edit by hand is found", async () => {
  const folder = await workplace();
  const comparison = (await kept("confounded")).id;
  await run(folder, "change", "new", "avatars", "--title", TITLE);
  const closed = await run(folder, "change", "close", "1", "--comparison", comparison, "--as", "success");
  assert.equal(closed.exitCode, 5);
  assert.match(
    closed.err,
    /not closed as a success: the comparison says REFUSED CONFOUNDED, so the record says refused/,
  );
  const file = join(folder, RECORD);
  await writeFile(file, (await readFile(file, "utf8")).replace("outcome: refused", "outcome: success"));
  const checked = await run(folder, "change", "check");
  assert.equal(checked.exitCode, 1);
  assert.match(checked.out, /0001-load.*\.md:\d+:1: error: the part "verdict", or closed, outcome/);
  assert.equal((await run(folder, "change", "close", "9", "--comparison", "x")).exitCode, 2);
});

test("the way back is shown, run in the flow's folder with this very program, and recorded", async () => {
  const folder = await workplace();
  const flow = join(folder, "flows/avatars/flow.yaml");
  const before = await readFile(flow, "utf8");
  await writeFile(flow, before.replace("tried: 2026-11-22", "tried: 2026-01-01   # by Ada"));
  const looked = await run(folder, "rollback", "avatars", "--dry-run");
  assert.equal(looked.exitCode, 0);
  assert.match(
    looked.out,
    /Command {2}sluicegate mode avatars observe[\s\S]*Tried {4}2026-01-01, \d+ days ago[\s\S]*sluicegate mode avatars off/,
  );
  const unconfirmed = await run(folder, "rollback", "avatars");
  assert.deepEqual([unconfirmed.exitCode, unconfirmed.err.split(".")[0]], [2, "Nothing was run"]);
  assert.match(await readFile(flow, "utf8"), /^mode: enforce$/m);
  const done = await run(folder, "rollback", "avatars", "--yes", "--who", "Ada | ops");
  assert.equal(done.exitCode, 0, done.err);
  assert.match(done.out, /avatars: enforce → observe in flow\.yaml\.[\s\S]*The way back worked/);
  assert.equal(
    await readFile(flow, "utf8"),
    before
      .replace("mode: enforce", "mode: observe")
      .replace("tried: 2026-11-22", `tried: ${TODAY}   # by Ada`),
  );
  const log = await readFile(join(folder, "flows/avatars/rollbacks.md"), "utf8");
  assert.match(
    log,
    new RegExp(
      `^\\| ${TODAY} \\d\\d:\\d\\d:\\d\\d \\| Ada ops \\| 0 \\| [\\d.]+ \\| [0-9a-f]{16} \\| \`sluicegate mode avatars observe\` \\|$`,
      "m",
    ),
  );
  const [output = ""] = await readdir(join(folder, ".sluicegate/rollbacks"));
  assert.match(await readFile(join(folder, ".sluicegate/rollbacks", output), "utf8"), /enforce → observe/);
});

/** The flow with another way back; a comment in it must live. */
async function withCommand(command: string): Promise<{ folder: string; flow: string }> {
  const folder = await workplace();
  const flow = join(folder, "flows/avatars/flow.yaml");
  const text = await readFile(flow, "utf8");
  await writeFile(
    flow,
    text.replace(/^ {2}command: .*\n {2}tried: .*$/m, () => `  command: ${JSON.stringify(command)} # mine`),
  );
  return { folder, flow };
}

test("a way back that fails, or takes too long, is recorded as that and does not count as tried", async () => {
  const failing = await withCommand("echo cannot; echo bad >&2; exit 7");
  const failed = await run(failing.folder, "rollback", "avatars", "--yes");
  assert.equal(failed.exitCode, 1);
  assert.match(failed.err, /bad\n\nThe way back failed with exit code 7/);
  assert.doesNotMatch(await readFile(failing.flow, "utf8"), /tried/);
  assert.match(
    (await run(failing.folder, "lint")).out,
    /failed with exit code 7 when .* last tried it.*\[REVIEW-ROLLBACK-FAILED\]/,
  );

  const slow = await withCommand("sh -c 'echo $$ > pid; exec sleep 300' & sleep 300");
  const ended = await run(slow.folder, "rollback", "avatars", "--yes", "--timeout", "2s");
  assert.equal(ended.exitCode, 1);
  assert.match(ended.err, /was ended before it was done \([0-9.]+ s\)/);
  const pid = Number(await readFile(join(slow.folder, "flows/avatars/pid"), "utf8"));
  assert.ok(pid > 0);
  assert.match(stateOf(pid), /^Z?$/, "what it has started is gone, too");
  assert.match(await readFile(join(slow.folder, "flows/avatars/rollbacks.md"), "utf8"), /\| ended \| /);
});

/** Empty where there is no such process; Z where it has ended, and nobody has asked how. */
function stateOf(pid: number): string {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim().slice(0, 1);
}

test("what a way back leaves running on purpose does not hold up its end", async () => {
  const { folder, flow } = await withCommand("sleep 20 & echo started");
  const startedMs = performance.now();
  const { exitCode, out } = await run(folder, "rollback", "avatars", "--yes");
  assert.equal(exitCode, 0);
  assert.match(out, /^started$/m);
  assert.ok(performance.now() - startedMs < 15_000);
  assert.match(await readFile(flow, "utf8"), new RegExp(`# mine\\n {2}tried: ${TODAY}\\n`));
});

test("at a terminal the flow's name is to be typed; another word runs nothing; and a broken flow has its way back, too", async () => {
  const { folder, flow } = await withCommand("echo gone back");
  await writeFile(flow, (await readFile(flow, "utf8")).replace("deliver: receipt", "deliver: pigeon"));
  const typed = (word: string): string =>
    execFileSync(PYTHON, ["-c", TYPING, word, process.execPath, MAIN, "rollback", "avatars"], {
      cwd: folder,
      encoding: "utf8",
    });
  assert.match(typed("avatar"), /type the flow's name[\s\S]*that is not the flow's name[\s\S]*exit 2/);
  assert.match(typed("avatars"), /gone back[\s\S]*The way back worked[\s\S]*exit 0/);
});

/** Runs a program at a terminal of its own, types a word when it is asked, and prints what was shown. */
const TYPING = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown = b""
asked = False
while True:
    try:
        some = os.read(terminal, 4096)
    except OSError:
        break
    if not some:
        break
    shown += some
    if not asked and b"type the flow" in shown:
        asked = True
        os.write(terminal, sys.argv[1].encode() + b"\\r")
_, status = os.waitpid(pid, 0)
print(shown.decode().replace("\\r\\n", "\\n"), "exit", os.waitstatus_to_exitcode(status))
`;

let upstream: UpstreamRecorder;
let gate: GateUnderTest;
before(async () => {
  upstream = new UpstreamRecorder();
  gate = await startGate({ upstream: await upstream.listen(), flows: ["raw"] });
});
after(async () => {
  await gate?.stop();
  await upstream?.stop();
});

test("a deployment is marked at the gate that runs; a wrong flow, no commit and no gate are told", async () => {
  const marked = await gate.run("deploy", "--version", "1.4.2", "--flow", "raw", "--note", "With the join");
  assert.equal(marked.exitCode, 0, marked.err);
  assert.match(marked.out, /version 1\.4\.2 is deployed, for raw/);
  const other = await gate.run("deploy", "--version", "1.4.2", "--flow", "other");
  assert.equal(other.exitCode, 2);
  assert.match(other.err, /The mark was not taken: There is no such flow\.\n {2}expected: raw/);
  const folder = await workplace();
  const settings = join(gate.folder, "sluicegate.yaml");
  const named = await run(folder, "deploy", "--settings", settings);
  assert.equal(named.exitCode, 2);
  assert.match(named.err, /There is no commit here .*--version 1\.4\.2/);
  await writeFile(join(folder, "sluicegate.yaml"), "upstreams: { service: { url: http://127.0.0.1:1 } }\n");
  const alone = await run(folder, "deploy", "--version", "1.4.2");
  assert.equal(alone.exitCode, 2);
  assert.match(alone.err, /No gate has been started with these settings yet/);
});

test("the version of a deployment is the commit that is checked out", async () => {
  const folder = await workplace();
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  git("init", "-q");
  git("add", "flows");
  git("commit", "-q", "-m", "First");
  const commit = git("describe", "--always").trim();
  const { out } = await run(folder, "deploy", "--settings", join(gate.folder, "sluicegate.yaml"));
  assert.match(out, new RegExp(`version ${commit} is deployed, for all flows`));
});
