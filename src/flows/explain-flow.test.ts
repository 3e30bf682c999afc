import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { ERROR_CODES } from "../problems/error-code.ts";
import { explainFlow } from "./explain-flow.ts";
import type { FileRule, Flow } from "./flow.ts";

const FLOW: Flow = {
  name: "avatars",
  folder: "/flows/avatars",
  summary: "Profile picture",
  owner: "accounts team <accounts@example.com>",
  noticed: "Account → Edit profile",
  mode: "enforce",
  route: { method: "POST", path: "/api/users/{user}/avatar", protocols: ["multipart"] },
  files: new Map([
    [
      "picture",
      { types: ["image/jpeg", "image/png"], sizeBytesMax: 5 * 1024 * 1024, countMax: 1, optional: false },
    ],
    ["others", { types: "any", sizeBytesMax: 1000, countMax: 3, optional: true }],
  ]),
  fields: new Map([["caption", { lengthCharsMin: 2, lengthCharsMax: 200, countMax: 1, optional: true }]]),
  permissions: { caller: "public", require: new Map(), askPath: null, origins: [], shares: [] },
  retry: { idempotencyKey: "off", keepMs: 86_400_000 },
  failure: {
    upstreamDown: "refuse",
    upstreamUnknown: "keep",
    upstreamError: "pass",
    retryForMs: 86_400_000,
    storageFull: "refuse",
  },
  deliver: "receipt",
  upstream: "accounts",
  forwardCredentials: false,
  policyVersion: "0123456789abcdef",
  notes: {
    expect: { status: 201, p95: 800, "error-rate": 0.1 },
    rollback: { note: "Set mode to observe.", tried: "2026-11-22" },
  },
};

test("everything that a flow says is told", () => {
  const told = explainFlow(FLOW);
  const expected = [
    "avatars: Profile picture",
    "accounts team <accounts@example.com> answers for it.",
    "Account → Edit profile",
    "POST /api/users/{user}/avatar",
    "{user}: any one segment",
    "picture: one file, required, at most 5 MiB, JPEG image (image/jpeg) or PNG image (image/png).",
    "others: up to 3 files, may be left out, at most 1 kB each, of any content",
    "caption: one text, may be left out, 2 to 200 characters.",
    "Anybody who reaches the gate",
    "a signed receipt in place of each file",
    "Authorization and Cookie are taken out.",
    "The service answers 201.",
    "less than 800 ms",
    "At most 0.1 %",
    "Set mode to observe.",
    "sluicegate mode avatars observe",
    "Last tried on 2026-11-22.",
    "0123456789abcdef",
  ];
  for (const text of expected) assert.ok(told.includes(text), `${text}\n\n${told}`);
});

test("refusals are told with the status and code that clients get", () => {
  const told = [...explainFlow(FLOW).matchAll(/^ {2}(\d{3}) ([A-Z_]+): /gm)];
  assert.ok(told.length > 8);
  for (const [, status, code] of told) {
    assert.equal(ERROR_CODES[code as keyof typeof ERROR_CODES]?.status, Number(status));
  }
});

test("in observe and off it is said that the service gets the original request", () => {
  for (const mode of ["observe", "off"] as const) {
    const told = explainFlow({ ...FLOW, mode });
    assert.match(told, /The request as the client sent it, byte for byte\./);
    assert.match(told, new RegExp(`The mode is ${mode}`));
    assert.doesNotMatch(told, /^Refused, with/m);
  }
});

test("a raw flow is told without a word about fields", () => {
  const files = new Map<string, FileRule>([
    ["file", { types: "any", sizeBytesMax: 1, countMax: 1, optional: false }],
  ]);
  const route = { method: "PUT", path: "/x", protocols: ["raw" as const] };
  const told = explainFlow({
    ...FLOW,
    files,
    fields: new Map(),
    route,
    deliver: "forward",
    forwardCredentials: true,
  });
  assert.doesNotMatch(told, /FIELD_|FILE_TYPE_|multipart/);
  assert.match(told, /An ordinary request with the accepted file as its body\./);
});

test("the text has no line with spaces at its end and fits a page", () => {
  const told = explainFlow(FLOW);
  assert.doesNotMatch(told, /[ \t]$/m);
  assert.ok(told.split("\n").length < 80);
});

test("the reference for users names every key of both files", () => {
  const reference = readFileSync(resolve(import.meta.dirname, "../../docs/flow-file.md"), "utf8");
  for (const name of ["flow", "settings"]) {
    const schema = readFileSync(resolve(import.meta.dirname, `../../contract/${name}.schema.json`), "utf8");
    for (const key of keysOf(JSON.parse(schema)))
      assert.ok(reference.includes(`\`${key}\``), `${name}: ${key}`);
  }
});

function keysOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "properties" in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}
