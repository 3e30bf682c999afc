/**
 * `npm run build:wheel`: the Python package as a wheel with the built program inside, in `dist-python/`, or in the folder that is named.
 *
 * Out: a wheel from which `python -m sluicegate` runs without npm, with the Node that `sluicegate[gate]` brings. It is made in a copy of the
 * package: the sources are never touched, since a program inside of them would be taken for the one to run.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { ensurePackages, NODE, ROOT, run } from "./bootstrap.mjs";
import { ensurePythonEnv } from "./python-env.mjs";

const INTO = resolve(process.argv[2] ?? join(ROOT, "dist-python"));
/** What the wheel is made of. */
const SOURCES = ["src/sluicegate", "pyproject.toml", "README.md"];
/** What no program reads while it runs. */
const UNREAD = /\.(d\.[cm]?ts|ts|map|md|markdown|flow)$/;
const UNREAD_FOLDERS = new Set(["docs", "test", "tests", "benchmarks", "examples", ".github"]);

ensurePackages();
const python = await ensurePythonEnv("test");
const copy = mkdtempSync(join(tmpdir(), "sluicegate-wheel-"));
try {
  for (const name of SOURCES)
    cpSync(join(ROOT, "python", name), join(copy, name), { recursive: true, filter: isSource });
  await putProgram(join(copy, "src/sluicegate/_program"));
  mkdirSync(INTO, { recursive: true });
  const flags = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"];
  await mustRun(python, ["-m", "pip", "wheel", ...flags, "--wheel-dir", INTO, copy]);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
for (const wheel of readdirSync(INTO).filter((name) => name.endsWith(".whl"))) {
  console.log(`${join(INTO, wheel)} (${(statSync(join(INTO, wheel)).size / 1024 / 1024).toFixed(1)} MB)`);
}

function isSource(path) {
  return !["__pycache__", "_program"].includes(basename(path));
}

/** The built program, what it reads while it runs, and every package that it needs. */
async function putProgram(folder) {
  const flags = ["--declaration", "false", "--declarationMap", "false", "--sourceMap", "false"];
  await mustRun(join(ROOT, "node_modules/.bin/tsc"), [
    "-p",
    "tsconfig.build.json",
    ...flags,
    "--outDir",
    join(folder, "dist"),
  ]);
  await mustRun(NODE, ["scripts/build-web.ts", join(folder, "dist/console/web")]);
  for (const name of ["package.json", "LICENSE"]) cpSync(join(ROOT, name), join(folder, name));
  cpSync(join(ROOT, "contract"), join(folder, "contract"), { recursive: true });
  for (const [from, to] of packagesOf(ROOT)) copyPackage(from, join(folder, to));
}

async function mustRun(command, args) {
  const code = await run(command, args);
  if (code !== 0) throw new Error(`${basename(command)} ended with ${code}`);
}

/** Every package that the program needs while it runs: where it is, and its path from the root, nested ones where they are nested. */
function packagesOf(root) {
  const found = new Map();
  const look = (folder) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
      const at = resolvePackage(folder, name);
      if (found.has(at)) continue;
      found.set(at, at.slice(root.length + 1));
      look(at);
    }
  };
  look(root);
  return found;
}

/** As Node looks for it: in the node_modules of the folder, then of those above. */
function resolvePackage(folder, name) {
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    const at = join(above, "node_modules", name);
    if (existsSync(join(at, "package.json"))) return at;
  }
  throw new Error(`the package ${name} is not installed`);
}

function copyPackage(from, to) {
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => {
      const inside = path.slice(from.length + 1);
      if (statSync(path).isDirectory())
        return basename(path) !== "node_modules" && !UNREAD_FOLDERS.has(inside);
      return !UNREAD.test(path) || /licen[cs]e/i.test(basename(path));
    },
  });
}
