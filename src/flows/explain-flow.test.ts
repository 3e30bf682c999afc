import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { ERROR_CODES } from "../problems/error-code.ts";
import { explainFlow } from "./explain-flow.ts";
import type { CallerKind, FileRule, Flow } from "./flow.ts";
import { UNWRITTEN_MEASURE, UNWRITTEN_WATCH } from "./measure/unwritten.ts";

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
  inspect: { malware: false, images: null, archives: null, documents: null },
  measure: UNWRITTEN_MEASURE,
  watch: UNWRITTEN_WATCH,
  verify: null,
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

test("everything about callers, shares, retries and failures is told", () => {
  const told = explainFlow({
    ...FLOW,
    permissions: {
      caller: "jwt",
      require: new Map([
        ["scope", ["avatars:write"]],
        ["tenant", ["a", "b"]],
      ]),
      askPath: null,
      origins: ["https://app.example.com"],
      shares: [
        { kind: "rate", name: "rate-1", per: "principal", requestsMax: 10, windowMs: 60_000 },
        { kind: "rate", name: "rate-2", per: "flow", requestsMax: 1, windowMs: 1000 },
        { kind: "concurrent", name: "concurrent", per: "address", uploadsMax: 4 },
        {
          kind: "quota",
          name: "quota-1",
          per: "principal",
          windowMs: 86_400_000,
          bytesMax: 209_715_200,
          filesMax: 50,
        },
        {
          kind: "quota",
          name: "quota-2",
          per: "flow",
          windowMs: 7_200_000,
          bytesMax: null,
          filesMax: 1,
        },
      ],
    },
    retry: { idempotencyKey: "derived", keepMs: 43_200_000 },
    failure: {
      upstreamDown: "retry",
      upstreamUnknown: "retry",
      upstreamError: "retry",
      retryForMs: 259_200_000,
      storageFull: "refuse",
    },
  });
  const expected = [
    "Whoever sends a valid token of the identity provider",
    "The token's claim scope must have avatars:write.",
    "The token's claim tenant must have a and b.",
    "pages of the gate's own origin may send, and those of https://app.example.com.",
    "Each principal may send 10 requests in any minute.",
    "All who send, together, may send 1 request in any second.",
    "Each client address may have 4 uploads under way at once.",
    "Each principal may send 200 MiB and 50 files in any day.",
    "All who send, together, may send 1 file in any 2 h.",
    "gets one made of its principal, route and content",
    "for 12 h.",
    "The service cannot be reached: the upload is kept and tried again, and the client gets 202.",
    "it is sent again with the same upload id",
    "The service answers 5xx, other than 501: the upload is kept",
    "The key for receipts cannot be read: the upload is kept",
    "Tries go on for 3 d",
    "The keys that signatures are checked with cannot be fetched or read: the client gets 503 PERMISSION_UNAVAILABLE",
    "401 CREDENTIALS_MISSING",
    "403 PERMISSION_DENIED",
    "429 QUOTA_EXCEEDED",
    "409 IDEMPOTENCY_KEY_RUNNING",
  ];
  for (const text of expected) assert.ok(told.includes(text), `${text}\n\n${told}`);
});

test("each kind of caller is told in its own words", () => {
  const sentences = {
    public: "Anybody who reaches the gate.",
    "api-key": "Whoever sends a key of this gate",
    jwt: "Whoever sends a valid token",
    grant: "Whoever sends a grant that the service signed",
    upstream: "it is asked at /auth/upload",
  } as const;
  for (const [caller, sentence] of Object.entries(sentences) as [CallerKind, string][]) {
    const askPath = caller === "upstream" ? "/auth/upload" : null;
    const permissions = { ...FLOW.permissions, caller, askPath };
    const told = explainFlow({ ...FLOW, permissions });
    assert.ok(told.includes(sentence), `${caller}\n\n${told}`);
    assert.equal(told.includes("CREDENTIALS_MISSING"), caller !== "public");
    assert.equal(
      told.includes("403 PERMISSION_DENIED: the service answers 403 or 404"),
      caller === "upstream",
    );
  }
});

