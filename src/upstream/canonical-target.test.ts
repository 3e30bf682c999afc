import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GateError } from "../problems/gate-error.ts";
import { canonicalTarget } from "./canonical-target.ts";

test("ordinary targets pass as they are", () => {
  for (const target of [
    "/",
    "/api/avatars",
    "/api/avatars/",
    "/.well-known/jwks.json",
    "/a//b",
    "/a%20b/%C3%BCber?q=%2F..%2f&x=a+b;c",
    "/a;v=1/b,c;d/~user/(x)/a+b/@me/k:v/$count/'q'!*",
    "/100%25",
    "/a?",
    "/a?next=https://example.com/../x//y&tag[]=1",
    "/files/archive.tar.gz",
    "/...",
  ]) {
    assert.equal(canonicalTarget(target).target, target, target);
  }
});

test("one path has one spelling", () => {
  const cases: [string, string, string][] = [
    ["/%61pi/%7euser", "/api/~user", "/api/~user"],
    ["/a%c3%bc", "/a%C3%BC", "/a%C3%BC"],
    ["/a%3ab%2B", "/a:b+", "/a%3Ab%2B"],
    ['/a"<b>|{c}^`', "/a%22%3Cb%3E%7C%7Bc%7D%5E%60", "/a%22%3Cb%3E%7C%7Bc%7D%5E%60"],
    ["/%2Dx%2e%5Fy", "/-x._y", "/-x._y"],
  ];
  for (const [raw, path, target] of cases) {
    assert.equal(canonicalTarget(raw).path, path, raw);
    assert.equal(canonicalTarget(raw).target, target, raw);
  }
});

test("the query stays as it was sent, but for octets outside ASCII", () => {
  assert.deepEqual(canonicalTarget("/a?x=%3a%2e&y=\u00c3\u00bc"), {
    path: "/a",
    query: "?x=%3a%2e&y=%C3%BC",
    target: "/a?x=%3a%2e&y=%C3%BC",
  });
});

test("what two programs could read differently is refused", () => {
  for (const target of [
    "",
    "*",
    "api/avatars",
    "http://other.example/api",
    "//other.example/api",
    "///",
    "/api%2favatars",
    "/api%2Favatars",
    "/api%5cavatars",
    "/api\\avatars",
    "/api/%00",
    "/api/a%0d%0aX:1",
    "/api/%7f",
    "/api/../admin",
    "/api/./avatars",
    "/api/%2e%2e/admin",
    "/api/.%2E/admin",
    "/api/..",
    "/.",
    "/api/..;/admin",
    "/api/..%3bx/admin",
    "/api/%252e%252e/admin",
    "/api/%25%32%66",
    "/api/%2525",
    "/api/\u00fc",
    "/api/%ff",
    "/api/%C0%AF",
    "/api/%ED%A0%80",
    "/api/%",
    "/api/%2",
    "/api/%zz",
    "/api#x",
    "/api?x#y",
    "/a b",
    "/a\tb",
    "/a?b\u0000",
    "/a?b c",
  ]) {
    assert.throws(() => canonicalTarget(target), { code: "REQUEST_TARGET_INVALID" }, JSON.stringify(target));
  }
});

test("the refusal says what is wrong, and shows the target in quotes", () => {
  assert.throws(
    () => canonicalTarget("/a%2Fb"),
    (error: unknown) =>
      error instanceof GateError && /encoded slash/.test(error.publicMessage) && error.seen === '"/a%2Fb"',
  );
});

test("reading a target twice changes nothing, and no path that passes leaves its root", (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      ".",
      "..",
      ";",
      "%2e",
      "%2F",
      "%25",
      "%5c",
      "a",
      "%61",
      "+",
      "?",
      "#",
      "%C3",
      "%BC",
      "\u00fc",
    ),
    fc.string({ maxLength: 3 }),
  );
  const targets = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);
  fc.assert(
    fc.property(targets, (raw) => {
      const read = readOrNull(raw);
      if (read === null) return;
      assert.deepEqual(canonicalTarget(read.target), read);
      assert.match(read.target, /^\/[\x21-\x7e]*$/);
      const asSeen = decodeURIComponent(read.path).replaceAll("?", "").replaceAll("#", "");
      assert.equal(asSeen.split("/").length, read.path.split("/").length);
      assert.ok(!asSeen.split("/").some((segment) => segment === "." || segment === ".."));
    }),
    { seed, numRuns: 5_000 },
  );
});

function readOrNull(raw: string): ReturnType<typeof canonicalTarget> | null {
  try {
    return canonicalTarget(raw);
  } catch (error) {
    assert.ok(error instanceof GateError);
    return null;
  }
}
