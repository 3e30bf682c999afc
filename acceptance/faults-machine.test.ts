/**
 * The machine around the gate fails: keys are gone, the clock jumps, settings are wrong, there are no file descriptors left.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { assertNothingLeft, copiesAt, put, sha256Of, until, untilState, waiting } from "./fault-tools.ts";
import { machineFaults } from "./faults/machine-faults.ts";
import { freePort } from "./free-port.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const FLOWS = ["raw", "raw-receipt", "raw-retry"];

interface Started {
  readonly gate: GateUnderTest;
  readonly service: ServiceUnderTest;
  readonly options: GateOptions;
}

async function start(t: TestContext, more: Partial<GateOptions> = {}): Promise<Started> {
  const service = await startService();
  t.after(() => service.stop());
  const options = { flows: FLOWS, upstream: service.origin, ...more };
  const gate = await startGate(options);
  t.after(() => gate.stop());
  return { gate, service, options };
}

const keysFolder = (gate: GateUnderTest): string => join(gate.folder, "data/keys");

test("the key for receipts is gone while the gate runs: it goes on with the key it has; a reload says so and changes nothing", async (t) => {
  const { gate } = await start(t);
  const aside = `${keysFolder(gate)}-aside`;
  await rename(keysFolder(gate), aside);
  assert.equal((await put(gate, "/receipts/key", randomBytes(1000))).status, 201);
  const reload = await gate.run("reload");
  assert.notEqual(reload.exitCode, 0);
  assert.equal((await put(gate, "/receipts/key", randomBytes(1000))).status, 201);
  await rename(aside, keysFolder(gate));
  assert.equal((await gate.run("reload")).exitCode, 0);
});

test("a key for receipts that cannot be read: the gate does not start, and says which folder", async (t) => {
  const { gate, options } = await start(t);
  gate.signal("SIGTERM");
  await gate.ended();
  const [name = ""] = await readdir(keysFolder(gate));
  const file = join(keysFolder(gate), name);
  const key = await readFile(file);
  await writeFile(file, "");
  await assert.rejects(restartGate(gate, options), /receipt keys cannot be used/);
  await writeFile(file, key);
  const again = await restartGate(gate, options);
  t.after(() => again.stop());
  assert.equal((await put(again, "/receipts/key", randomBytes(1000))).status, 201);
});

test("the clock jumps: uploads go on, and a kept delivery does not wait until the clock is back", async (t) => {
  const faults = await machineFaults(t);
  const port = await freePort();
  const gate = await startGate({ flows: FLOWS, upstream: `http://127.0.0.1:${port}`, env: faults.env });
  t.after(() => gate.stop());
  const bytes = [randomBytes(1000), randomBytes(300_000)];
  const ids: string[] = [];
  for (const [minutes, content] of [
    [0, bytes[0]],
    [30, bytes[1]],
  ] as const) {
    await faults.jumpClock(minutes * 60);
    ids.push(String((await put(gate, "/retry/clock", content ?? randomBytes(1))).body.uploadId));
  }
  await until("both have been tried", async () =>
    (await waiting(gate)).every(({ tries }) => tries > 2) ? true : null,
  );
  await faults.jumpClock(-30 * 60);
  const service = await startService(port);
  t.after(() => service.stop());
  for (const id of ids) await untilState(gate, id, "delivered");
  const copies = await copiesAt(service, "/retry/clock");
  assert.deepEqual(copies.map(({ sha256 }) => sha256).sort(), bytes.map(sha256Of).sort());
  for (const seconds of [-86_400, 86_400, 0]) {
    await faults.jumpClock(seconds);
    assert.equal((await put(gate, "/raw/clock", randomBytes(300_000))).status, 201);
    assert.equal((await put(gate, "/receipts/clock", randomBytes(300_000))).status, 201);
    assert.equal((await fetch(`${gate.operatorOrigin}/health/ready`)).status, 200);
  }
});

test("a flow that is wrong: a reload leaves the old set in force; a start with it says where, and starts nothing", async (t) => {
  const { gate, options } = await start(t);
  const file = join(gate.folder, "flows/raw/flow.yaml");
  const right = await readFile(file, "utf8");
  await writeFile(file, right.replace("mode: enforce", "mode: enforced"));
  const reload = await gate.run("reload");
  assert.equal(reload.exitCode, 1);
  assert.match(reload.err, /flow\.yaml:4:\d+/);
  assert.equal((await put(gate, "/raw/old", randomBytes(10))).status, 201);
  gate.signal("SIGTERM");
  await gate.ended();
  await assert.rejects(restartGate(gate, options), /flow\.yaml:4:\d+.*does not start/s);
  await writeFile(file, right);
  const again = await restartGate(gate, options);
  t.after(() => again.stop());
  assert.equal((await put(again, "/raw/new", randomBytes(10))).status, 201);
});

test("a flow that is gone while its delivery is kept: it waits for a person, and goes on when the flow is back", async (t) => {
  const port = await freePort();
  const gate = await startGate({ flows: FLOWS, upstream: `http://127.0.0.1:${port}` });
  t.after(() => gate.stop());
  const { status, body } = await put(gate, "/retry/gone", randomBytes(200_000));
  assert.equal(status, 202);
  const folder = join(gate.folder, "flows/raw-retry");
  await rename(folder, `${gate.folder}/aside`);
  assert.equal((await gate.run("reload")).exitCode, 0);
  await until("it waits for a person", async () => {
    const [one] = await waiting(gate);
    return one?.nextTryAtMs === null && one.lastError.startsWith("FLOW_UNKNOWN") ? one : null;
  });
  await rename(`${gate.folder}/aside`, folder);
  assert.equal((await gate.run("reload")).exitCode, 0);
  const service = await startService(port);
  t.after(() => service.stop());
  assert.equal((await gate.run("retry", String(body.uploadId))).exitCode, 0);
  await untilState(gate, String(body.uploadId), "delivered");
  await assertNothingLeft(gate);
});

/** Connections that send the beginning of a request and then nothing. */
async function openIdle(gate: GateUnderTest, count: number): Promise<Socket[]> {
  const { port } = new URL(gate.origin);
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("PUT /raw/idle HTTP/1.1\r\nHost: gate\r\n");
    return socket;
  });
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))),
  );
  return sockets;
}

