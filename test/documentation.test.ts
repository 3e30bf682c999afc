/**
 * What the documents point at exists: files that they link, headings, npm scripts, and commands of the program.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";

const ROOT = resolve(import.meta.dirname, "..");
const documents = [
  ...globSync("*.md", { cwd: ROOT }),
  ...globSync("docs/*.md", { cwd: ROOT }),
  "python/README.md",
];
const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");
/** Without blocks of code of four backticks: those show whole documents, whose links are relative to where they lie. */
const ownTextOf = (file: string): string => textOf(file).replace(/^````[\s\S]*?^````$/gm, "");
/** Where commands are registered. */
const PROGRAM = globSync("src/cli/{main,add-*}.ts", { cwd: ROOT }).map(textOf).join("\n");

for (const document of documents) {
  test(`${document} links to files that are there`, () => {
    const links = [...ownTextOf(document).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      (match) => match[1] ?? "",
    );
    const missing = links.filter((link) => !existsSync(join(ROOT, dirname(document), link)));
    assert.deepEqual(missing, []);
  });

  test(`${document} names npm scripts and commands that exist`, () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    const named = [...textOf(document).matchAll(/npm run ([a-z-]+)/g)].map((match) => match[1] ?? "");
    assert.deepEqual(
      named.filter((name) => scripts[name] === undefined),
      [],
    );
    const commands = [...textOf(document).matchAll(/(?:\.\/sluicegate|`sluicegate) ([a-z][a-z-]*)/g)].map(
      (match) => match[1] ?? "",
    );
    assert.deepEqual(
      commands.filter((command) => !new RegExp(`command\\("${command}[ "]`).test(PROGRAM)),
      [],
    );
  });
}
