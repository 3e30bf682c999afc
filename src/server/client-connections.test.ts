import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { ClientConnections, type TurnedAway } from "./client-connections.ts";

let port = 0;

/** Stands for an accepted socket: what the registry asks of one. */
function socketFrom(remoteAddress: string): Socket & { isDestroyed: boolean } {
  port += 1;
  const socket = Object.assign(new EventEmitter(), {
    remoteAddress,
    remotePort: port,
    localAddress: "127.0.0.1",
    localPort: 80,
    isDestroyed: false,
    destroy() {
      if (socket.isDestroyed) return;
      socket.isDestroyed = true;
      socket.emit("close");
    },
  });
  return socket as unknown as Socket & { isDestroyed: boolean };
}

function registry(connectionsMax: number): {
  connections: ClientConnections;
  turnedAway: TurnedAway[];
  open(): number;
} {
  const turnedAway: TurnedAway[] = [];
  let count = 0;
  const connections = new ClientConnections({
    connectionsMax,
    isTrustedProxy: (address) => address === "10.0.0.1",
    onCount: (open) => {
      count = open;
    },
    onTurnedAway: (how) => turnedAway.push(how),
  });
  return { connections, turnedAway, open: () => count };
}

const answer = (): ServerResponse => ({}) as ServerResponse;

/** Admits a connection and lets it have a request at work. */
function busyOne(
  connections: ClientConnections,
  address: string,
): { raw: Socket & { isDestroyed: boolean }; end: () => void } | null {
  const raw = socketFrom(address);
  const connection = connections.admit(raw);
  return connection === null || connection.isTurnedAway
    ? null
    : { raw, end: connections.begin(connection, answer()) };
}

test("beyond the limit a connection is told, and 64 later dropped; a closed one makes room", () => {
  const { connections, turnedAway, open } = registry(2);
  const first = busyOne(connections, "192.0.2.1");
  busyOne(connections, "192.0.2.2");
  for (let index = 0; index < 70; index += 1) connections.admit(socketFrom("192.0.2.3"));
  assert.equal(turnedAway.filter((how) => how === "told").length, 64);
  assert.equal(turnedAway.filter((how) => how === "dropped").length, 6);
  assert.equal(open(), 2);
  first?.raw.destroy();
  assert.notEqual(busyOne(connections, "192.0.2.4"), null);
});

test("one address leaves the last tenth to others, however many it opens", () => {
  const { connections } = registry(100);
  let served = 0;
  for (let index = 0; index < 200; index += 1) if (busyOne(connections, "192.0.2.1") !== null) served += 1;
  assert.equal(served, 90);
  for (let index = 0; index < 9; index += 1) assert.notEqual(busyOne(connections, "192.0.2.2"), null);
});

test("the addresses of one IPv6 subscriber count as one; a trusted proxy stands for many", () => {
  const { connections } = registry(100);
  let served = 0;
  for (let index = 0; index < 200; index += 1)
    if (busyOne(connections, `2001:db8:0:1::${index.toString(16)}`) !== null) served += 1;
  assert.equal(served, 90);
  assert.notEqual(busyOne(connections, "2001:db8:0:2::1"), null);
  const behindProxy = registry(100).connections;
  for (let index = 0; index < 100; index += 1) assert.notEqual(busyOne(behindProxy, "10.0.0.1"), null);
});

test("a connection that has only just become idle is not closed for another", () => {
  const { connections, turnedAway } = registry(1);
  busyOne(connections, "192.0.2.1")?.end();
  assert.equal(busyOne(connections, "192.0.2.2"), null);
  assert.deepEqual(turnedAway, ["told"]);
});

test("the longest idle connection makes room first, and one at work never", () => {
  const { connections, turnedAway } = registry(3);
  const [older, newer, working] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) =>
    busyOne(connections, address),
  );
  older?.end();
  newer?.end();
  for (const connection of connections.idle) connection.idleSinceMs -= 5000;
  assert.notEqual(busyOne(connections, "192.0.2.4"), null);
  const gone = [older, newer, working].map((one) => one?.raw.isDestroyed);
  assert.deepEqual([gone, turnedAway], [[true, false, false], ["evicted"]]);
});

test("quiet is when no request is at work; a WebSocket is none", async () => {
  const { connections } = registry(3);
  const one = busyOne(connections, "192.0.2.1");
  const socket = socketFrom("192.0.2.2");
  const joined = connections.admit(socket);
  assert.ok(joined);
  connections.join(joined);
  let isQuiet = false;
  const quiet = connections.quiet().then(() => {
    isQuiet = true;
  });
  await Promise.resolve();
  assert.equal(isQuiet, false);
  one?.end();
  await quiet;
  assert.deepEqual(
    connections.idle.map(({ client }) => client),
    ["192.0.2.1"],
  );
});
