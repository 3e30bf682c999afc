import assert from "node:assert/strict";
import { test } from "node:test";
import { formatListenAddress, readIssuer, readListenAddress, readNetwork, readOrigin } from "./address.ts";

test("addresses to listen on have a host and a port", () => {
  const good: [string, string, number][] = [
    ["127.0.0.1:8080", "127.0.0.1", 8080],
    ["0.0.0.0:0", "0.0.0.0", 0],
    ["[::1]:65535", "::1", 65_535],
    ["localhost:80", "localhost", 80],
    ["gate-1.example.com:80", "gate-1.example.com", 80],
  ];
  for (const [written, host, port] of good) {
    assert.deepEqual(readListenAddress(written), { ok: true, value: { host, port } });
    assert.equal(formatListenAddress({ host, port }), written);
  }
  const bad = [
    "",
    ":80",
    "8080",
    "127.0.0.1",
    "127.0.0.1:65536",
    "::1:80",
    "[127.0.0.1]:80",
    "256.0.0.1:80",
    "a b:80",
    80,
    null,
  ];
  for (const written of bad) assert.equal(readListenAddress(written).ok, false, String(written));
});

test("origins have scheme, host and port and nothing else", () => {
  assert.deepEqual(readOrigin("HTTP://Example.COM:80/"), { ok: true, value: "http://example.com" });
  assert.deepEqual(readOrigin("https://h:8443"), { ok: true, value: "https://h:8443" });
  const bad = [
    "",
    "h:80",
    "//h",
    "http://",
    "http://h/p",
    "http://h?",
    "http://h#f",
    "http://u@h",
    "file:///x",
    1,
    null,
  ];
  for (const written of bad) assert.equal(readOrigin(written).ok, false, String(written));
});

test("issuers are URLs without query, user or slash at the end", () => {
  assert.deepEqual(readIssuer("https://h/gate/"), { ok: true, value: "https://h/gate" });
  for (const written of ["h", "https://h?x", "https://u:p@h", "urn:x", 1])
    assert.equal(readIssuer(written).ok, false);
});

test("networks are addresses with or without a prefix", () => {
  for (const written of ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "::/128"])
    assert.equal(readNetwork(written).ok, true);
  for (const written of ["10.0.0.0/33", "::/129", "10.0.0", "h", "10.0.0.0/8/8", "10.0.0.0/", 10]) {
    assert.equal(readNetwork(written).ok, false, String(written));
  }
});
