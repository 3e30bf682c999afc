/**
 * Closing a connection whose client is still sending: half-close, let the rest drain for a moment, then let go (lesson T46).
 *
 * Closing at once with unread bytes makes the kernel send a reset, and the client never sees the answer that tells it why.
 */
import type { Socket } from "node:net";

const DRAIN_MS_MAX = 2000;
const DRAIN_BYTES_MAX = 4 * 1024 * 1024;

/** Makes every later close of this connection by the HTTP server a lingering one. */
export function lingerOnClose(socket: Socket): void {
  // The HTTP server calls destroySoon() once an answer with `Connection: close` is written.
  socket.destroySoon = () => closeLingering(socket);
}

function closeLingering(socket: Socket): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), DRAIN_MS_MAX);
  let drained = 0;
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > DRAIN_BYTES_MAX) socket.destroy();
  });
  socket.end();
  socket.resume();
}
