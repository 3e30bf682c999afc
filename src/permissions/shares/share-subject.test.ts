import assert from "node:assert/strict";
import { test } from "node:test";
import { addressSubject, principalSubject } from "./share-subject.ts";

for (const [address, subject] of [
  ["192.0.2.1", "address:192.0.2.1"],
  ["192.0.2.1:4711", "address:192.0.2.1"],
  ["::ffff:192.0.2.1", "address:192.0.2.1"],
  ["::FFFF:c000:0201", "address:192.0.2.1"],
  ["2001:db8:0:1:aaaa:bbbb:cccc:dddd", "address:2001:db8:0:1::/64"],
  ["2001:DB8::1:0:0:0:9", "address:2001:db8:0:1::/64"],
  ["[2001:db8:0:1::1]:443", "address:2001:db8:0:1::/64"],
  ["2001:db8::5", "address:2001:db8:0:0::/64"],
  ["fe80::1%eth0", "address:fe80:0:0:0::/64"],
  ["::1", "address:0:0:0:0::/64"],
  ["::", "address:0:0:0:0::/64"],
  ["64:ff9b::192.0.2.33", "address:64:ff9b:0:0::/64"],
  ["unknown", "address:unreadable"],
  ["", "address:unreadable"],
  ["1.2.3.4.5", "address:unreadable"],
  [`${"9".repeat(5000)}`, "address:unreadable"],
] as const) {
  test(`the address ${JSON.stringify(address.slice(0, 40))} has the account ${subject}`, () => {
    assert.equal(addressSubject(address), subject);
  });
}

test("addresses of one /64 share an account, and those of the next have another", () => {
  assert.equal(addressSubject("2001:db8:1:2::1"), addressSubject("2001:db8:1:2:ffff::"));
  assert.notEqual(addressSubject("2001:db8:1:2::1"), addressSubject("2001:db8:1:3::1"));
});

test("long names of principals are told apart and kept short", () => {
  const [one, other] = [`${"x".repeat(300)}1`, `${"x".repeat(300)}2`].map(principalSubject);
  assert.notEqual(one, other);
  assert.ok((one ?? "").length <= 220);
  assert.equal(principalSubject("alice"), "principal:alice");
});
