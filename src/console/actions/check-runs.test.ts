import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { RunSummary } from "../../checks/run/evidence-store.ts";
import { CheckRuns } from "./check-runs.ts";

let home: string;

before(async () => {
  home = await mkdtemp(join(tmpdir(), "sluicegate-runs-"));
});

after(() => rm(home, { recursive: true, force: true }));

async function keep(id: string, own: Partial<RunSummary> | string): Promise<void> {
  const folder = join(home, ".sluicegate/runs", id);
  await mkdir(folder, { recursive: true });
  const summary: RunSummary = {
    schema: "sluicegate-run-summary/1",
    id,
    startedAtMs: 1000,
    profile: "ci",
    flow: "avatars",
    flowFile: "/project/flows/avatars/flow.yaml",
    exitCode: 0,
    sentence: "avatars keeps all promises.",
  };
  const text = typeof own === "string" ? own : JSON.stringify({ ...summary, ...own });
  await writeFile(join(folder, "summary.json"), text);
}

const last = (flow: string, runs = new CheckRuns([home])) => runs.last({ folder: `/project/flows/${flow}` });

test("where nothing was ever checked there is no last check", async () => {
  assert.equal(await last("avatars"), null);
});

test("the last check of a flow is the newest of its own file, as its exit code says", async () => {
  await keep("20261122-100000-aaaa", { startedAtMs: 1000 });
  await keep("20261122-110000-bbbb", {
    startedAtMs: 2000,
    exitCode: 1,
    sentence: "avatars breaks 2 promises.",
  });
  await keep("20261122-120000-cccc", { startedAtMs: 3000, flowFile: "/elsewhere/avatars/flow.yaml" });
  assert.deepEqual(await last("avatars"), {
    atMs: 2000,
    sentence: "avatars breaks 2 promises.",
    condition: "bad",
  });
  assert.equal(await last("reports"), null);
});

test("what is no summary is passed over", async () => {
  await keep("20261122-130000-dddd", "{");
  await keep("20261122-140000-eeee", { exitCode: 7 as 0, startedAtMs: 9000 });
  await mkdir(join(home, ".sluicegate/runs/20261122-150000-ffff"), { recursive: true });
  assert.equal((await last("avatars"))?.atMs, 2000);
});

test("a run that was removed is not known any more", async () => {
  const runs = new CheckRuns([home]);
  const flow = { folder: "/project/flows/avatars" };
  assert.equal((await runs.newest(flow, true))?.startedAtMs, 2000);
  await rm(join(home, ".sluicegate/runs/20261122-110000-bbbb"), { recursive: true });
  assert.equal((await runs.newest(flow, true))?.startedAtMs, 1000);
});