test("no file descriptors are left: clean refusals, nothing lost, and well again by itself", async (t) => {
  const { gate, service } = await start(t, { within: ["prlimit", "--nofile=100:100"] });
  const sent: Buffer[] = [];
  const acknowledged: string[] = [];
  const outcomes = new Map<string, number>();
  const send = async (): Promise<void> => {
    const content = randomBytes(200_000);
    sent.push(content);
    const outcome = await put(gate, "/raw/fds", content, { connection: "close" }).then(
      ({ status, body }) => (status === 201 ? "201" : `${status} ${body.code}`),
      () => "no connection",
    );
    if (outcome === "201") acknowledged.push(sha256Of(content));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  await send();
  const idle: Socket[] = [];
  for (let round = 0; round < 8; round += 1) {
    idle.push(...(await openIdle(gate, 10)));
    await Promise.all(Array.from({ length: 6 }, send));
  }
  for (const socket of idle) socket.destroy();
  await until("it takes uploads again", async () => {
    const content = randomBytes(200_000);
    const { status } = await put(gate, "/raw/again", content).catch(() => ({ status: 0 }));
    return status === 201 ? true : null;
  });
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  assert.equal(gate.isRunning(), true);
  assert.ok(
    [...outcomes.keys()].some((outcome) => outcome !== "201"),
    "descriptors really ran out",
  );
  for (const outcome of outcomes.keys()) assert.match(outcome, /^(201|50[23] [A-Z_]+|no connection)$/);
  const copies = await copiesAt(service, "/raw/fds");
  for (const sha256 of acknowledged) assert.equal(copies.filter((copy) => copy.sha256 === sha256).length, 1);
  for (const one of await waiting(gate)) await gate.run("give-up", one.id, "--reason", "a test");
  await until("nothing is left", async () => ((await gate.quarantined()).length === 0 ? true : null));
  assert.equal((await fetch(`${gate.operatorOrigin}/health/ready`)).status, 200);
});

test("a port that is taken: the gate does not start and says which", async (t) => {
  const { gate, options } = await start(t);
  gate.signal("SIGTERM");
  await gate.ended();
  const taken = createServer().listen(0, "127.0.0.1");
  t.after(() => taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const result = await gate.run("serve", "--listen", `127.0.0.1:${port}`);
  assert.equal(result.exitCode, 2);
  assert.match(result.err, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is taken`));
  await rm(join(gate.folder, "data/operator.json"), { force: true });
  const again = await restartGate(gate, options);
  t.after(() => again.stop());
});
