import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { StallWatch, socketOutflow } from "./stall-watch.ts";

const IDLE_MS = 1_000_000;

/** A watch whose clock is moved by hand. */
function watchAt(): { watch: StallWatch; at(ms: number): void } {
  let nowMs = 0;
  const watch = new StallWatch(IDLE_MS, () => nowMs);
  return {
    watch,
    at: (ms) => {
      nowMs = ms;
      watch.look();
    },
  };
}

function outflow(): { waitingBytes: number; sentBytes: number; cuts: number; cut(): void } {
  return {
    waitingBytes: 0,
    sentBytes: 0,
    cuts: 0,
    cut() {
      this.cuts += 1;
    },
  };
}

test("bytes that wait for the idle time without any going out are cut off, once", () => {
  const { watch, at } = watchAt();
  const flow = outflow();
  watch.add(flow);
  flow.waitingBytes = 10;
  for (const ms of [1, IDLE_MS - 1]) at(ms);
  assert.equal(flow.cuts, 0);
  for (const ms of [IDLE_MS + 1, 2 * IDLE_MS, 5 * IDLE_MS]) at(ms);
  assert.equal(flow.cuts, 1);
  watch.close();
});

test("whoever takes a byte now and then, or has nothing waiting, stays", () => {
  const { watch, at } = watchAt();
  const [slow, silent] = [outflow(), outflow()];
  watch.add(slow);
  watch.add(silent);
  slow.waitingBytes = 10;
  for (let look = 1; look < 20; look += 1) {
    slow.sentBytes += 1;
    at((look * IDLE_MS * 9) / 10);
  }
  assert.deepEqual([slow.cuts, silent.cuts], [0, 0]);
  watch.close();
});

test("what is not watched any more is not cut off", () => {
  const { watch, at } = watchAt();
  const flow = outflow();
  const forget = watch.add(flow);
  flow.waitingBytes = 10;
  forget();
  at(3 * IDLE_MS);
  assert.equal(flow.cuts, 0);
  watch.close();
});

test("the outflow of a socket counts what the system has taken, also in the middle of one large write", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const reader = connect(address.port, "127.0.0.1").pause();
  const [writer] = (await once(server, "connection")) as [Socket];
  const flow = socketOutflow(writer, writer, () => {});
  assert.equal(flow.waitingBytes, 0);
  const written = once(writer, "drain");
  writer.write(Buffer.alloc(64 * 1024 * 1024));
  const before = flow.sentBytes;
  assert.ok(flow.waitingBytes > 0);
  reader.once("data", () => reader.pause());
  reader.resume();
  await once(reader, "pause");
  reader.resume();
  const midway = await new Promise<number>((resolve) => {
    const look = (): void => (flow.sentBytes > before ? resolve(flow.sentBytes) : void setImmediate(look));
    look();
  });
  assert.ok(midway < 64 * 1024 * 1024, "progress shows before the write is done");
  await written;
  assert.equal(flow.waitingBytes, 0);
  reader.destroy();
  writer.destroy();
  server.close();
});
