import assert from "node:assert/strict";
import { test } from "node:test";
import { clientAddress, trustedProxies } from "./client-address.ts";

const isTrusted = trustedProxies(["10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1"]);
const PROXY = "10.0.0.1";

const xff = (value: string, peer = PROXY): string =>
  clientAddress(peer, { xForwardedFor: value, forwarded: undefined }, isTrusted);
const rfc7239 = (value: string, peer = PROXY): string =>
  clientAddress(peer, { xForwardedFor: undefined, forwarded: value }, isTrusted);

test("a peer that is not trusted is the client, whatever it says", () => {
  assert.equal(xff("203.0.113.9", "198.51.100.7"), "198.51.100.7");
  assert.equal(rfc7239("for=203.0.113.9", "198.51.100.7"), "198.51.100.7");
  assert.equal(xff("203.0.113.9", "::ffff:198.51.100.7"), "198.51.100.7");
});

test("a trusted peer that says nothing is the client", () => {
  const nothing = { xForwardedFor: undefined, forwarded: undefined };
  assert.equal(clientAddress(PROXY, nothing, isTrusted), PROXY);
  assert.equal(clientAddress("::ffff:10.0.0.1", nothing, isTrusted), PROXY);
});

test("the nearest hop that is no trusted proxy counts; what the client itself wrote before it does not", () => {
  assert.equal(xff("203.0.113.9"), "203.0.113.9");
  assert.equal(xff("1.1.1.1, 203.0.113.9, 10.2.3.4"), "203.0.113.9");
  assert.equal(rfc7239("for=1.1.1.1, for=203.0.113.9, for=10.2.3.4"), "203.0.113.9");
});

test("where all hops are trusted proxies the farthest of them is the client", () => {
  assert.equal(xff("10.9.9.9, 10.2.3.4"), "10.9.9.9");
});

const FORMS: readonly (readonly [string, string])[] = [
  ["for=192.0.2.60", "192.0.2.60"],
  ["For=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"],
  ["proto=https; FOR=192.0.2.60", "192.0.2.60"],
  ['for="192.0.2.60:4711"', "192.0.2.60"],
  ['for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"],
  ['for="[2001:DB8:CAFE:0:0::17]"', "2001:db8:cafe::17"],
  ['for="\\1\\9\\2.0.2.60"', "192.0.2.60"],
  ['for=192.0.2.60;host="a,b;c"', "192.0.2.60"],
  ["for=192.0.2.43, for=198.51.100.17", "198.51.100.17"],
  ['for="[::ffff:192.0.2.60]"', "192.0.2.60"],
];

for (const [value, expected] of FORMS) {
  test(`Forwarded: ${value} names ${expected}`, () => assert.equal(rfc7239(value), expected));
}

const UNREADABLE = [
  "for=unknown",
  "for=_hidden",
  'for="_SEVKISEK"',
  "for=",
  "by=203.0.113.43",
  "for=192.0.2.60;for=192.0.2.61",
  'for="192.0.2.60',
  "for=[2001:db8::1]",
  "for = 192.0.2.60",
  'for="192.0.2.60:http"',
  'for="2001:db8::1]"',
  "for=192.0.2.60 evil",
  "",
  ",",
];

for (const value of UNREADABLE) {
  test(`Forwarded: ${JSON.stringify(value)} names nobody, so the proxy stands for the client`, () => {
    assert.equal(rfc7239(value), PROXY);
    assert.equal(rfc7239(`for=1.1.1.1, ${value}`), PROXY);
  });
}

test("the last proxy before a hop that names nobody stands for the client", () => {
  assert.equal(rfc7239("for=1.1.1.1, for=unknown, for=10.2.3.4"), "10.2.3.4");
  assert.equal(xff("1.1.1.1, unknown, 10.2.3.4"), "10.2.3.4");
});

test("a quoted string without end hides what follows it, and so names nobody", () => {
  assert.equal(rfc7239('for=1.1.1.1, for="2.2.2.2, for=203.0.113.9'), PROXY);
});

for (const value of [
  "unknown",
  "1.2.3",
  "1.2.3.4.5",
  "::g",
  "localhost",
  "1.2.3.4, ",
  "1.2.3.4,,",
  "01.2.3.4",
  "[::1",
  "a:b:80",
]) {
  test(`X-Forwarded-For: ${JSON.stringify(value)} ends with a hop that is no address`, () => {
    assert.equal(xff(value), PROXY);
  });
}

test("one client has one spelling", () => {
  const spellings = [
    "2001:db8::1",
    "2001:DB8:0::1",
    "[2001:db8:0:0:0:0:0:1]",
    "[2001:db8::1]:443",
    "2001:db8::0.0.0.1",
  ];
  assert.deepEqual([...new Set(spellings.map((spelling) => xff(spelling)))], ["2001:db8::1"]);
  assert.deepEqual(
    [...new Set(["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.1:80"].map((one) => xff(one)))],
    ["192.0.2.1"],
  );
});

test("both headers count where they agree, and neither where they do not", () => {
  const both = (xForwardedFor: string, forwarded: string) =>
    clientAddress(PROXY, { xForwardedFor, forwarded }, isTrusted);
  assert.equal(both("203.0.113.9", "for=203.0.113.9"), "203.0.113.9");
  assert.equal(both("2001:db8::9", 'for="[2001:DB8::9]:1"'), "2001:db8::9");
  // A client's own Forwarded behind a proxy that knows X-Forwarded-For only, and the other way round.
  assert.equal(both("203.0.113.9", "for=1.1.1.1"), PROXY);
  assert.equal(both("1.1.1.1", "for=203.0.113.9"), PROXY);
  assert.equal(both("203.0.113.9", "for=unknown"), PROXY);
});

test("trusted proxies are addresses and networks of both families", () => {
  assert.deepEqual(
    ["10.255.0.1", "::ffff:10.1.1.1", "2001:db8:ffff:1::1", "11.0.0.1", "2001:db8::1", "nonsense", ""].map(
      isTrusted,
    ),
    [true, true, true, false, false, false, false],
  );
});
