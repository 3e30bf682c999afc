/**
 * Which commit is checked out where the flow lies, and whether anything differs from it.
 *
 * Always holds: what has a key of its own in a fingerprint (the flow's folder, lockfiles, named files) is not counted here, so that one change is one
 * key; git is asked and never told to change anything. `null` where there is no repository, or no git.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { digestOfFile } from "./digests.ts";
import { LOCKFILE_NAMES } from "./lockfile-facts.ts";

const GIT_MS = 10_000;
const DIFF_BYTES_MAX = 64 * 1024 * 1024;
const UNTRACKED_MAX = 500;
const UNTRACKED_BYTES_MAX = 1024 * 1024;

/** The repository's folder, or `null`. */
export async function rootOf(folder: string): Promise<string | null> {
  return (await git(folder, ["rev-parse", "--show-toplevel"]))?.trim() ?? null;
}

/** @param files absolute paths that have keys of their own */
export async function gitFacts(
  folder: string,
  files: readonly string[],
): Promise<Readonly<Record<"git.commit" | "git.dirty", string | null>>> {
  const root = await rootOf(folder);
  const commit = root === null ? null : ((await git(root, ["rev-parse", "HEAD"]))?.trim() ?? null);
  const dirty = root === null || commit === null ? null : await dirtyWords(root, [folder, ...files]);
  return { "git.commit": commit, "git.dirty": dirty };
}

/** `no`, or `yes` with a digest of the difference: two other differences are another state. */
async function dirtyWords(root: string, apart: readonly string[]): Promise<string | null> {
  const paths = ["--", ".", ...apart.filter((path) => path.startsWith(`${root}/`)).map(excluded(root))];
  const but = [
    ...paths,
    ...LOCKFILE_NAMES.map((name) => `:(exclude,top)${name}`),
    ":(exclude,glob)**/.sluicegate/**",
  ];
  const diff = await git(root, ["diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv", ...but]);
  const others = await git(root, ["ls-files", "--others", "--exclude-standard", "-z", ...but]);
  if (diff === null || others === null) return null;
  const untracked = others.split("\0").filter((name) => name !== "");
  if (diff === "" && untracked.length === 0) return "no";
  const hash = createHash("sha256").update(diff);
  for (const name of untracked.slice(0, UNTRACKED_MAX))
    hash.update(`\0${name}\0${await contentOf(join(root, name))}`);
  return `yes, ${hash.update(String(untracked.length)).digest("hex").slice(0, 16)}`;
}

const excluded =
  (root: string) =>
  (path: string): string =>
    `:(exclude,top,literal)${path.slice(root.length + 1)}`;

async function contentOf(path: string): Promise<string> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  return size > UNTRACKED_BYTES_MAX ? String(size) : ((await digestOfFile(path)) ?? "");
}

function git(folder: string, args: readonly string[]): Promise<string | null> {
  const options = {
    timeout: GIT_MS,
    maxBuffer: DIFF_BYTES_MAX,
    env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" },
  };
  return new Promise((resolve) => {
    execFile("git", ["-C", folder, ...args], options, (error, out) => resolve(error === null ? out : null));
  });
}
