/**
 * Server-sent events: whoever looks at the front page gets it anew when it changes, and a beat in between.
 *
 * Always holds: there are never more than some streams; a reader that does not read is let go instead of kept in memory; nothing is computed while nobody
 * looks; closing ends all of them at once. @see HTML, "Server-sent events"
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { GateError } from "../../problems/gate-error.ts";
import type { FrontPage } from "../console-api.ts";
import { frontEssence } from "../front-cache.ts";

const STREAMS_MAX = 32;
const BEAT_MS = 15_000;
const LOOK_MS = 5_000;
const UNREAD_BYTES_MAX = 1024 * 1024;
/** How long a browser waits before it comes again. */
const RETRY_MS = 3000;

export interface EventSource {
  /** What the event `front` brings. */
  readonly front: () => Promise<FrontPage>;
  /** Whether this reader may still read. */
  readonly mayRead: (req: IncomingMessage) => boolean;
}

interface Stream {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  seen: string | null;
}

export class EventStreams {
  readonly #source: EventSource;
  readonly #streams = new Set<Stream>();
  #timers: readonly NodeJS.Timeout[] = [];
  #isLooking = false;
  #isClosed = false;

  constructor(source: EventSource) {
    this.#source = source;
  }

  /** Takes a request over; the stream lasts until one of the two sides ends it. @throws CONSOLE_BUSY */
  open(req: IncomingMessage, res: ServerResponse): void {
    if (this.#isClosed || this.#streams.size >= STREAMS_MAX)
      throw new GateError("CONSOLE_BUSY", {
        message: "As many pages as may follow the console live do so already.",
        expected: `at most ${STREAMS_MAX}`,
        retryAfterSeconds: 30,
      });
    res.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // For nginx, which would gather the events otherwise.
      "x-accel-buffering": "no",
    });
    const stream: Stream = { req, res, seen: null };
    this.#streams.add(stream);
    res.on("close", () => this.#leave(stream)).on("error", () => {});
    res.write(`retry: ${RETRY_MS}\n\n`);
    this.#start();
    void this.look();
  }

  /** Looks whether the page has changed and tells those who do not know it yet. Never throws; never two at once. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      // Whoever comes while the page is made has nothing yet.
      do await this.#lookOnce();
      while ([...this.#streams].some(({ seen }) => seen === null));
    } catch {
      // The next look tries again.
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookOnce(): Promise<void> {
    if (this.#streams.size === 0) return;
    const front = await this.#source.front();
    const essence = frontEssence(front);
    for (const stream of this.#streams) this.#tell(stream, front, essence);
  }

  close(): void {
    this.#isClosed = true;
    for (const { res } of this.#streams) res.end();
    this.#stop();
  }

  #tell(stream: Stream, front: FrontPage, essence: string): void {
    if (!this.#source.mayRead(stream.req)) {
      stream.res.end();
      this.#leave(stream);
      return;
    }
    if (stream.seen === essence) return;
    stream.seen = essence;
    this.#write(stream, "front", front);
  }

  #beat(): void {
    const data = { nowMs: Date.now() };
    for (const stream of this.#streams) this.#write(stream, "beat", data);
  }

  #write({ res }: Stream, event: string, data: unknown): void {
    if (res.writableLength > UNREAD_BYTES_MAX) res.destroy();
    // JSON has no line breaks of its own, so one `data:` line is enough.
    else if (!res.writableEnded) res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #leave(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#stop();
  }

  #start(): void {
    if (this.#timers.length > 0) return;
    this.#timers = [
      setInterval(() => void this.look(), LOOK_MS).unref(),
      setInterval(() => this.#beat(), BEAT_MS).unref(),
    ];
  }

  #stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }
}
