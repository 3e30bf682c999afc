/**
 * The console's reading of Markdown.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Block, readInline, readMarkdown } from "../../web/markdown.ts";

const kinds = (text: string): string[] => readMarkdown(text).map(({ kind }) => kind);
const one = (text: string): Block | undefined => readMarkdown(text)[0];
const text = (value: string) => ({ kind: "text", text: value }) as const;

test("front matter is read as facts, with what is nested as it was written", () => {
  assert.deepEqual(one("---\nroute: POST /a\nbefore:\n  p95: 3\n---\n# A"), {
    kind: "facts",
    rows: [
      ["route", "POST /a"],
      ["before", "p95: 3"],
    ],
  });
});

test("headings, paragraphs, rules, quotes and code are told apart", () => {
  assert.deepEqual(kinds("# A\ntext\nmore\n\n---\n> said\n\n```sh\n# not a heading\n```\nend"), [
    "heading",
    "paragraph",
    "rule",
    "quote",
    "code",
    "paragraph",
  ]);
});

test("a list keeps its depth and its tasks", () => {
  assert.deepEqual(one("- [x] a\n  - b\n    and more\n- [ ] c"), {
    kind: "list",
    isOrdered: false,
    items: [
      { depth: 0, isDone: true, text: [text("a")] },
      { depth: 1, isDone: null, text: [text("b and more")] },
      { depth: 0, isDone: false, text: [text("c")] },
    ],
  });
});

test("a table has as many cells in each row as in its head, and escaped bars stay", () => {
  assert.deepEqual(one("| a | b |\n|---|:-:|\n| 1 \\| 2 |\n| 3 | 4 | 5 |"), {
    kind: "table",
    head: [[text("a")], [text("b")]],
    rows: [
      [[text("1 | 2")], []],
      [[text("3")], [text("4")]],
    ],
  });
});

test("emphasis, code and links are read inside of a line; tags and what does not close are text", () => {
  assert.deepEqual(readInline("**a _b_** `<b>` [c](https://d.example) snake_case_name *open <i>"), [
    { kind: "strong", children: [text("a "), { kind: "emphasis", children: [text("b")] }] },
    text(" "),
    { kind: "code", text: "<b>" },
    text(" "),
    { kind: "link", address: "https://d.example", children: [text("c")] },
    text(" snake_case_name *open <i>"),
  ]);
});

test("texts made to be read again and again are read in time that grows with their length", () => {
  const startedAt = performance.now();
  for (const piece of ["[", "**", "_", "`", "[a](", "| ", "- ", "> ", "<http://", "\\", "*a "])
    readMarkdown(piece.repeat(40_000));
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 20_000, `${tookMs} ms`);
});
