import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import type { FrontPage } from "../console-api.ts";
import { EventStreams } from "./event-streams.ts";

const front = (held: number, nowMs = 0): FrontPage => ({
  service: { version: "1", startedAtMs: 0 },
  nowMs,
  answers: [],
  flows: [],
  held,
  undescribed: [],
});

/** Streams on a real server, and readers of them. */
async function serve(page: () => FrontPage | Promise<FrontPage>) {
  const source = { made: 0, mayRead: true };
  const streams = new EventStreams({
    front: async () => {
      source.made += 1;
      return page();
    },
    mayRead: () => source.mayRead,
  });
  const server = createServer((req, res) => {
    try {
      streams.open(req, res);
    } catch (error) {
      res.writeHead(error instanceof GateError ? error.status : 500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    source,
    streams,
    follow: async (): Promise<Reader> => {
      const [incoming] = (await once(get({ port, agent: false }), "response")) as [IncomingMessage];
      return new Reader(incoming);
    },
    stop: () => {
      streams.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

class Reader {
  readonly incoming: IncomingMessage;
  #text = "";
  #wake: () => void = () => {};

  constructor(incoming: IncomingMessage) {
    this.incoming = incoming;
    incoming.on("error", () => {});
    incoming.on("data", (bytes: Buffer) => {
      this.#text += bytes.toString();
      this.#wake();
    });
  }

  /** Values of `held` in the events `front` so far. */
  get held(): readonly number[] {
    return [...this.#text.matchAll(/^event: front\ndata: (.*)$/gm)].map(
      ([, json = "{}"]) => (JSON.parse(json) as FrontPage).held,
    );
  }

  async untilHeld(count: number): Promise<readonly number[]> {
    while (this.held.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.held;
  }
}

test("a reader gets the page at once, and again only when it has changed", async () => {
  let [held, now] = [1, 0];
  const { streams, follow, stop } = await serve(() => {
    now += 1;
    return front(held, now);
  });
  const reader = await follow();
  assert.equal(reader.incoming.headers["content-type"], "text/event-stream");
  assert.deepEqual(await reader.untilHeld(1), [1]);
  await streams.look();
  held = 2;
  await streams.look();
  assert.deepEqual(await reader.untilHeld(2), [1, 2]);
  stop();
});

test("nothing is made while nobody looks", async () => {
  const { source, streams, stop } = await serve(() => front(0));
  await streams.look();
  assert.equal(source.made, 0);
  stop();
});

test("there are never more than 32 readers", async () => {
  const { follow, stop } = await serve(() => front(0));
  const readers = await Promise.all(Array.from({ length: 32 }, follow));
  assert.ok(readers.every(({ incoming }) => incoming.statusCode === 200));
  assert.equal((await follow()).incoming.statusCode, 503);
  stop();
});

test("a page that cannot be made ends no stream", async () => {
  let isBroken = true;
  const { streams, follow, stop } = await serve(() => {
    if (isBroken) throw new Error("the history cannot be read");
    return front(7);
  });
  const reader = await follow();
  isBroken = false;
  await streams.look();
  assert.deepEqual(await reader.untilHeld(1), [7]);
  stop();
});

test("who may not read any more is let go", async () => {
  const { source, streams, follow, stop } = await serve(() => front(0));
  const reader = await follow();
  await reader.untilHeld(1);
  source.mayRead = false;
  const ended = once(reader.incoming, "end");
  await streams.look();
  await ended;
  stop();
});

test("closing ends every stream", async () => {
  const { streams, follow, stop } = await serve(() => front(0));
  const readers = await Promise.all([follow(), follow()]);
  const ended = Promise.all(readers.map(({ incoming }) => once(incoming, "end")));
  streams.close();
  await ended;
  assert.equal((await follow()).incoming.statusCode, 503);
  stop();
});