test("it is told what keys mean where everybody is one principal", () => {
  for (const [idempotencyKey, sentence] of [
    ["required", /keys have to be random/],
    ["derived", /the second gets the first one's answer/],
  ] as const) {
    const retry = { idempotencyKey, keepMs: 60_000 };
    assert.match(explainFlow({ ...FLOW, retry }), sentence);
    const permissions = { ...FLOW.permissions, caller: "api-key" as const };
    assert.match(explainFlow({ ...FLOW, retry, permissions }), /Each principal has keys of its own\./);
  }
});

test("credentials for the gate itself are told to end there", () => {
  const permissions = { ...FLOW.permissions, caller: "api-key" as const };
  const told = explainFlow({ ...FLOW, permissions, forwardCredentials: true });
  assert.match(told, /Authorization and Cookie go on to the service, but not the key of the gate\./);
});

test("what a flow does not say about failures is told as what happens", () => {
  const told = explainFlow(FLOW);
  for (const text of [
    "A request that is sent again is a new upload",
    "The service cannot be reached: the client gets 502 UPSTREAM_UNREACHABLE and may try again later.",
    "kept until a person decides",
    "The service answers 5xx: the client gets that answer",
    "The disk is full: the client gets 507 STORAGE_FULL",
    "The key for receipts cannot be read: the client gets 503 RECEIPT_KEY_UNAVAILABLE",
  ])
    assert.ok(told.includes(text), `${text}\n\n${told}`);
  assert.doesNotMatch(told, /Tries go on/);
});

test("in observe and off it is said that the service gets the original request", () => {
  for (const mode of ["observe", "off"] as const) {
    const told = explainFlow({ ...FLOW, mode });
    assert.match(told, /The request as the client sent it, byte for byte\./);
    assert.match(told, new RegExp(`The mode is ${mode}`));
    assert.doesNotMatch(told, /^Refused, with/m);
    assert.match(told, /^Who may send, and how much, in mode enforce$/m);
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
  assert.ok(told.split("\n").length < 95);
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

test("what check will do is told, and what it will not be able to see", () => {
  const verify: Flow["verify"] = {
    samples: new Map([["picture", "/flows/avatars/samples/photo.png"]]),
    fields: new Map([["caption", "Sea"]]),
    path: new Map([["user", "42"]]),
    headers: ["X-Tenant: test"],
    credentials: {
      header: "Authorization",
      main: "command:./token.sh",
      other: "env:OTHER",
      readOnly: null,
      expired: null,
      forged: null,
    },
    readBack: {
      id: { pointer: "/id" },
      url: "/api/pictures/{id}",
      state: null,
      list: "/api/pictures",
      command: null,
    },
    cleanup: { method: "DELETE", path: "/api/pictures/{id}" },
    hooks: new Map([["log", "tail service.log"]]),
    faults: new Map([["service-down", { inject: "x", heal: "y" }]]),
    framework: "fastapi",
    behind: "http://127.0.0.1:8000",
    requestIdHeader: null,
    pageOrigin: null,
    manual: [{ check: "UPL-FM-04", result: "pass", who: "Ada", when: "2026-11-22", note: "Disk filled." }],
  };
  const told = explainFlow({ ...FLOW, verify });
  const expected = [
    "What sluicegate check avatars does",
    "It sends samples/photo.png as picture.",
    "For others it takes the first file of samples/ that fits, or makes one.",
    "It fills in caption.",
    "In the path {user} is 42.",
    "Every request has the header X-Tenant: test",
    "It sends with the header Authorization, whose value comes from the command ./token.sh. It also tries somebody else and that credential with one character changed.",
    "To see what was stored it gets the stored bytes again at /api/pictures/{id} and lists what is stored at /api/pictures.",
    "What it has stored is removed with DELETE /api/pictures/{id}.",
    "The operator's commands: log.",
    "Faults that it may make: service-down.",
    "It tries to reach the service behind at http://127.0.0.1:8000 past the front.",
    "UPL-FM-04 was looked at by Ada on 2026-11-22: it holds. Disk filled.",
  ];
  for (const text of expected) assert.ok(told.includes(text), `${text}\n\n${told}`);
  assert.match(explainFlow(FLOW), /sees of what is stored only what the gate itself knows/);
  const blind = { ...verify.readBack, url: null, list: null };
  assert.match(
    explainFlow({ ...FLOW, verify: { ...verify, readBack: blind } }),
    /of a service alone it cannot tell/,
  );
});

test("in mode off it is told what the service itself promises about the inside of files", () => {
  const inspect: Flow["inspect"] = {
    malware: true,
    images: { pixelsMax: 40_000_000, framesMax: 1, reEncode: true, keepMetadata: false },
    archives: { unpackedBytesMax: 100 * 1024 * 1024, entriesMax: 1000, depthMax: 1 },
    documents: { activeContent: "refuse" },
  };
  const told = explainFlow({ ...FLOW, mode: "off", inspect });
  for (const text of [
    "The service itself promises",
    "- Malware is refused.",
    "- A picture has at most 40,000,000 pixels.",
    "- Metadata of pictures is taken out.",
    "- An archive has at most 100 MiB unpacked.",
    "- A document with macros, scripts or actions is refused.",
  ])
    assert.ok(told.includes(text), `${text}\n\n${told}`);
  assert.doesNotMatch(explainFlow({ ...FLOW, mode: "off" }), /itself promises/);
});
