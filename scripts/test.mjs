/**
 * `npm test`: installs what the tests need and runs all of them: house rules, TypeScript, Python, and the running gate from outside.
 *
 * `npm test -- unit python` runs only the stages named. The last line is `N passed, N failed` for the whole run.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePackages, NODE, ROOT, run } from "./bootstrap.mjs";
import { ensurePythonEnv } from "./python-env.mjs";
import { ensureSystemPackages } from "./system-packages.mjs";

const BIN = join(ROOT, "node_modules/.bin");
const PYTHON_BIN = join(ROOT, ".venv/bin");
const results = mkdtempSync(join(tmpdir(), "sluicegate-tests-"));

/** A command that is one test by its exit code. */
const rule = (name, command, args, options) => ({
  name,
  go: async () => one(await run(command, args, options)),
});

/** All tests below some folders, by Node's test runner. */
const nodeTests = (name, folders, flags = []) => ({ name, go: () => runNodeTests(name, folders, flags) });

/** Tests that measure. */
const QUIET = "acceptance/quiet";

const STAGES = {
  rules: [
    rule("types (tsc)", join(BIN, "tsc"), ["--noEmit"]),
    rule("types of the page (tsc)", join(BIN, "tsc"), ["--noEmit", "-p", "web"]),
    rule("format and lint (biome)", join(BIN, "biome"), ["check", "."]),
    rule("dead code (knip)", join(BIN, "knip"), []),
    rule("python lint (ruff)", join(PYTHON_BIN, "ruff"), [
      "check",
      "python",
      "examples",
      "acceptance",
      "fixtures/services",
      "fixtures/measured-service",
    ]),
    rule("python format (ruff)", join(PYTHON_BIN, "ruff"), [
      "format",
      "--check",
      "python",
      "examples",
      "acceptance",
      "fixtures/services",
      "fixtures/measured-service",
    ]),
    rule("python types (mypy)", join(PYTHON_BIN, "mypy"), [], { cwd: join(ROOT, "python") }),
    rule("example's types (mypy)", join(PYTHON_BIN, "mypy"), [
      "--config-file=python/pyproject.toml",
      "--explicit-package-bases",
      "--package=examples.service",
    ]),
  ],
  unit: [nodeTests("unit", ["src", "test"], ["--test-concurrency=2"])],
  python: [{ name: "python", go: runPytest }],
  acceptance: [nodeTests("acceptance", ["acceptance"], ["--test-concurrency=2"])],
  // One after another: they measure, and a machine at work on something else shows it.
  quiet: [nodeTests("quiet", [QUIET], ["--test-concurrency=1"])],
};

const started = Date.now();
ensurePackages();
await ensurePythonEnv("test");
ensureSystemPackages();
const wanted = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };
const failedStages = [];
for (const [stage, steps] of Object.entries(STAGES)) {
  if (wanted.length > 0 && !wanted.includes(stage)) continue;
  for (const step of steps) await runStep(step);
}
rmSync(results, { recursive: true, force: true });
if (failedStages.length > 0) console.log(`\nFailed: ${failedStages.join(", ")}`);
if (totals.skipped > 0) console.log(`${totals.skipped} tests were skipped; none may be.`);
console.log(`\nTook ${Math.round((Date.now() - started) / 1000)} s.`);
console.log(`${totals.passed} passed, ${totals.failed + totals.skipped} failed`);
process.exitCode = totals.failed + totals.skipped > 0 || totals.passed === 0 ? 1 : 0;

async function runStep({ name, go }) {
  console.log(`\n── ${name}`);
  const counts = await go();
  for (const key of Object.keys(totals)) totals[key] += counts[key];
  if (counts.failed + counts.skipped > 0) failedStages.push(name);
}

function one(code) {
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function runNodeTests(name, folders, flags) {
  const isElsewhere = (file) => !folders.includes(QUIET) && file.startsWith(QUIET);
  const files = folders
    .flatMap(testFiles)
    .filter((file) => !isElsewhere(file))
    .sort();
  const counts = join(results, `${name}.json`);
  const reporters = ["--test-reporter=dot", "--test-reporter-destination=stdout"];
  reporters.push(
    `--test-reporter=${join(ROOT, "scripts/count-reporter.mjs")}`,
    `--test-reporter-destination=${counts}`,
  );
  const code = await run(NODE, ["--test", ...flags, ...reporters, ...files]);
  return atLeastOneFailure(code, readCounts(counts));
}

/** Every `*.test.ts` below a folder of the checkout. */
function testFiles(folder) {
  const names = readdirSync(join(ROOT, folder), { recursive: true });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => join(folder, name));
}

async function runPytest() {
  mkdirSync(results, { recursive: true });
  const report = join(results, "pytest.xml");
  const code = await run(join(PYTHON_BIN, "python"), [
    "-m",
    "pytest",
    "-q",
    "python/tests",
    `--junitxml=${report}`,
  ]);
  const attributes = /<testsuite [^>]*>/.exec(readOr(report, ""))?.[0] ?? "";
  const number = (key) => Number(new RegExp(` ${key}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return atLeastOneFailure(code, { passed: number("tests") - failed - skipped, failed, skipped });
}

/** A runner that died counts as a failure, whatever it had counted. */
function atLeastOneFailure(code, counts) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function readCounts(path) {
  return JSON.parse(readOr(path, '{"passed":0,"failed":1,"skipped":0}'));
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
