import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flow } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import { answerPreflight, isPreflight, judgeOrigin } from "./cross-site.ts";

const APP = "https://app.example.com";

function flowWith(origins: readonly string[] | "any"): Flow {
  const permissions = { caller: "public", require: new Map(), askPath: null, origins, shares: [] };
  return {
    permissions,
    route: { method: "POST", path: "/photos", protocols: ["multipart"] },
  } as unknown as Flow;
}

const refusedBy = (flow: Flow, headers: Record<string, string>): void =>
  assert.throws(
    () => judgeOrigin(flow, { host: "uploads.example.com", ...headers }),
    (error) => error instanceof GateError && error.code === "CROSS_SITE_REFUSED",
    JSON.stringify(headers),
  );

const namesOf = (headers: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(headers);

test("a program without a browser passes, and nothing is said of origins", () => {
  assert.deepEqual(judgeOrigin(flowWith([]), { host: "uploads.example.com" }), []);
});

test("pages of the gate's own origin pass, whatever port and scheme the browser writes", () => {
  for (const [host, origin] of [
    ["uploads.example.com", "https://uploads.example.com"],
    ["uploads.example.com:443", "https://uploads.example.com"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["UPLOADS.example.com", "https://uploads.example.com"],
    ["[::1]:8080", "http://[::1]:8080"],
  ] as const)
    assert.deepEqual(judgeOrigin(flowWith([]), { host, origin, "sec-fetch-site": "same-origin" }), []);
});

test("every other origin is refused, also those that look like it", () => {
  for (const origin of [
    "https://evil.example",
    "null",
    "https://uploads.example.com.evil.example",
    "https://evil.example/uploads.example.com",
    "https://uploads.example.com@evil.example",
    "https://uploads.example.com:8443",
    "https://UPLOADS.example.com",
    "file://uploads.example.com",
    "https://app.example.com, https://uploads.example.com",
    "",
    "uploads.example.com",
  ])
    refusedBy(flowWith([]), { origin, cookie: "session=1" });
  for (const origin of [`${APP}/`, `${APP}:443`, `${APP}.evil.example`, "http://app.example.com", "null"])
    refusedBy(flowWith([APP]), { origin });
});

test("the browser's own word refuses what the hosts do not show", () => {
  refusedBy(flowWith([]), { origin: "http://uploads.example.com", "sec-fetch-site": "cross-site" });
  refusedBy(flowWith([]), { "sec-fetch-site": "cross-site" });
  refusedBy(flowWith([]), { "sec-fetch-site": "same-site" });
  refusedBy(flowWith([APP]), { "sec-fetch-site": "cross-site" });
});

test("a listed origin is answered by its name, with credentials and Vary", () => {
  const headers = namesOf(
    judgeOrigin(flowWith([APP]), { host: "uploads.example.com", origin: APP, "sec-fetch-site": "same-site" }),
  );
  assert.equal(headers["access-control-allow-origin"], APP);
  assert.equal(headers["access-control-allow-credentials"], "true");
  assert.equal(headers.vary, "Origin");
  assert.deepEqual(judgeOrigin(flowWith([APP]), { host: "uploads.example.com" }), [["vary", "Origin"]]);
});

test("any origin means a star, never credentials, and no cookies", () => {
  const headers = namesOf(
    judgeOrigin(flowWith("any"), { host: "uploads.example.com", origin: "https://evil.example" }),
  );
  assert.equal(headers["access-control-allow-origin"], "*");
  assert.equal(headers["access-control-allow-credentials"], undefined);
  refusedBy(flowWith("any"), { origin: "https://evil.example", cookie: "session=1" });
});

test("a preflight is answered with the flow's method and a fixed list, never with what it asks for", () => {
  const asked = {
    host: "uploads.example.com",
    origin: APP,
    "access-control-request-method": "DELETE",
    "access-control-request-headers": "x-evil",
  };
  assert.equal(isPreflight("OPTIONS", asked), true);
  assert.equal(isPreflight("OPTIONS", { origin: APP }), false);
  assert.equal(isPreflight("POST", asked), false);
  const headers = namesOf(answerPreflight(flowWith([APP]), asked));
  assert.equal(headers["access-control-allow-methods"], "POST");
  assert.ok(!headers["access-control-allow-headers"]?.includes("x-evil"));
  assert.throws(() => answerPreflight(flowWith([]), asked), GateError);
});
