/**
 * Who the client is behind proxies. The share of an address shows it: three uploads an hour, and no way to more by what a client writes.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answered, ask } from "./ask.ts";
import { type Counted, CountingService } from "./counting-service.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";

const service = new CountingService();
let direct: GateUnderTest;
let behindProxy: GateUnderTest;

before(async () => {
  const options = { upstream: await service.listen(), flows: ["addressed"], passThrough: true };
  direct = await startGate(options);
  behindProxy = await startGate({ ...options, settings: "trust-proxy: [127.0.0.1, 10.0.0.0/8]" });
});

after(async () => {
  await direct?.stop();
  await behindProxy?.stop();
  await service.stop();
});

type Said = Readonly<Record<string, string>>;

const send = (gate: GateUnderTest, headers: Said): Promise<Answered> =>
  ask(gate.origin, { method: "PUT", path: "/addressed/a.bin", headers, body: "abc" });

/** The statuses of uploads, one after another. */
async function statuses(gate: GateUnderTest, each: readonly Said[]): Promise<readonly number[]> {
  const seen: number[] = [];
  for (const headers of each) seen.push((await send(gate, headers)).status);
  return seen;
}

test("without a trusted proxy nothing that a client says of addresses gets it more", async () => {
  const lies: readonly Said[] = [
    { "x-forwarded-for": "203.0.113.1" },
    { forwarded: "for=203.0.113.2" },
    { "x-forwarded-for": "203.0.113.3", forwarded: 'for="[2001:db8::3]"' },
    { "x-forwarded-for": "203.0.113.4" },
    { "x-real-ip": "203.0.113.5" },
  ];
  assert.deepEqual(await statuses(direct, lies), [201, 201, 201, 429, 429]);
});

test("behind a trusted proxy each client has its own share, however its address is written", async () => {
  const first: readonly Said[] = [
    { "x-forwarded-for": "2001:db8::1" },
    { "x-forwarded-for": "2001:DB8:0:0::1" },
    { forwarded: 'for="[2001:db8::1]:4711"' },
    { "x-forwarded-for": "[2001:db8::1]:99" },
  ];
  assert.deepEqual(await statuses(behindProxy, first), [201, 201, 201, 429]);
  assert.deepEqual(await statuses(behindProxy, [{ "x-forwarded-for": "2001:db8:1::1" }]), [201]);
});

test("what a client wrote before its proxy did is not believed", async () => {
  const spoofs = ["1.1.1.1", "2.2.2.2", "10.0.0.9", "unknown"].map((spoof) => ({
    "x-forwarded-for": `${spoof}, 198.51.100.7, 10.1.2.3`,
  }));
  assert.deepEqual(await statuses(behindProxy, spoofs), [201, 201, 201, 429]);
});

test("a header that contradicts the other, or that names nobody, falls back on the proxy's own share", async () => {
  const doubtful: readonly Said[] = [
    { "x-forwarded-for": "198.51.100.8", forwarded: "for=1.2.3.4" },
    { "x-forwarded-for": "198.51.100.9", forwarded: "for=5.6.7.8" },
    { forwarded: "for=_hidden" },
    { "x-forwarded-for": "nonsense" },
  ];
  assert.deepEqual(await statuses(behindProxy, doubtful), [201, 201, 201, 429]);
});

test("the service hears of addresses and of the scheme from the gate, or from a trusted proxy through it", async () => {
  const said = {
    "x-forwarded-for": "203.0.113.1",
    forwarded: "for=203.0.113.1",
    "x-forwarded-proto": "https",
  };
  const heard = async (gate: GateUnderTest): Promise<Counted["headers"]> =>
    (JSON.parse((await ask(gate.origin, { path: "/thing", headers: said })).body.toString()) as Counted)
      .headers;
  const alone = await heard(direct);
  assert.deepEqual(
    [alone["x-forwarded-for"], alone["x-forwarded-proto"], alone.forwarded],
    ["127.0.0.1", "http", undefined],
  );
  const trusted = await heard(behindProxy);
  assert.deepEqual(
    [trusted["x-forwarded-for"], trusted["x-forwarded-proto"]],
    ["203.0.113.1, 127.0.0.1", "https"],
  );
});
