/**
 * What the console's page does with addresses, figures and texts before any of it is drawn.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { axisTop, linePath, stepAt, timeTicks } from "../../web/chart-scale.ts";
import { flowPath, isPagePath, pagePath, readRoute } from "../../web/routes.ts";
import { sayAge, sayBytes, sayMs, sayShare } from "../../web/say.ts";
import { shownText } from "../../web/shown-text.ts";

const route = (path: string): unknown => readRoute(new URL(path, "http://gate.example"));

test("an address names a page, and what does not is nowhere", () => {
  assert.deepEqual(route("/flows/a%20b?range=24h"), { page: "flow", name: "a b", range: "24h" });
  assert.deepEqual(route("/flows/a?range=99y"), { page: "flow", name: "a", range: "1h" });
  assert.deepEqual(route("/flows/a/drills/x"), { page: "document", flow: "a", kind: "drill", name: "x" });
  assert.deepEqual(route("/flows/%E0%A4%A"), { page: "nowhere", path: "/flows/%E0%A4%A" });
  assert.deepEqual(route("/flows/a/b/c/d"), { page: "nowhere", path: "/flows/a/b/c/d" });
  assert.deepEqual(route(flowPath("ä/../b", "7d")), { page: "flow", name: "ä/../b", range: "7d" });
});

test("a link that came with data leads to this page or is none", () => {
  for (const path of ["/", "/held", "/flows/a?range=7d"]) assert.equal(isPagePath(path), true, path);
  for (const path of [
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "",
    "/a\nb",
    "https://a.example",
  ])
    assert.equal(pagePath(path), "/", path);
});

test("figures keep their unit and no more digits than they mean", () => {
  const said = [0.4, 9.96, 820, 999.6, 1234, 59_960, 125_000].map(sayMs);
  assert.deepEqual(said, ["0.4 ms", "10 ms", "820 ms", "1 s", "1.23 s", "59 s", "2 min 5 s"].map(noBreaks));
  assert.deepEqual(
    [0, 0.0001, 0.034, 0.62, 0.999, 1].map(sayShare),
    ["0 %", "< 0.1 %", "3.4 %", "62 %", "99.9 %", "100 %"].map(noBreaks),
  );
  assert.deepEqual(
    [0, 812, 4_200, 1_300_000].map(sayBytes),
    ["0 B", "812 B", "4.2 kB", "1.3 MB"].map(noBreaks),
  );
});

test("an age has at most two units, and what is to come is told as such", () => {
  const ages = [500, 14_000, 65_000, 720_000, 12_000_000, 200_000_000].map((ms) => sayAge(0, ms));
  const said = ["just now", "14 s ago", "1 min 5 s ago", "12 min ago", "3 h 20 min ago", "2 days ago"];
  assert.deepEqual(ages.map(plain), said);
  assert.equal(plain(sayAge(40_000, 0)), "in 40 s");
});

test("an axis ends at a round number above everything, and shares at 100 %", () => {
  assert.equal(axisTop("ms", [212, null, 571], 600), 800);
  assert.equal(axisTop("ms", [null], null), 1);
  assert.equal(axisTop("share", [0.62], null), 1);
  assert.equal(axisTop("share", [0], null), 0.01);
});

test("a line breaks where there was nothing, and a lone value is a dot", () => {
  assert.equal(linePath([1, 1, null, 1, null], 1), "M100 0L300 0M700 0h.01");
  assert.equal(linePath([null, null], 1), "");
});

test("a position is a step, and times on the axis are few and in order", () => {
  assert.deepEqual(
    [0, 0.499, 0.5, 1].map((at) => stepAt(at, 2)),
    [0, 0, 1, 1],
  );
  for (const hours of [1, 6, 24, 168, 720]) {
    const ticks = timeTicks({ fromMs: 1_790_000_123_456, toMs: 1_790_000_123_456 + hours * 3_600_000 });
    assert.ok(ticks.length >= 3 && ticks.length <= 9, `${hours} h: ${ticks.length}`);
    assert.ok(ticks.every(({ at }) => at >= 0 && at < 1));
  }
});

test("what hides or turns a text is written out; other scripts and line ends stay", () => {
  assert.equal(shownText("a\u202Eb\u0000c\u{E0041}d"), "a\\u{202E}b\\u{0}c\\u{E0041}d");
  assert.equal(shownText("א عربي ✓ 日本\n\tx"), "א عربي ✓ 日本\n\tx");
});

const noBreaks = (said: string): string => said.replaceAll(" ", "\u00a0");
const plain = (said: string): string => said.replaceAll("\u00a0", " ");
