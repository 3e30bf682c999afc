import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { HOSTILE_TEXTS, hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { htmlReport } from "./html-report.ts";

const page = htmlReport(sampleRun());
const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

test("the page begins with the sentence, the target, what was spent and what has changed", () => {
  const text = page
    .replace(/<style>.*<\/style>/s, "")
    .replace(/<[^>]+>/g, "\n")
    .replace(/\n\s*\n/g, "\n");
  assert.match(text, /^\s*documents breaks 3 of 61 promises; 2 could not be checked\./);
  assert.match(text, /POST http:\/\/127\.0\.0\.1:8000\/api\/documents/);
  assert.match(text, /Served by\nuvicorn/);
  assert.match(text, /Spent\n212 requests, 34\.5 MB sent, in 41\.2 s/);
  assert.match(text, /Since the run of 2026-11-21 08:00 UTC: 1 newly broken, 1 mended, 2 as before\./);
});

test("seven tiles have a word, a shape and a count, and there is no score", () => {
  assert.equal(count(page, /<span class="count"><span class="shape"/g), 7);
  const shapes = [...page.matchAll(/class="count"><span class="shape" aria-hidden="true">(.)</g)].map(
    (match) => match[1],
  );
  assert.equal(new Set(shapes).size, 7);
  assert.doesNotMatch(page.replace(/<(style|script)>.*?<\/\1>/gs, ""), /score|\d+ ?%|\/100/i);
});

test("one click on a failure shows the difference, the request, the test, the answer, the remedy, references and the waiver", () => {
  const card = page.slice(
    page.indexOf('<article class="fail" id="UPL-TR-01"'),
    page.indexOf('id="UPL-MP-07"'),
  );
  const before = card.slice(0, card.indexOf("<details>"));
  assert.match(before, /<p class="lead">Took 12\.0 MB; the flow says 10 MB\.<\/p>/);
  assert.match(before, /<span class="age">new<\/span>/);
  const wanted = [
    '<th scope="row">Promised</th><td>refused with 401 or 413, and nothing stored</td>',
    '<span class="added">+Content-Length: 10485761</span>',
    "What to do: FastAPI",
    "<code>max_body_size</code>",
    "Other ways: Sluicegate in front, Django, Flask",
    "curl --http1.1 --include --request POST",
    "sluicegate replay 20261122-185346-k3f9/UPL-TR-01/4",
    "def test_upl_tr_01_a_file_of_one_byte_more_than_the_limit()",
    "201 Created\ncontent-type: application/json",
    '<a href="https://cwe.mitre.org/data/definitions/770.html" rel="noreferrer">CWE-770</a>',
    "sluicegate waive UPL-TR-01 --flow documents --until YYYY-MM-DD",
  ];
  for (const text of wanted) assert.ok(card.includes(text), text);
});

test("the policy lets run the one script and the one style, by their hashes, and nothing else", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1];
  const hash = (name: string) => {
    const content = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(page)?.[1] ?? "";
    return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
  };
  assert.equal(
    policy,
    `default-src 'none'; style-src ${hash("style")}; script-src ${hash("script")}; base-uri 'none'; form-action 'none'`,
  );
  assert.doesNotMatch(page, / style="| on\w+="|javascript:/);
});

test("whatever the target answers is text on the page: the tags are the same as for any other run", () => {
  const hostile = htmlReport(hostileRun());
  const tags = (text: string) =>
    new Set(text.replace(/<(style|script)>.*?<\/\1>/gs, "").match(/<[a-z0-9]+/gi));
  const ours = tags(page);
  assert.deepEqual(
    [...tags(hostile)].filter((tag) => !ours.has(tag)),
    [],
  );
  assert.equal(count(hostile, /<script/g), 1);
  assert.equal(/[^\P{C}\n]/u.test(hostile), false);
  assert.ok(hostile.includes("&lt;script&gt;alert(document.domain)&lt;/script&gt;"));
  assert.doesNotMatch(hostile, /href="(?!#|https:\/\/(cwe\.mitre\.org|www\.cve\.org)\/)/);
  for (const text of HOSTILE_TEXTS.filter((each) => /[<>]/.test(each)))
    assert.equal(hostile.includes(text), false);
});

test("a large run leaves out proof before it leaves out results, and says so", () => {
  const large = htmlReport(largeRun(1500));
  assert.equal(count(large, /<article class="fail"/g), 100);
  assert.match(large, /The page is full/);
});

test("a run that kept everything says that nothing was seen to be broken; one that saw nothing does not say kept", () => {
  const results = sampleRun().results.filter(({ state }) => state === "pass");
  assert.match(htmlReport(sampleRun({ results })), /No promise was seen to be broken\./);
  const stopped = { kind: "unreachable", sentence: "Nobody answers at 127.0.0.1:8000." } as const;
  const nothing = htmlReport(sampleRun({ results: [], stopped, exitCode: 3, baseline: null }));
  assert.match(nothing, /Nothing was seen to be broken, and nothing was seen to be kept\./);
  assert.match(nothing, /<strong>The run ended early\.<\/strong> Nobody answers/);
});
