import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readWrittenFile, WRITTEN_BYTES_MAX } from "./written-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sluicegate-written-"));
after(() => rmSync(folder, { recursive: true }));

async function problemOf(content: string | Buffer): Promise<string> {
  const file = join(folder, "flow.yaml");
  writeFileSync(file, content);
  const written = await readWrittenFile(file, "FLOW_INVALID");
  if (written.ok) return "fine";
  const [problem] = written.problems;
  assert.equal(written.problems.length, 1);
  return `${problem?.line}:${problem?.column} ${problem?.message}`;
}

test("UTF-8 text is read, with or without byte order mark", async () => {
  assert.equal(await problemOf("owner: Zoë 🐝\r\n\tx"), "fine");
  assert.equal(await problemOf("\ufeffflow: a\n"), "fine");
  assert.equal(await problemOf("a: \ufffd\n"), "fine");
  assert.equal(await problemOf(""), "fine");
});

test("text that is not UTF-8 is told with its place", async () => {
  assert.match(await problemOf(Buffer.from("flow: a\nowner: Zo\xeb\n", "latin1")), /^2:10 .*not UTF-8/);
  const afterOneThatIsMeant = Buffer.concat([Buffer.from("a: \ufffd\nb: "), Buffer.from([0xff])]);
  assert.match(await problemOf(afterOneThatIsMeant), /^2:4 /);
  assert.match(await problemOf(Buffer.from("flow: a\n", "utf16le")), /control character U\+0000/);
});

test("control characters are told with their place", async () => {
  assert.match(await problemOf("a: 1\nb: x\u0000y\n"), /^2:5 control character U\+0000/);
  assert.match(await problemOf("a: \u001b[31m\n"), /^1:4 control character U\+001B/);
});

test("a file over 1 MiB is not read on", async () => {
  assert.match(await problemOf(Buffer.alloc(WRITTEN_BYTES_MAX + 1, "#")), /larger than 1 MiB/);
  assert.equal(await problemOf(Buffer.alloc(WRITTEN_BYTES_MAX, "#")), "fine");
});

test("a missing file is told apart from one that cannot be read", async () => {
  const missing = await readWrittenFile(join(folder, "nowhere", "flow.yaml"), "FLOW_INVALID");
  assert.equal(missing.ok, false);
  assert.equal(!missing.ok && missing.isMissing, true);
  mkdirSync(join(folder, "a-folder"), { recursive: true });
  const notAFile = await readWrittenFile(join(folder, "a-folder"), "FLOW_INVALID");
  assert.equal(
    !notAFile.ok && !notAFile.isMissing && notAFile.problems[0]?.message,
    "this is not a regular file.",
  );
});
