/**
 * `sluicegate check` on a real program that nobody here has written: a popular file server, as it comes, with a folder that anybody may write to.
 *
 * What is expected was looked at by hand where it is an alarm; the rest is what the checks say of it. A file server for people
 * who trust each other promises less than an upload route on the open net, so this says nothing of how good it is.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { CheckRun } from "../src/checks/run/check-run.ts";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { PYTHON } from "./service-under-test.ts";

const ROOT = join(import.meta.dirname, "..");
const SAMPLE = join(ROOT, "examples/flows/avatars/samples/photo.png");
/** By default it shuts senders out who make mistakes; whoever checks a server allows the machine that checks. */
const SHUTS_NOBODY_OUT = ["403", "404", "422", "url", "pw", "pwc"].flatMap((kind) => [`--ban-${kind}`, "no"]);

/** Where a request was answered otherwise than the check expects, as it was seen by hand. */
const FOUND = ["UPL-TR-09", "UPL-NM-03"];
const KEPT = ["UPL-MP-02", "UPL-NM-01", "UPL-NM-04", "UPL-RS-01", "UPL-RS-03"];
/** It takes files of any type, and nobody has promised anything else. */
const UNPROMISED = ["UPL-TY-01", "UPL-TY-06"];

let folder: string;
let server: Child;
let origin: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-file-server-"));
  const files = join(folder, "files");
  await mkdir(files);
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const where = ["-i", "127.0.0.1", "-p", String(port), "-v", `${files}::rwmd`];
  server = new Child(
    "the file server",
    PYTHON,
    ["-m", "copyparty", ...where, "-q", "--no-crt", ...SHUTS_NOBODY_OUT],
    {
      cwd: folder,
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder },
    },
  );
  await server.untilReady(() => answers(`${origin}/?ls`));
});

after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Exit code, and the report. */
async function check(only: readonly string[]): Promise<{ readonly code: unknown; readonly run: CheckRun }> {
  const [out, url] = [join(folder, "report"), `${origin}/?j`];
  const words = [
    ...["check", "--url", url, "--field", "f", "--text", "act=bput", "--sample", SAMPLE],
    ...["--profile", "ci", "--max-time", "60s", "--only", only.join(","), "--report", "json", "--out", out],
  ];
  const code = await new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, "src/cli/main.ts"), ...words], { cwd: folder }, (error) =>
      resolve(error === null ? 0 : error.code),
    );
  });
  return { code, run: JSON.parse(await readFile(join(out, "report.json"), "utf8")) as CheckRun };
}

test("of a popular file server all is found that was seen by hand, and nothing beside it", async () => {
  const { code, run } = await check([...FOUND, ...KEPT, ...UNPROMISED]);
  const told = JSON.stringify(
    run.results.map(({ id, state, sentence }) => [id, state, sentence]),
    null,
    1,
  );
  assert.equal(run.stopped, null, run.stopped?.sentence ?? "");
  const idsOf = (state: string) => run.results.filter((each) => each.state === state).map(({ id }) => id);
  assert.deepEqual(idsOf("error"), [], told);
  assert.deepEqual(idsOf("fail").sort(), [...FOUND].sort(), told);
  assert.deepEqual(idsOf("warn").sort(), [...UNPROMISED].sort(), told);
  assert.deepEqual(idsOf("pass").sort(), [...KEPT].sort(), told);
  assert.equal(code, 1);
});
