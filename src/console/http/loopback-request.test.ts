import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { isLoopbackRequest } from "./loopback-request.ts";

const asked = (
  remoteAddress: string,
  host: string | undefined,
  headers: Record<string, string> = {},
): boolean =>
  isLoopbackRequest({
    socket: { remoteAddress } as IncomingMessage["socket"],
    headers: { ...headers, ...(host === undefined ? {} : { host }) },
  });

test("a request of this machine by a name of this machine is taken for that", () => {
  for (const host of [
    "127.0.0.1:8081",
    "localhost:8081",
    "LOCALHOST",
    "console.localhost:1",
    "[::1]:8081",
    "127.5.5.5",
  ]) {
    assert.equal(asked("127.0.0.1", host), true, host);
  }
  assert.equal(asked("::1", "[::1]:8081"), true);
  assert.equal(asked("::ffff:127.0.0.1", "localhost"), true);
});

test("a name that is not loopback's own is not, whatever it resolves to", () => {
  const hosts = [
    "evil.test:8081",
    "127.0.0.1.evil.test",
    "localhost.evil.test",
    "notlocalhost",
    "10.0.0.1:8081",
    "0.0.0.0:8081",
    "[::2]:8081",
    "[::ffff:10.0.0.1]",
    "127.1",
    "2130706433",
    "127.0.0.1:8081@evil.test",
    "localhost:8081:1",
    "localhost ",
    "",
    undefined,
  ];
  for (const host of hosts) assert.equal(asked("127.0.0.1", host), false, String(host));
});

test("another machine is not, whatever it says that it asks for", () => {
  for (const address of ["10.0.0.7", "::ffff:10.0.0.7", "fe80::1", ""]) {
    assert.equal(asked(address, "127.0.0.1:8081"), false, address);
  }
});

test("what a proxy on this machine passes on is not", () => {
  for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host"]) {
    assert.equal(asked("127.0.0.1", "localhost", { [name]: "10.0.0.7" }), false, name);
  }
});
