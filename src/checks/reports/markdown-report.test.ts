import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { PYTHON } from "../../../test/validators/json-schema.ts";
import type { CheckRun } from "../run/check-run.ts";
import { markdownReport } from "./markdown-report.ts";

/** Rendered as forges do (PyPI `markdown-it-py`: tables, links found in text, HTML let through), then as tags and text. */
const PROGRAM = `
import json, sys
from html.parser import HTMLParser
from markdown_it import MarkdownIt
tags, texts = [], []
class Reader(HTMLParser):
    def handle_starttag(self, tag, attrs): tags.append([tag, [name for name, value in attrs]])
    def handle_data(self, data): texts.append(data)
    def handle_comment(self, data): tags.append(["comment", []])
    def handle_decl(self, data): tags.append(["declaration", []])
html = MarkdownIt("gfm-like", {"html": True}).render(sys.stdin.buffer.read().decode("utf-8"))
Reader().feed(html)
print(json.dumps(dict(tags=tags, text="".join(texts), html=html)))
`;

interface Rendered {
  readonly tags: readonly (readonly [tag: string, attributes: readonly string[]])[];
  readonly text: string;
  readonly html: string;
}

function rendered(run: CheckRun): Rendered {
  const done = spawnSync(PYTHON, ["-c", PROGRAM], {
    input: markdownReport(run),
    encoding: "utf8",
    maxBuffer: 64_000_000,
  });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout) as Rendered;
}

const count = ({ tags }: Rendered, wanted: string) => tags.filter(([tag]) => tag === wanted).length;

test("the sentence is the heading, then the target, the counts and a table with a row for each failure", () => {
  const page = rendered(sampleRun());
  assert.match(page.html, /^<h3>documents breaks 3 of 61 promises; 2 could not be checked\.<\/h3>/);
  assert.match(page.text, /POST http:\/\/127\.0\.0\.1:8000\/api\/documents/);
  assert.match(page.text, /✕ 3 broken · \? 2 unclear · ! 1 warned/);
  assert.equal(count(page, "tr"), 1 + 3);
  assert.equal(count(page, "td"), 3 * 4);
  assert.match(page.text, /UPL-TR-01 new/);
});

test("details are folded: the difference, the remedy and the commands", () => {
  const page = rendered(sampleRun());
  assert.equal(count(page, "details"), 3 + 4);
  assert.equal(page.html.match(/<\/details>/g)?.length, 3 + 4);
  assert.match(page.text, /\+Content-Length: 10485761/);
  assert.match(page.text, /What to do \(FastAPI\): Set `max_body_size`/);
  assert.match(page.text, /sluicegate replay 20261122-185346-k3f9\/UPL-TR-01\/4/);
});

test("whatever the target answers stays text: no link, no picture, no tag of its own, no further column, nobody mentioned", () => {
  const page = rendered(hostileRun());
  const ours = [
    "h3",
    "p",
    "code",
    "strong",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "b",
    "pre",
    "ul",
    "li",
    "sub",
  ];
  const others = page.tags.filter(
    ([tag, attributes]) =>
      !ours.includes(tag) || attributes.some((name) => tag !== "code" || name !== "class"),
  );
  assert.deepEqual(others, []);
  assert.equal(count(page, "td"), 11 * 4);
  const outsideCode = page.html
    .replace(/<(pre|code)>.*?<\/\1>/gs, "")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
  assert.doesNotMatch(outsideCode, /@\w|www\.\w|#\d|:\/\/\w/);
  assert.equal(/[^\P{C}\n\u200b]/u.test(markdownReport(hostileRun())), false);
});

test("it stays below what forges take, and says that there is more", () => {
  for (const run of [hostileRun(), largeRun(), largeRun(1500)])
    assert.ok(markdownReport(run).length <= 60_000);
  assert.match(markdownReport(largeRun(1500)), /More is broken than fits here/);
});

test("a run without a failure has no table, and one that ended early says so", () => {
  const stopped = {
    kind: "cap",
    sentence: "300 requests were sent, which is the most that was allowed.",
  } as const;
  const page = rendered(sampleRun({ results: [], stopped, sentence: "documents could not be checked." }));
  assert.equal(count(page, "table"), 0);
  assert.match(page.text, /The run ended early\. 300 requests were sent/);
});
