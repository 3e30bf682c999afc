/**
 * Closing a connection whose client is still sending: half-close, let the rest drain for a moment, then let go (lesson T46).
 *
 * Closing at once with unread bytes makes the kernel send a reset, and the client never sees the answer that tells it why.
 */
import type { Socket } from "node:net";

const DRAIN_MS_MAX = 5000;
/** The drain of a request's body keeps within less; this is for bytes that no request could be read from. */
const DRAIN_BYTES_MAX = 64 * 1024 * 1024;

const LOOK_MS = 50;

const lingering = new WeakSet<Socket>();

/** Makes every later close of this connection by the HTTP server a lingering one. */
export function lingerOnClose(socket: Socket): void {
  // The HTTP server calls destroySoon() once an answer with `Connection: close` is written.
  socket.destroySoon = () => closeLingering(socket);
}

/** Whether the connection is only kept to let its bytes drain: nothing more may be written to it. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket);
}

function closeLingering(socket: Socket): void {
  if (socket.destroyed || lingering.has(socket)) return;
  lingering.add(socket);
  const endsAt = performance.now() + DRAIN_MS_MAX;
  const bytesMax = socket.bytesRead + DRAIN_BYTES_MAX;
  const watch = setInterval(() => {
    if (socket.bytesRead > bytesMax || performance.now() > endsAt) socket.destroy();
  }, LOOK_MS);
  socket.once("close", () => clearInterval(watch));
  socket.once("end", () => socket.destroy());
  socket.end();
  startReading(socket);
}

/**
 * The bytes go on to the HTTP parser, and from there to a request that nobody listens to, or nowhere. A request that was paused has stopped
 * the connection's reading without the socket's own flow knowing of it, so that `resume` alone would do nothing.
 */
function startReading(socket: Socket): void {
  socket.pause();
  socket.resume();
}
