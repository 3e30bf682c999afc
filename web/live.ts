/**
 * The stream of what changes, by server-sent events: opened again when it ends, with growing waits; silence counts as an end.
 *
 * Out: the front page's data whenever it comes, and the state of the connection: `live`, or `lost` since when.
 */
import type { FrontPage } from "../contract/console-api.ts";

export type LiveState =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "lost"; readonly sinceMs: number };

export interface LiveListener {
  onFront(front: FrontPage): void;
  onState(state: LiveState): void;
}

/** The gate sends a `beat` every 15 s: two missed ones and a bit. */
const SILENCE_MS_MAX = 35_000;
const WAIT_MS_MAX = 15_000;

/** Opens the stream, and keeps it open until `close`. Times given to `onState` are by the reader's own clock. */
export function startLive(listener: LiveListener): { close(): void; retryNow(): void } {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let lostSinceMs: number | null = null;
  let isLive = false;

  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(lose, SILENCE_MS_MAX);
    failures = 0;
    lostSinceMs = null;
    if (isLive) return;
    isLive = true;
    listener.onState({ state: "live" });
  };

  const lose = (): void => {
    source?.close();
    source = null;
    isLive = false;
    lostSinceMs ??= Date.now();
    listener.onState({ state: "lost", sinceMs: lostSinceMs });
    clearTimeout(timer);
    timer = setTimeout(open, Math.min(WAIT_MS_MAX, 1_000 * 2 ** failures++));
  };

  const open = (): void => {
    clearTimeout(timer);
    source?.close();
    source = new EventSource("/api/console/events");
    source.addEventListener("error", lose);
    source.addEventListener("open", heard);
    source.addEventListener("beat", heard);
    source.addEventListener("front", (event) => {
      heard();
      listener.onFront(JSON.parse((event as MessageEvent<string>).data) as FrontPage);
    });
    timer = setTimeout(lose, SILENCE_MS_MAX);
  };

  listener.onState({ state: "connecting" });
  open();
  return {
    close: () => {
      clearTimeout(timer);
      source?.close();
    },
    retryNow: () => {
      if (lostSinceMs !== null) open();
    },
  };
}
