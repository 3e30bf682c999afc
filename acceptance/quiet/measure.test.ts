/**
 * `sluicegate measure` as somebody runs it: through the real gate and straight at a real FastAPI service, which is fine, answers wrongly, gets slow, dies.
 *
 * A machine that is busy with other things makes figures that do not hold, and then the command says so: what is looked at here is true on either.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { access, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { type GateUnderTest, startGate } from "../gate-under-test.ts";
import {
  LOADED_FLOW,
  type LoadedService,
  type Measured,
  type MeasuringFolder,
  makeMeasuringFolder,
  startLoadedService,
} from "../loaded-service.ts";
import { makeCertificate, type TestCertificate } from "../tls-files.ts";

let service: LoadedService;
let gate: GateUnderTest | undefined;
let folder: MeasuringFolder;
let certificate: TestCertificate;

before(async () => {
  certificate = await makeCertificate("127.0.0.1");
  [service, folder] = await Promise.all([startLoadedService(), makeMeasuringFolder()]);
  gate = await startGate({
    upstream: service.origin,
    flows: [LOADED_FLOW],
    passThrough: true,
    tls: certificate,
    settings: "signals: { server-timing: true }\n",
  });
});

after(async () => {
  await gate?.stop();
  await service.stop();
  await folder.remove();
  await certificate.remove();
});

interface Line {
  readonly index: number;
  readonly repeat: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly appMs: number | null;
  readonly cache: string;
  readonly status: number | null;
}

const linesOf = (text: string): Line[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

/** Measured, or told that this machine is too busy, and nothing else. */
function assertHolds({ code, out, err }: Measured): void {
  if (code === 0) return;
  assert.equal(code, 3, out + err);
  assert.match(out, /too busy to measure|was busy/, out + err);
}

const straight = (...more: readonly string[]): Promise<Measured> =>
  folder.run("--flows", "flows", "--target", service.origin, ...more);

test("through the gate and TLS: the four numbers, from requests that are kept and can be counted again", async () => {
  assert.ok(gate !== undefined);
  const settings = join(gate.folder, "sluicegate.yaml");
  const run = await folder.run(
    "--settings",
    settings,
    "--ca",
    certificate.certificate,
    "--requests",
    "60",
    "--rate",
    "30/s",
    "--json",
    "--label",
    "before",
  );
  const told = JSON.parse(run.out);
  const { json, lines } = await folder.newest();
  assert.deepEqual(JSON.parse(json), told);
  assert.equal(told.evidenceSha256, createHash("sha256").update(lines).digest("hex"));
  assert.deepEqual([told.version, told.flow, told.label, told.target], [1, "photos", "before", gate.origin]);
  assert.deepEqual(told.outcomes, { accepted: 66, refused: 0, wrong: 0, failed: 0 });
  assert.deepEqual([told.databaseCalls.mode, told.databaseCalls.max], [2, 2]);
  assert.equal(told.appSource, "server");
  const measured = linesOf(lines).filter(({ index }) => index >= 0);
  const times = measured.map(({ appMs }) => appMs ?? 0).sort((a, b) => a - b);
  const median = ((times[32] ?? 0) + (times[33] ?? 0)) / 2;
  assert.ok(Math.abs(told.app.p50 - median) < 1e-9, `${told.app.p50} and ${median}`);
  assert.equal(told.app.p95, null, "too few for a p95");
  assert.deepEqual(told.cache, { hit: 6, miss: 60, bypass: 0, unknown: 0 });
  const seen = told.fingerprint.values;
  assert.deepEqual(
    [seen["git.commit"], seen["service.workers"], seen["flow.mode"]],
    ["3c4d", "1", "enforce"],
  );
  assert.match(seen.gateway, /^sluicegate /);
  assert.equal((await service.counts()).stored, 0, "what was stored is removed");
  assert.ok(
    told.invalid.every((each: string) => /busy/.test(each)),
    told.invalid,
  );
});

test("straight at the service: in sentences, and kept as the one to compare with where the figures hold", async () => {
  const run = await straight("--requests", "40", "--rate", "20/s", "--baseline");
  assertHolds(run);
  for (const words of [/Response time/, /Errors.*0 of 44/, /Cache/, /Database calls/])
    assert.match(run.out, words);
  const baseline = join(folder.flow, "baseline.json");
  if (run.code === 0) assert.equal(await readFile(baseline, "utf8"), (await folder.newest()).json);
  else {
    await assert.rejects(access(baseline));
    assert.match(run.out, /Not kept as/);
  }
  assert.equal((await service.counts()).stored, 0);
});

