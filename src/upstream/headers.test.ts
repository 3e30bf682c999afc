import assert from "node:assert/strict";
import { test } from "node:test";
import { endToEndRequestHeaders, endToEndResponseHeaders, type RequestHeaderOptions } from "./headers.ts";

const STRANGER: RequestHeaderOptions = {
  forwardCredentials: true,
  clientAddress: "203.0.113.7",
  clientIsTrustedProxy: false,
  scheme: "https",
  requestId: "r-1",
  traceparent: "00-1-2-01",
  dropContent: false,
};

const OURS = [
  "X-Forwarded-For",
  "203.0.113.7",
  "X-Forwarded-Proto",
  "https",
  "X-Request-Id",
  "r-1",
  "traceparent",
  "00-1-2-01",
];

/** What is left of the client's own headers. */
function kept(raw: readonly string[], options: Partial<RequestHeaderOptions> = {}): string[] {
  const all = endToEndRequestHeaders(raw, { ...STRANGER, ...options });
  assert.deepEqual(all.slice(-OURS.length), OURS);
  return all.slice(0, -OURS.length);
}

test("order, spelling and repetition of ordinary headers stay", () => {
  const raw = [
    "X-b",
    "1",
    "aCCept",
    "*/*",
    "X-B",
    "2",
    "Cookie",
    "a=b",
    "Content-Length",
    "5",
    "Expect",
    "100-continue",
  ];
  assert.deepEqual(kept(raw), raw);
});

test("headers of one connection do not pass, those that Connection names among them", () => {
  const raw = [
    "Connection",
    "close, X-Mine,keep-alive",
    "X-Mine",
    "1",
    "Keep-Alive",
    "timeout=5",
    "TE",
    "trailers",
  ];
  const more = ["Trailer", "X", "Transfer-Encoding", "chunked", "Upgrade", "h2c", "HTTP2-Settings", "AA"];
  const proxy = ["Proxy-Connection", "keep-alive", "Proxy-Authorization", "Basic x"];
  assert.deepEqual(kept([...raw, ...more, ...proxy, "Accept", "a"]), ["Accept", "a"]);
});

test("Connection cannot name away a header that is meant for the service", () => {
  for (const name of ["Host", "Content-Length", "Content-Type", "Authorization", "Cookie", "Expect"]) {
    const all = endToEndRequestHeaders(["Connection", `close, ${name}`, name, "v"], STRANGER);
    assert.equal(all[all.indexOf(name) + 1], "v", name);
  }
});

test("headers that the gate speaks by do not pass from a client, however they are spelt", () => {
  for (const name of [
    "Sluicegate-Upload",
    "SLUICEGATE-anything",
    "Sluicegate_Receipt",
    "sluicegate_Delivery",
    "X-HTTP-Method-Override",
    "X_HTTP_Method_Override",
    "X-Http_Method-Override",
    "X-Method-Override",
    "X-HTTP-Method",
    "X-Request-ID",
    "X_Request_Id",
    "TraceParent",
  ]) {
    assert.deepEqual(kept([name, "v"]), [], name);
    assert.deepEqual(kept([name, "v"], { clientIsTrustedProxy: false }), [], name);
    const fromProxy = endToEndRequestHeaders([name, "v"], { ...STRANGER, clientIsTrustedProxy: true });
    assert.ok(!fromProxy.includes("v"), `${name} from a proxy`);
  }
});

test("what only a proxy may say does not pass from a client", () => {
  for (const name of [
    "X-Forwarded-For",
    "X-Forwarded-Anything",
    "X_Forwarded_For",
    "Forwarded",
    "X-Real-IP",
    "X_Real-IP",
    "X-Accel-Redirect",
    "X-Sendfile-Type",
    "X-Original-URL",
    "X-Rewrite-URL",
    "Remote_User",
  ]) {
    assert.deepEqual(kept([name, "v"]), [], name);
  }
});

test("underscore look-alikes of headers that services trust do not pass, other underscores do", () => {
  for (const name of [
    "Content_Length",
    "Transfer_Encoding",
    "Authorization_",
    "X_Api_Key",
    "Proxy_Authorization",
  ]) {
    assert.deepEqual(kept([name, "v"]), name === "Authorization_" ? [name, "v"] : [], name);
  }
  assert.deepEqual(kept(["access_token", "v", "X_Custom", "w"]), ["access_token", "v", "X_Custom", "w"]);
});

test("a trusted proxy's word on the client counts, and the proxy itself is added to it", () => {
  const raw = [
    "X-Forwarded-For",
    "198.51.100.1",
    "X-Forwarded-Proto",
    "http",
    "X-Forwarded-Host",
    "shop.example",
  ];
  const all = endToEndRequestHeaders([...raw, "Host", "inner", "X-Real-IP", "198.51.100.1"], {
    ...STRANGER,
    clientIsTrustedProxy: true,
  });
  assert.deepEqual(all.slice(0, -4), [
    "Host",
    "inner",
    "X-Real-IP",
    "198.51.100.1",
    "X-Forwarded-For",
    "198.51.100.1, 203.0.113.7",
    "X-Forwarded-Proto",
    "http",
    "X-Forwarded-Host",
    "shop.example",
  ]);
});

test("Host passes as it came, and X-Forwarded-Host says it again", () => {
  const all = endToEndRequestHeaders(["Host", "shop.example:8443"], STRANGER);
  assert.equal(all[all.indexOf("Host") + 1], "shop.example:8443");
  assert.equal(all[all.indexOf("X-Forwarded-Host") + 1], "shop.example:8443");
});

test("without forwardCredentials neither Authorization nor Cookie passes", () => {
  const raw = ["Authorization", "Bearer x", "Cookie", "a=b", "Accept", "*/*"];
  assert.deepEqual(kept(raw, { forwardCredentials: false }), ["Accept", "*/*"]);
});

test("dropContent takes out all that is true of the old body only", () => {
  const raw = [
    "Content-Type",
    "a/b",
    "content-length",
    "5",
    "Content-MD5",
    "x",
    "Content-Digest",
    "x",
    "Digest",
    "x",
  ];
  const more = [
    "Repr-Digest",
    "x",
    "Expect",
    "100-continue",
    "Content-Disposition",
    "inline",
    "Accept",
    "*/*",
  ];
  assert.deepEqual(kept([...raw, ...more], { dropContent: true }), ["Accept", "*/*"]);
});

test("an answer keeps its headers but those of the connection", () => {
  const raw = [
    "Set-Cookie",
    "a",
    "Connection",
    "X-Hop",
    "X-Hop",
    "1",
    "Set-Cookie",
    "b",
    "Transfer-Encoding",
    "chunked",
  ];
  const more = [
    "Keep-Alive",
    "timeout=5",
    "Proxy-Authenticate",
    "Basic",
    "Server",
    "uvicorn",
    "Trailer",
    "X",
  ];
  assert.deepEqual(endToEndResponseHeaders([...raw, ...more]), [
    "Set-Cookie",
    "a",
    "Set-Cookie",
    "b",
    "Server",
    "uvicorn",
  ]);
});
