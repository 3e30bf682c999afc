/**
 * What every script needs on a fresh machine: the npm packages, among them the Node that Sluicegate runs on. Plain JavaScript without
 * dependencies, so that any Node that can start npm can start it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const NODE = join(ROOT, "node_modules/.bin/node");

const STAMP = join(ROOT, "node_modules/.installed-from");

/**
 * Installs the npm packages of the lock file, unless that was done already. Not by `npm ci`: it refuses a lock file that was written where the
 * packages of some other platform could not be had, and those are optional.
 */
export function ensurePackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  if (existsSync(NODE) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return;
  console.error("Installing the npm packages (once) …");
  const result = spawnSync("npm", ["install", "--no-save", "--loglevel=error", "--no-progress"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (result.status !== 0 || !existsSync(NODE)) {
    console.error(`${result.stdout}${result.stderr}`.split("\n").slice(0, 20).join("\n"));
    console.error(
      "npm install failed: see above. A network without the npm registry, or a changed lock file, are the usual causes.",
    );
    process.exit(1);
  }
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, lock);
}

/** The environment of every child: our Node first on the path, no colour codes where nobody looks. */
export function childEnvironment(extra = {}) {
  return { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`, ...extra };
}

/** Starts a child in the checkout. */
export function start(command, args, options = {}) {
  return spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: childEnvironment(options.env),
    stdio: options.stdio ?? "inherit",
  });
}

/** Runs a child to its end; resolves with its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    start(command, args, options)
      .once("error", reject)
      .once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}
