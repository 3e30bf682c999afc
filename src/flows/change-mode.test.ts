import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { GateError } from "../problems/gate-error.ts";
import { changeMode } from "./change-mode.ts";
import { FLOW_MODES } from "./mode-word.ts";
import { readFlow } from "./read-flow.ts";

const GOOD = readFileSync(resolve(import.meta.dirname, "../../fixtures/flows/good-smallest.yaml"), "utf8");
const folder = join(mkdtempSync(join(tmpdir(), "sluicegate-mode-")), "avatars");
mkdirSync(folder);
after(() => rmSync(join(folder, ".."), { recursive: true }));
const file = join(folder, "flow.yaml");

async function refusal(text: string | Buffer): Promise<string> {
  writeFileSync(file, text);
  const error = await changeMode(file, "off").then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GateError && error.code === "FLOW_INVALID");
  assert.deepEqual(readFileSync(file), Buffer.from(text));
  return error.publicMessage;
}

test("the word changes and not one other byte, whatever comments, quotes, spacing and line endings are around it", async () => {
  const comment = fc.string({
    unit: fc.constantFrom("a", "é", "🐝", " ", "#", ":", "mode: off", "'", '"', "-"),
    maxLength: 12,
  });
  const arbitrary = fc.record({
    before: fc.array(comment, { maxLength: 3 }),
    after: comment,
    quote: fc.constantFrom("", "'", '"'),
    spaces: fc.integer({ min: 1, max: 5 }),
    lineEnd: fc.constantFrom("\n", "\r\n"),
    mark: fc.constantFrom("", "\ufeff"),
    from: fc.constantFrom(...FLOW_MODES),
    to: fc.constantFrom(...FLOW_MODES),
    where: fc.nat({ max: 15 }),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ before, after, quote, spaces, lineEnd, mark, from, to, where }) => {
      const lines = GOOD.trimEnd()
        .split("\n")
        .filter((line) => !line.startsWith("mode:"));
      const topLevel = [...lines.keys()].filter((index) => !(lines[index] ?? "").startsWith(" "));
      const place = topLevel[where % topLevel.length] ?? 0;
      const textWith = (mode: string): string => {
        const modeLine = `mode:${" ".repeat(spaces)}${quote}${mode}${quote} # ${after}`;
        const all = [
          ...before.map((one) => `# ${one}`),
          ...lines.slice(0, place),
          modeLine,
          ...lines.slice(place),
        ];
        return `${mark}${all.join(lineEnd)}${lineEnd}`;
      };
      writeFileSync(file, textWith(from));
      const policyVersion = (await versionAndMode()).policyVersion;
      assert.deepEqual(await changeMode(file, to), { before: from, isChanged: from !== to });
      assert.equal(readFileSync(file, "utf8"), textWith(to));
      assert.deepEqual(await versionAndMode(), { policyVersion, mode: to });
      assert.deepEqual(readdirSync(folder), ["flow.yaml"]);
    }),
    { numRuns: 60, verbose: 1 },
  );
});

async function versionAndMode(): Promise<{ policyVersion: string; mode: string }> {
  const reading = await readFlow(file, { upstreams: "any" });
  assert.ok(reading.ok, reading.ok ? "" : JSON.stringify(reading.problems));
  return { policyVersion: reading.flow.policyVersion, mode: reading.flow.mode };
}

test("a flow that does not load for another reason can still be moved, for that is how one rolls back", async () => {
  const text = GOOD.replace("upstream: accounts", "upstraem: accounts");
  writeFileSync(file, text);
  assert.deepEqual(await changeMode(file, "off"), { before: "enforce", isChanged: true });
  assert.equal(readFileSync(file, "utf8"), text.replace("mode: enforce", "mode: off"));
});

test("a file that does not parse is left as it is", async () => {
  assert.match(
    await refusal(GOOD.replace("[multipart]", "[multipart")),
    /flow\.yaml:9:1: error: not valid YAML/,
  );
  assert.match(await refusal(`${GOOD}mode: off\n`), /written twice/);
  assert.match(await refusal(Buffer.from([0xff])), /not UTF-8/);
});

test("a mode that is no plain word of the three is left as it is", async () => {
  for (const mode of ["enforced", "|\n  enforce", '"enf\\x6frce"', "[off]", "", "Enforce"]) {
    assert.match(await refusal(GOOD.replace("mode: enforce", `mode: ${mode}`)), /no line "mode: off"/);
  }
  assert.match(await refusal(GOOD.replace("mode: enforce", "note: { mode: enforce }")), /no line/);
});

test("permissions are kept, and a symbolic link stays one", async () => {
  writeFileSync(file, GOOD);
  chmodSync(file, 0o640);
  const link = join(folder, "..", "link.yaml");
  symlinkSync(file, link);
  await changeMode(link, "observe");
  assert.equal(statSync(file).mode & 0o7777, 0o640);
  assert.equal(lstatSync(link).isSymbolicLink(), true);
  assert.match(readFileSync(file, "utf8"), /^mode: observe$/m);
});

test("the same mode again does not touch the file", async () => {
  writeFileSync(file, GOOD);
  const { mtimeNs, ino } = statSync(file, { bigint: true });
  assert.deepEqual(await changeMode(file, "enforce"), { before: "enforce", isChanged: false });
  const now = statSync(file, { bigint: true });
  assert.deepEqual([now.mtimeNs, now.ino], [mtimeNs, ino]);
});

test("a file that is not there is told", async () => {
  await assert.rejects(changeMode(join(folder, "nowhere.yaml"), "off"), /no such file/);
});

test("what the service promises about the inside of files keeps the gate off, and is named with its place", async () => {
  const promised = GOOD.replace("mode: enforce", "mode: off").concat("inspect: { malware: required }\n");
  for (const mode of ["observe", "enforce"] as const) {
    writeFileSync(file, promised);
    await assert.rejects(changeMode(file, mode), (error) => {
      assert.ok(error instanceof GateError && error.code === "FLOW_INVALID");
      assert.match(
        error.publicMessage,
        /flow\.yaml:17:21: error: inspect\.malware: "required" is known, but not built yet/,
      );
      assert.match(error.publicMessage, /With mode: off it may stand, as a promise of the service itself/);
      return true;
    });
    assert.equal(readFileSync(file, "utf8"), promised);
  }
});
