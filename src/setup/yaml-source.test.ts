import assert from "node:assert/strict";
import { test } from "node:test";
import { readYaml } from "./yaml-source.ts";

const read = (text: string) => readYaml(text, "x.yaml", "FLOW_INVALID");

test("values come out plain, and every key and value has its place", () => {
  const source = read("a: 1\nb:\n  - x\n  - { c: 'd' }\n");
  assert.deepEqual(source.value, { a: 1, b: ["x", { c: "d" }] });
  assert.deepEqual(source.placeOfKey(["b", 1, "c"]), { offset: 20, line: 4, column: 7 });
  assert.deepEqual(source.placeOfValue(["b", 1, "c"]), { offset: 23, line: 4, column: 10 });
});

test("what is missing is placed at the nearest group around it", () => {
  const source = read("a: 1\nb:\n  c: 2\n");
  assert.equal(source.placeOfValue(["b", "d", "e"]).line, 2);
  assert.equal(source.placeOfValue(["z"]).line, 1);
  const list = read("a:\n  - b: 1\n  - c: 2\n");
  assert.deepEqual(list.placeOfValue(["a", 1, "d"]), { offset: 16, line: 3, column: 5 });
});

test("words of YAML 1.1 that read as yes and no are words", () => {
  assert.deepEqual(read("mode: off\na: yes\nd: 2026-11-22\nt: 12:30").value, {
    mode: "off",
    a: "yes",
    d: "2026-11-22",
    t: "12:30",
  });
});

test("keys that look like numbers or words are the text that stands there", () => {
  assert.deepEqual(read("1: a\ntrue: b\n0x10: c\n~: d").value, {
    "1": "a",
    true: "b",
    "0x10": "c",
    "~": "d",
  });
});

test("names of object members are keys like any other, and __proto__ is none", () => {
  const source = read("constructor: 1\ntoString: 2\n");
  assert.deepEqual(source.problems, []);
  assert.deepEqual(Object.keys(source.value as object), ["constructor", "toString"]);
  const bad = read("__proto__: { polluted: true }\n");
  assert.match(bad.problems[0]?.message ?? "", /"__proto__" is not taken/);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test("the first column stays the first behind a byte order mark", () => {
  assert.equal(read("\ufeffa: 1").placeOfKey(["a"]).column, 1);
  assert.equal(read("\ufeffa: 1").placeOfValue(["a"]).column, 4);
});

test("a key that is written again thousands of lines later is found", () => {
  const text = Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join("\n");
  const { problems } = read(`${text}\nk7: 2`);
  assert.deepEqual(
    problems.map(({ line, message }) => [line, message]),
    [[5001, 'the key "k7" is written twice; it stands in line 8 already.']],
  );
});

test("nesting without end is a problem, not a crash", () => {
  for (const text of ["[".repeat(5000), "{a: ".repeat(5000), "- ".repeat(5000), "? ".repeat(5000)]) {
    const { problems } = read(text);
    assert.ok(problems.length > 0, text.slice(0, 10));
    assert.ok(problems.length <= 20);
  }
});
