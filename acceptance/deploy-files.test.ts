/**
 * The files of `deploy/` for other people's tools, by those tools: rules by promtool, the dashboard by Grafana's own models, and every metric that either
 * names by what a real gate exposes.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startGate } from "./gate-under-test.ts";
import { PYTHON, startService } from "./service-under-test.ts";

const DEPLOY = join(import.meta.dirname, "../deploy");
const RULES = join(DEPLOY, "prometheus/sluicegate.rules.yaml");
const DASHBOARD = join(DEPLOY, "grafana/sluicegate.json");

interface Ended {
  readonly exitCode: number;
  readonly out: string;
}

function run(program: string, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, args, (error, out, err) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), out: out + err }),
    );
    child.stdin?.end(input);
  });
}

test("the rules are valid, and tell of what they are for and of nothing else", async () => {
  const checked = await run("promtool", ["check", "rules", RULES]);
  assert.equal(checked.exitCode, 0, checked.out);
  const tested = await run("promtool", [
    "test",
    "rules",
    join(DEPLOY, "prometheus/sluicegate.rules.test.yaml"),
  ]);
  assert.equal(tested.exitCode, 0, tested.out);
});

test("Grafana's own models take the dashboard whole", async () => {
  const read = await run(PYTHON, [join(import.meta.dirname, "dashboard.py"), DASHBOARD]);
  assert.deepEqual(read, { exitCode: 0, out: "" });
});

test("every expression of the dashboard can be read by Prometheus", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-dashboard-"));
  t.after(() => rm(folder, { recursive: true }));
  const found = expressionsOf(JSON.parse(await readFile(DASHBOARD, "utf8")));
  assert.ok(found.length > 10);
  const rules = found.map((expr, at) => ({
    record: `dashboard:${at}`,
    expr: expr.replaceAll("$flow", ".*"),
  }));
  const file = join(folder, "rules.yaml");
  await writeFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const checked = await run("promtool", ["check", "rules", file]);
  assert.equal(checked.exitCode, 0, checked.out);
});

test("what rules and dashboard ask for is what a gate exposes, in the form that Prometheus wants", async (t) => {
  const service = await startService();
  t.after(() => service.stop());
  const gate = await startGate({ upstream: service.origin, flows: ["raw"] });
  t.after(() => gate.stop());
  await (await fetch(`${gate.origin}/raw/one`, { method: "PUT", body: "x" })).arrayBuffer();
  const exposed = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  const names = new Set([...exposed.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const asked = `${await readFile(RULES, "utf8")}${expressionsOf(JSON.parse(await readFile(DASHBOARD, "utf8"))).join("\n")}`;
  const wanted = [...asked.matchAll(/\b(?:sluicegate|process)_[a-z_]+/g)].map(([name]) => name);
  const missing = wanted.filter(
    (name) => !names.has(name) && !names.has(name.replace(/_(bucket|count|sum)$/, "")),
  );
  assert.deepEqual(
    [...new Set(missing)].filter((name) => name !== "sluicegate_"),
    [],
  );
  // The linter also has opinions on names of Node's own metrics, which every Node process has.
  const linted = await run("promtool", ["check", "metrics"], exposed);
  const ours = linted.out.split("\n").filter((line) => line.startsWith("sluicegate_"));
  assert.deepEqual(ours, []);
});

function expressionsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(expressionsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === "expr" && typeof one === "string" ? [one] : expressionsOf(one),
  );
}
