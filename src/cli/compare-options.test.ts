import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "./check-options.ts";
import { type CompareArguments, readCompareWish } from "./compare-options.ts";
import { repeatLine } from "./repeat-line.ts";

const URLS: CompareArguments = {
  flow: "pictures",
  a: "http://127.0.0.1:8000",
  b: "http://127.0.0.1:8001",
  variable: "git.commit",
};

const wrong = (args: CompareArguments, said: RegExp): void =>
  assert.throws(
    () => readCompareWish(args),
    (error) => error instanceof UsageError && said.test(error.message),
    JSON.stringify(args),
  );

test("two URLs and a variable are enough", () => {
  const wish = readCompareWish(URLS);
  assert.deepEqual(wish.things, { kind: "urls", a: URLS.a, b: URLS.b });
  assert.deepEqual([wish.variable, wish.expected, wish.pairs], ["git.commit", null, null]);
});

test("a hoped change has a sign, and is a share from then on", () => {
  const expected = (expect: string) => readCompareWish({ ...URLS, expect }).expected;
  assert.deepEqual(["-20%", "−20 %", "+10%", "-0.5 %"].map(expected), [-0.2, -0.2, 0.1, -0.005]);
  for (const expect of ["20%", "-20", "-100%", "0%", "faster"]) wrong({ ...URLS, expect }, /--expect/);
});

test("what is switched has words for both arms that a shell takes for one word each", () => {
  const { flow, variable } = URLS;
  const switched = { flow: flow ?? "", variable: variable ?? "", switch: "./deploy {arm}" };
  assert.deepEqual(readCompareWish(switched).things, {
    kind: "switch",
    command: "./deploy {arm}",
    a: "a",
    b: "b",
  });
  const named = readCompareWish({ ...switched, a: "v1.2", b: "feature/join" });
  assert.deepEqual(named.things, { kind: "switch", command: "./deploy {arm}", a: "v1.2", b: "feature/join" });
  for (const a of ["v1; rm -rf /", "$(id)", "", "-rf"]) wrong({ ...switched, a }, /--a/);
  wrong({ ...switched, a: "v1", b: "v1" }, /nothing would be switched/);
  wrong({ ...switched, switch: "./deploy" }, /\{arm\}/);
});

test("what does not say what is compared with what is told what is missing", () => {
  wrong({}, /which flow/);
  wrong({ flow: "pictures", variable: "x" }, /--a URL --b URL/);
  wrong({ ...URLS, a: "http://127.0.0.1:8000/upload" }, /server alone/);
  wrong({ ...URLS, b: "ftp://127.0.0.1" }, /--b/);
  wrong({ flow: "pictures", a: URLS.a ?? "", b: URLS.b ?? "" }, /--variable/);
  wrong({ ...URLS, logs: ["a", "b"] }, /--logs/);
  wrong({ flow: "pictures", logs: ["a"] }, /two files/);
  wrong({ ...URLS, again: "last" }, /--again/);
  wrong({ again: "../../etc" }, /--again/);
});

test("counts, rates and times outside of what makes sense are refused", () => {
  for (const pairs of ["0", "201", "8.5", "x"]) wrong({ ...URLS, pairs }, /--pairs/);
  wrong({ ...URLS, requests: "10" }, /--requests/);
  wrong({ ...URLS, rate: "20" }, /--rate/);
  wrong({ ...URLS, rate: "5000/s" }, /1000/);
  wrong({ ...URLS, timeout: "soon" }, /--timeout/);
  wrong({ ...URLS, timeout: "2h" }, /--timeout/);
  assert.equal(readCompareWish({ ...URLS, rate: "90/min" }).ratePerSecond, 1.5);
});

test("the line that repeats a comparison has its seed, and quotes what a shell would read", () => {
  const args = { ...URLS, expect: "-20%", switch: "case {arm} in a) echo 'it';; esac", quick: true };
  assert.equal(
    repeatLine(args, { seed: 7 }),
    `sluicegate compare pictures --a http://127.0.0.1:8000 --b http://127.0.0.1:8001 --switch 'case {arm} in a) echo '\\''it'\\'';; esac' --variable git.commit --expect -20% --seed 7 --quick`,
  );
});
