import assert from "node:assert/strict";
import { test } from "node:test";
import { readTraceContext } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

test("a well-formed request id and trace are carried on, with a span of the gate's own", () => {
  const context = readTraceContext("order-17.a", `00-${TRACE}-00f067aa0ba902b7-01`);
  assert.equal(context.requestId, "order-17.a");
  assert.equal(context.traceId, TRACE);
  assert.match(context.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  assert.ok(!context.traceparent.includes("00f067aa0ba902b7"));
});

test("hostile or malformed ids are replaced, never repaired", () => {
  for (const id of ["", "a b", "a\nb", "x".repeat(129), "<script>", 'a"b']) {
    assert.match(readTraceContext(id, undefined).requestId, /^[0-9a-f]{32}$/, JSON.stringify(id));
  }
  for (const parent of [
    "",
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `01-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE}-zz`,
    "x".repeat(9999),
  ]) {
    assert.notEqual(readTraceContext("a", parent).traceId, TRACE);
  }
});
