import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, hostname, tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { GateError } from "../../problems/gate-error.ts";
import { REPORT_FORMATS, writeReports } from "./report-files.ts";
import { terminalReport } from "./terminal-report.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-files-"));
});

after(() => rm(folder, { recursive: true }));

test("each format has its file, which only its owner may read, and nothing half-written is left", async () => {
  const into = join(folder, "a/b");
  const paths = await writeReports(sampleRun(), [...REPORT_FORMATS, "html"], into);
  const names = ["report.html", "report.json", "report.sarif", "report.junit.xml", "report.md", "report.har"];
  assert.deepEqual(
    paths.map((path) => basename(path)),
    names,
  );
  assert.deepEqual((await readdir(into)).sort(), [...names].sort());
  for (const path of paths) assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("an earlier report is replaced", async () => {
  const [path = ""] = await writeReports(sampleRun(), ["md"], folder);
  await writeReports(sampleRun({ sentence: "documents keeps all promises." }), ["md"], folder);
  assert.match(await readFile(path, "utf8"), /^### documents keeps all promises\./);
});

test("a folder that cannot be written is told with its path", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  await assert.rejects(writeReports(sampleRun(), ["html"], file), (error) => {
    assert.ok(error instanceof GateError && error.code === "REPORT_UNWRITABLE");
    assert.match(error.seen ?? "", /file\/report\.html": E/);
    return true;
  });
});

test("a run of any size, and of any text, gives a page that opens", async () => {
  for (const run of [hostileRun(), largeRun(300), largeRun(1500)]) {
    const [path = ""] = await writeReports(run, ["html"], folder);
    assert.ok((await stat(path)).size < 1_500_000, `${run.id}: ${(await stat(path)).size}`);
  }
});

test("no report says more than the run: nothing of the machine, the user or the environment", async () => {
  process.env.SLUICEGATE_CREDENTIAL = "Bearer not-to-be-told";
  const run = sampleRun();
  const paths = await writeReports(run, REPORT_FORMATS, folder);
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  texts.push(terminalReport(run, { columns: 80, isColoured: false, reportPath: null }));
  const foreign = [
    "not-to-be-told",
    folder,
    process.cwd(),
    hostname(),
    join(homedir(), ""),
    join("/home", userInfo().username),
  ];
  for (const [index, text] of texts.entries()) {
    // A name such as `root` or `/` is found in everything, and says nothing.
    for (const word of foreign.filter((each) => each.length > 5)) {
      assert.equal(text.includes(word), false, `${REPORT_FORMATS[index] ?? "terminal"} has ${word}`);
    }
  }
  delete process.env.SLUICEGATE_CREDENTIAL;
});
