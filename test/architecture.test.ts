/**
 * Holds the import levels of ARCHITECTURE.md: a folder imports only from a lower level, and never from another folder of level 2.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";

const SRC = resolve(import.meta.dirname, "../src");

const LEVELS: Readonly<Record<string, number>> = {
  uploads: 0,
  problems: 0,
  setup: 0,
  statistics: 0,
  flows: 1,
  settings: 1,
  records: 1,
  storage: 1,
  signals: 1,
  upstream: 1,
  protocols: 2,
  permissions: 2,
  quarantine: 2,
  inspection: 2,
  release: 2,
  delivery: 2,
  gate: 3,
  checks: 4,
  measure: 5,
  drills: 5,
  console: 5,
  server: 6,
  cli: 7,
};

const FORBIDDEN_NAMES = /(^|[/-])(utils?|helpers?|common|core|misc)(\.ts|$|[/-])/;

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(SRC, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map((match) => relative(SRC, resolve(SRC, file, "..", match[1] ?? "")));
}

/** A test beside its source may use fixtures and what tests share, both outside `src`. */
const isTestSupport = (file: string, target: string): boolean =>
  file.endsWith(".test.ts") && /^\.\.\/(test|fixtures)\//.test(target);

const folderOf = (path: string): string => path.split("/")[0] ?? "";

test("every folder below src has a level", () => {
  const folders = new Set(sourceFiles().map(folderOf));
  assert.deepEqual(
    [...folders].filter((folder) => LEVELS[folder] === undefined),
    [],
  );
});

test("imports go to a lower level only, and never between two folders of level 2", () => {
  const wrong: string[] = [];
  for (const file of sourceFiles()) {
    const from = folderOf(file);
    for (const target of importsOf(file)) {
      const to = folderOf(target);
      if (to === from || isTestSupport(file, target)) continue;
      const fromLevel = LEVELS[from] ?? Number.NaN;
      const toLevel = LEVELS[to] ?? Number.NaN;
      const isFine = toLevel < fromLevel || (fromLevel === 0 && toLevel === 0);
      if (!isFine) wrong.push(`${file} (level ${fromLevel}) imports ${target} (level ${toLevel})`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("nothing is called utils, helpers, common, core or misc", () => {
  assert.deepEqual(
    sourceFiles().filter((file) => FORBIDDEN_NAMES.test(file)),
    [],
  );
});
