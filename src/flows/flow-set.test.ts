import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GateError } from "../problems/gate-error.ts";
import type { Flow } from "./flow.ts";
import { findOverlaps, makeFlowSet } from "./flow-set.ts";

function flowAt(name: string, path: string, method = "POST"): Flow {
  return { name, route: { method, path, protocols: ["multipart"] } } as unknown as Flow;
}

const kindOf = (set: ReturnType<typeof makeFlowSet>, method: string, path: string): string => {
  const match = set.match(method, path);
  return match.kind === "flow" ? match.flow.name : match.kind;
};

test("a route matches by method and path, a parameter standing for one segment that is not empty", () => {
  const set = makeFlowSet([
    flowAt("avatar", "/api/users/{user}/avatar"),
    flowAt("root", "/"),
    flowAt("slash", "/files/", "PUT"),
  ]);
  assert.equal(kindOf(set, "POST", "/api/users/42/avatar"), "avatar");
  assert.equal(kindOf(set, "POST", "/api/users/{user}/avatar"), "avatar");
  for (const path of [
    "/api/users//avatar",
    "/api/users/a/b/avatar",
    "/api/users/42/avatar/",
    "/API/users/1/avatar",
  ]) {
    assert.equal(kindOf(set, "POST", path), "none", path);
  }
  assert.equal(kindOf(set, "POST", "/"), "root");
  assert.equal(kindOf(set, "PUT", "/files/"), "slash");
  assert.equal(kindOf(set, "PUT", "/files"), "none");
  assert.equal(kindOf(set, "POST", ""), "none");
  assert.equal(kindOf(set, "OPTIONS", "*"), "none");
});

test("another method on a path that is known names the methods that it takes", () => {
  const set = makeFlowSet([flowAt("a", "/x/{id}"), flowAt("b", "/x/1", "PUT"), flowAt("c", "/x/2", "PATCH")]);
  assert.deepEqual(set.match("GET", "/x/1"), { kind: "method-mismatch", allowed: ["POST", "PUT"] });
  assert.deepEqual(set.match("HEAD", "/x/3"), { kind: "method-mismatch", allowed: ["POST"] });
  assert.deepEqual(set.match("post", "/x/3"), { kind: "method-mismatch", allowed: ["POST"] });
});

test("a set that could match one request twice cannot be made", () => {
  assert.throws(
    () => makeFlowSet([flowAt("a", "/x/{id}"), flowAt("b", "/x/y")]),
    (error) =>
      error instanceof GateError &&
      error.code === "FLOW_OVERLAP" &&
      /"a".*"b".*POST \/x\/y/.test(error.message),
  );
});

test("overlap is found exactly where some request matches both templates", () => {
  // The alphabet of literals is small enough that trying every path of it, and one more letter, decides.
  const literal = fc.constantFrom("a", "b");
  const segment = fc.oneof(literal, fc.constantFrom("{p}", "{q}"));
  const template = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(
      ([segments, isOpen]) =>
        `/${segments.map((one, index) => (one.startsWith("{") ? `{p${index}}` : one)).join("/")}${isOpen ? "/" : ""}`,
    );
  fc.assert(
    fc.property(template, template, fc.boolean(), (first, second, isSameMethod) => {
      const flows = [flowAt("first", first), flowAt("second", second, isSameMethod ? "POST" : "PUT")];
      const sets = flows.map((flow) => makeFlowSet([flow]));
      const doubled = allPaths(5).filter((path) =>
        sets.every((set) => set.match("POST", path).kind === "flow"),
      );
      const found = findOverlaps(flows);
      assert.equal(found.length, doubled.length > 0 ? 1 : 0);
      if (found[0] !== undefined) {
        const path = found[0].request.replace("POST ", "");
        assert.ok(
          sets.every((set) => set.match("POST", path).kind === "flow"),
          `${path} is an example`,
        );
      }
    }),
    { numRuns: 150, verbose: 1 },
  );
});

const PATHS = new Map<number, string[]>();

/** Every path of at most so many segments out of a, b, c, with and without a slash at the end. */
function allPaths(segmentsMax: number): string[] {
  const known = PATHS.get(segmentsMax);
  if (known !== undefined) return known;
  const paths = [""];
  let longest = [""];
  for (let length = 1; length < segmentsMax; length++) {
    longest = longest.flatMap((path) => ["a", "b", "c"].map((letter) => `${path}/${letter}`));
    paths.push(...longest);
  }
  const all = paths.flatMap((path) => [path, `${path}/`]);
  PATHS.set(segmentsMax, all);
  return all;
}
