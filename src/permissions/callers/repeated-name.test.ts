import assert from "node:assert/strict";
import { test } from "node:test";
import { hasRepeatedName } from "./repeated-name.ts";

test("a name said twice in one object is found, at any depth and however it is written", () => {
  for (const json of [
    '{"a":1,"a":2}',
    '{"a":1,"b":{},"a":[]}',
    '{"a":1, "\\u0061" : 2}',
    '{"x":[{"a":1,"b":"a","a":2}]}',
    '{"x":{"y":{"z":1,"z":1}}}',
    '{"":1,"":1}',
    '{"__proto__":1,"__proto__":1}',
  ])
    assert.equal(hasRepeatedName(json), true, json);
});

test("the same name in different objects, and a value that equals a name, are no repetition", () => {
  for (const json of [
    "{}",
    '"a"',
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":1,\\"a\\":","b":["a","a","b"]}',
    '{"a\\\\":1,"a":"{"}',
    '{"constructor":1,"toString":2}',
  ])
    assert.equal(hasRepeatedName(json), false, json);
});
