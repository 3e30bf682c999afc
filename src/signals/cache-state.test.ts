import assert from "node:assert/strict";
import { test } from "node:test";
import { type CacheHeaders, readCacheState } from "./cache-state.ts";
import type { CacheState } from "./request-signal.ts";

const NOTHING: CacheHeaders = {
  cacheStatus: null,
  serverTiming: null,
  age: null,
  status: 201,
  declared: [],
};

const stateOf = (told: Partial<CacheHeaders>): CacheState => readCacheState({ ...NOTHING, ...told }).state;
const byCacheStatus = (cacheStatus: string): CacheState => stateOf({ cacheStatus });

test("an answer that says nothing of caches is unknown", () => {
  assert.deepEqual(readCacheState(NOTHING), { state: "unknown", caches: {} });
});

test("Cache-Status tells hits, misses and caches that stepped aside", () => {
  const told: readonly (readonly [string, CacheState])[] = [
    ["thumbnails; hit", "hit"],
    ["ExampleCache; hit; ttl=376", "hit"],
    ["thumbnails; hit=?0; fwd=uri-miss", "miss"],
    ["ExampleCache; fwd=uri-miss; stored", "miss"],
    ["ExampleCache; fwd=stale; fwd-status=304; collapsed", "miss"],
    ["ExampleCache; fwd=bypass", "bypass"],
    ["ExampleCache; fwd=method", "bypass"],
    ["ExampleCache", "unknown"],
  ];
  for (const [text, state] of told) assert.equal(byCacheStatus(text), state, text);
});

test("of several caches the first is nearest the service, and what stands before a hit was stored along with the answer", () => {
  const miss = readCacheState({ ...NOTHING, cacheStatus: "origin; hit, cdn; fwd=uri-miss" });
  assert.deepEqual(miss, { state: "hit", caches: { origin: "hit", cdn: "miss" } });
  const stored = readCacheState({ ...NOTHING, cacheStatus: "origin; fwd=uri-miss, cdn; hit" });
  assert.deepEqual(stored, { state: "hit", caches: { cdn: "hit" } });
});

test("commas, semicolons and quotes inside of a quoted string separate nothing", () => {
  const read = readCacheState({ ...NOTHING, cacheStatus: '"a, b; hit"; fwd=miss; detail="x, \\"y\\"; hit"' });
  assert.deepEqual(read, { state: "miss", caches: { "a, b; hit": "miss" } });
});

test("a Cache-Status that cannot be read whole says nothing", () => {
  for (const text of ["a; hit,", "a; hit b; hit", '"a; hit', "(a b); hit", "a; Hit", "ä; hit"])
    assert.equal(byCacheStatus(text), "unknown", text);
});

test("headers that the flow declares are read in the words of usual proxies", () => {
  const words: readonly (readonly [string, CacheState])[] = [
    ["HIT", "hit"],
    ["MISS", "miss"],
    ["Hit from cloudfront", "hit"],
    ["TCP_MISS:HIER_DIRECT", "miss"],
    ["TCP_MEM_HIT", "hit"],
    ["TCP_HIT:NONE", "hit"],
    ["EXPIRED", "miss"],
    ["BYPASS", "bypass"],
    ["DYNAMIC", "bypass"],
    ["MISS, HIT", "hit"],
    ["who knows", "unknown"],
  ];
  for (const [value, state] of words) {
    const read = readCacheState({ ...NOTHING, declared: [{ cache: "proxy", value }] });
    assert.deepEqual(read, { state, caches: { proxy: state } }, value);
  }
  assert.equal(stateOf({ declared: [{ cache: "proxy", value: null }] }), "unknown");
});

test("Server-Timing, Age and 304 are asked last", () => {
  assert.equal(stateOf({ serverTiming: 'cache;desc="hit"' }), "hit");
  assert.equal(stateOf({ serverTiming: "cache;desc=miss, app;dur=3", age: "12" }), "miss");
  assert.equal(stateOf({ age: "12" }), "hit");
  assert.equal(stateOf({ age: "0" }), "unknown");
  assert.equal(stateOf({ age: "soon" }), "unknown");
  assert.equal(stateOf({ status: 304 }), "hit");
  assert.equal(stateOf({ status: 304, cacheStatus: "cdn; fwd=stale" }), "miss");
});
