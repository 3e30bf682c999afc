import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleFlow } from "../../../fixtures/console/sample-facts.ts";
import { promiseSentences } from "./promise-sentences.ts";

const avatars = await sampleFlow();

test("a promise is told in sentences that stand alone, and without what the page has elsewhere", () => {
  const told = promiseSentences(avatars);
  assert.ok(told.length >= 8 && told.length <= 16, told.join("\n"));
  assert.match(told[0] ?? "", /^Taken: picture: one file, required, at most 5 MiB/);
  assert.ok(told.includes("95 of 100 answers take less than 800 ms."));
  assert.ok(told.every((sentence) => sentence.endsWith(".") && sentence === sentence.trim()));
  assert.ok(!told.some((sentence) => /ASVS|STORAGE_FULL|POST \/api/.test(sentence)));
});

test("what holds in mode enforce only is said to, in the other modes", () => {
  const told = promiseSentences({ ...avatars, mode: "observe" });
  assert.ok(told.some((sentence) => sentence.startsWith("In mode enforce: ")));
});
