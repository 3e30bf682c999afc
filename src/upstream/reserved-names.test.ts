import assert from "node:assert/strict";
import { test } from "node:test";
import { isReservedName, stripReservedQuery } from "./reserved-names.ts";

test("names that a gate or a framework reads are found, in any case and with brackets", () => {
  for (const name of [
    "_method",
    "_METHOD",
    "picture.path",
    "file.path",
    "file.sha256",
    "file.remote_url",
    "file[path]",
    "file[tempfile]",
    "a[b].path",
    "package.gitlab-workhorse-upload",
    "sluicegate-receipt",
    "Sluicegate_Receipt",
    "sluicegate.upload",
    "X-HTTP-Method-Override",
    " _method",
  ]) {
    assert.ok(isReservedName(name), name);
  }
});

test("ordinary names are not", () => {
  const names = [
    "path",
    "method",
    "picture",
    "file.name",
    "a.b",
    "file[]",
    "tags[0]",
    "sluicegates",
    "filepath",
    "",
  ];
  assert.deepEqual(names.filter(isReservedName), []);
});

test("reserved parameters are taken out of the query and all else stays as it was", () => {
  const cases: [string, string][] = [
    ["/a", "/a"],
    ["/a?", "/a?"],
    ["/a?x=1&_method=DELETE&y=%2f", "/a?x=1&y=%2f"],
    ["/a?_method=PUT", "/a"],
    ["/a?_method=PUT&x", "/a?x"],
    ["/a?%5fMethod=PUT&x=1", "/a?x=1"],
    ["/a?x=1;_method=PUT", "/a?x=1"],
    ["/a?x=1;y=2&file.path=/etc/passwd&z", "/a?x=1;y=2&z"],
    ["/a?file%5Bpath%5D=x&z=", "/a?z="],
    ["/a?x=_method", "/a?x=_method"],
    ["/a?x=1&&y", "/a?x=1&&y"],
    ["/_method?a=?_method=1", "/_method?a=?_method=1"],
    ["/a?x=%zz&%", "/a?x=%zz&%"],
  ];
  for (const [target, expected] of cases) assert.equal(stripReservedQuery(target), expected, target);
});