test("a dry run says what would be sent, and sends nothing", async () => {
  const before = await service.counts();
  const run = await straight("--dry-run", "--time", "10s");
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /with jpeg-baseline\.jpg, png-rgb\.png/);
  assert.match(run.out, /DELETE \/photos\/\{id\}/);
  assert.match(run.out, /Nothing was sent/);
  assert.deepEqual(await service.counts(), before);
});

test("answers that are wrong with a 200 are no successes, and do not make the route fast", async () => {
  await service.become("wrong", 30);
  const run = await straight("--requests", "60", "--rate", "30/s", "--json");
  await service.become("none");
  const told = JSON.parse(run.out);
  const lines = linesOf((await folder.newest()).lines).filter(({ index }) => index >= 0);
  const wrong = lines.filter(({ outcome }) => outcome === "wrong");
  assert.ok(wrong.length >= 30, `${wrong.length}`);
  assert.ok(
    wrong.every(({ status, reason }) => status === 200 && /status is 200, expected 201/.test(reason ?? "")),
  );
  assert.deepEqual(told.outcomes, {
    accepted: 66 - wrong.length,
    refused: 0,
    wrong: wrong.length,
    failed: 0,
  });
  assert.equal(told.total.count, 66 - wrong.length, "times are of accepted uploads");
});

test("a service that gets slow is left alone before it is buried", async () => {
  const before = await service.counts();
  await service.become("slow", 40);
  const run = await straight("--requests", "1000", "--rate", "40/s", "--json");
  await service.become("none");
  assert.equal(run.code, 3, run.out);
  assert.match(
    JSON.parse(run.out).health.stopped,
    /so the service is slower than they come|and took \d+ ms at the beginning/,
  );
  const { uploads } = await service.counts();
  assert.ok(uploads - before.uploads < 400, `${uploads - before.uploads} of 1100 were sent`);
});

test("where no upload is accepted nothing is loaded, and it is said why", async () => {
  const nobody = await folder.run("--flows", "flows", "--target", `http://127.0.0.1:${await freePort()}`);
  assert.equal(nobody.code, 3);
  assert.match(nobody.err, /^Not measured: Nobody listens at/m);
  const foreign = await folder.run("--flows", "flows", "--target", "http://192.0.2.1");
  assert.equal(foreign.code, 4);
  assert.match(foreign.err, /--allow-host 192\.0\.2\.1/);
  const twice = await straight("--requests", "5", "--time", "5s");
  assert.equal(twice.code, 2);
  assert.match(twice.err, /--requests and --time/);
});

test("a service that dies in the middle is told as that", async () => {
  await service.become("dies", 40);
  const run = await straight("--requests", "1000", "--rate", "40/s", "--json");
  assert.equal(run.code, 3);
  const told = JSON.parse(run.out);
  assert.match(told.health.stopped, /nobody answers any more|of the last 30 uploads failed/);
  assert.ok(told.notes.some((note: string) => note.startsWith("Left there: ")));
  assert.ok(told.outcomes.failed > 0 && told.outcomes.accepted > 0);
  const lines = linesOf((await folder.newest()).lines);
  assert.ok(lines.length < 400, `${lines.length} were sent`);
});

test("a kept measurement is computed again from its requests, and a request that was changed is told", async () => {
  const root = join(folder.path, ".sluicegate/measurements");
  const [id = ""] = (await readdir(root)).sort();
  const kept = JSON.parse(await readFile(join(root, id, "measurement.json"), "utf8"));
  const same = JSON.parse((await straight("--again", id, "--json")).out);
  assert.deepEqual([same.total, same.app, same.outcomes], [kept.total, kept.app, kept.outcomes]);
  assert.equal(same.evidenceSha256, kept.evidenceSha256);
  const file = join(root, id, "requests.ndjson");
  await writeFile(file, (await readFile(file, "utf8")).replace('"accepted"', '"failed"'));
  const other = JSON.parse((await straight("--again", id, "--json")).out);
  assert.ok(other.notes.some((note: string) => /not those that were kept/.test(note)));
});
