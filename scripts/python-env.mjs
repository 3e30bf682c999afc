/**
 * The Python side's environment: `.venv` at the root of the checkout.
 *
 * In: `example` (what the example service needs) or `test` (that, and what the tests need); the interpreter named by `PYTHON`, else `python3`.
 * Out: the path of the environment's own interpreter. Holds always: a second call with nothing changed does nothing and costs milliseconds;
 * two calls at once wait for each other; an environment that was only half made is finished by the next call.
 * Plain JavaScript, because it runs before anything is installed, on Node 20 and later.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGE = join(ROOT, "python");
const VENV = join(ROOT, ".venv");
const STAMP = join(VENV, ".sluicegate-stamp.json");
const LOCK = join(ROOT, ".cache", "python-env.lock");
const LOCK_WAIT_MS = 300_000;
const FAILURE_LINES = 15;

/** Packages of each kind; `test` contains `example`. */
const REQUIREMENTS = {
  example: ["requirements-example.txt"],
  test: ["requirements-example.txt", "requirements-test.txt"],
};

/** Something about the machine that a person has to put right; `message` says what to do. */
export class PythonEnvError extends Error {
  name = "PythonEnvError";
}

/**
 * Makes or updates `.venv` and returns the path of its interpreter.
 * @param {"example" | "test"} kind
 * @returns {Promise<string>}
 * @throws PythonEnvError with a remedy in its message.
 */
export async function ensurePythonEnv(kind) {
  if (!Object.hasOwn(REQUIREMENTS, kind))
    throw new PythonEnvError(`Unknown kind "${kind}": use example or test.`);
  if (isUpToDate(kind)) return venvPython();
  await takeLock();
  try {
    if (!isUpToDate(kind)) await build(kind);
  } finally {
    rmSync(LOCK, { force: true });
  }
  return venvPython();
}

function venvPython() {
  return process.platform === "win32" ? join(VENV, "Scripts", "python.exe") : join(VENV, "bin", "python");
}

/** A stamp of `test` serves `example` too, as it holds all of it. */
function isUpToDate(kind) {
  if (!existsSync(venvPython())) return false;
  let stamp;
  try {
    stamp = JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return false;
  }
  const kinds = kind === "example" ? ["example", "test"] : ["test"];
  return kinds.some((name) => stamp.kind === name && stamp.digest === digestOf(name));
}

function digestOf(kind) {
  const digest = createHash("sha256").update(ROOT);
  for (const name of [...REQUIREMENTS[kind], "pyproject.toml"])
    digest.update(`\0${name}\0`).update(readFileSync(join(PACKAGE, name)));
  return digest.digest("hex");
}

async function build(kind) {
  console.log(`Python: preparing .venv for the ${kind === "test" ? "tests" : "example service"} …`);
  const startedAt = Date.now();
  if (!(await works(venvPython()))) await makeVenv();
  rmSync(STAMP, { force: true });
  const requirements = join(PACKAGE, REQUIREMENTS[kind].at(-1));
  await pip(["-r", requirements]);
  await pip(["--no-deps", "--no-build-isolation", "-e", PACKAGE]);
  writeFileSync(STAMP, `${JSON.stringify({ kind, digest: digestOf(kind) })}\n`);
  console.log(`Python: .venv is ready (${Math.round((Date.now() - startedAt) / 1000)} s)`);
}

async function works(python) {
  return existsSync(python) && (await run(python, ["-c", "import pip"])).code === 0;
}

async function makeVenv() {
  const python = process.env.PYTHON || "python3";
  const probe =
    "import sys; print(sys.version_info >= (3, 11), '%d.%d' % sys.version_info[:2]); import venv, ensurepip";
  const found = spawnSync(python, ["-c", probe], { encoding: "utf8" });
  if (found.error) {
    throw new PythonEnvError(
      `There is no "${python}" on the PATH. Install Python 3.11 or newer, or name one: PYTHON=/path/to/python3`,
    );
  }
  const [isNewEnough, version] = found.stdout.trim().split(" ");
  if (isNewEnough === "False") {
    throw new PythonEnvError(
      `"${python}" is Python ${version}; 3.11 or newer is needed. Name another one: PYTHON=/path/to/python3`,
    );
  }
  if (found.status !== 0) throw new PythonEnvError(withoutEnsurepip(version, found.stderr));
  rmSync(VENV, { recursive: true, force: true });
  const made = await run(python, ["-m", "venv", VENV]);
  if (made.code !== 0) throw new PythonEnvError(`"${python} -m venv" failed:\n${lastLines(made.output)}`);
}

function withoutEnsurepip(version, stderr) {
  if (!/ensurepip|venv/.test(stderr)) return `Python cannot be run:\n${lastLines(stderr)}`;
  return (
    `Python ${version} is here, but its "venv" or "ensurepip" module is not, so no environment can be made.\n` +
    `On Debian and Ubuntu: apt install python${version}-venv (or python3-venv). Elsewhere: install Python's full distribution.`
  );
}

async function pip(args) {
  const flags = ["--quiet", "--disable-pip-version-check", "--no-input"];
  const done = await run(venvPython(), ["-m", "pip", "install", ...flags, ...args]);
  if (done.code === 0) return;
  throw new PythonEnvError(
    `pip could not install the Python packages:\n${lastLines(done.output)}\n` +
      "What to do: see that the package index can be reached (PIP_INDEX_URL names another), then run the same command again. " +
      "If it goes on failing, delete .venv first.",
  );
}

/** Runs to the end; never rejects. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: -1, output: String(error) }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

function lastLines(text) {
  return text.trimEnd().split("\n").slice(-FAILURE_LINES).join("\n");
}

/** The lock is a file with its owner's process id in it; one left by a dead process is taken over. */
async function takeLock() {
  const giveUpAt = Date.now() + LOCK_WAIT_MS;
  mkdirSync(dirname(LOCK), { recursive: true });
  while (!tryLock()) {
    if (isLockStale()) rmSync(LOCK, { force: true });
    else if (Date.now() > giveUpAt)
      throw new PythonEnvError(`Another process keeps ${LOCK}. If there is none, delete it.`);
    else await wait(200);
  }
}

function tryLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function isLockStale() {
  try {
    process.kill(Number(readFileSync(LOCK, "utf8")), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensurePythonEnv(process.argv[2] ?? "test");
  } catch (error) {
    if (!(error instanceof PythonEnvError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
