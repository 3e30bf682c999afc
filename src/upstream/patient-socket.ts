/**
 * Connections to the service that hear its last word.
 *
 * A service that refuses an upload early answers and closes; our next write then fails while its answer still waits to be read, and Node
 * gives a socket up at the first failed write. Such a write is held back here until the reading side has come to its end (lesson T46).
 */
import { isIP, Socket } from "node:net";
import type { buildConnector } from "undici";

/** How long after a failed write the answer may still take. */
const LAST_WORD_MS = 2_000;

const TCP_KEEP_ALIVE_MS = 60_000;

type WriteCallback = (error?: Error | null) => void;

class PatientSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    super._write(chunk, encoding, this.#patient(callback));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: WriteCallback): void {
    super._writev?.(chunks, this.#patient(callback));
  }

  #patient(callback: WriteCallback): WriteCallback {
    return (error) => {
      if (!error || this.destroyed || this.readableEnded) callback(error);
      else this.#failAfterReading(error, callback);
    };
  }

  #failAfterReading(error: Error, callback: WriteCallback): void {
    const fail = (): void => {
      clearTimeout(timer);
      this.off("end", fail).off("close", fail);
      callback(error);
    };
    const timer = setTimeout(fail, LAST_WORD_MS);
    this.once("end", fail).once("close", fail);
  }
}

/**
 * Makes connections for a pool.
 * @param timeoutMs for the connection to stand.
 */
export function patientConnector(timeoutMs: number): buildConnector.connector {
  return ({ hostname, port }, callback) => {
    const socket = new PatientSocket();
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off("connect", onConnect).off("error", settle);
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    const onConnect = (): void => settle(null);
    const timer = setTimeout(() => socket.destroy(connectTimeout(timeoutMs)), timeoutMs);
    socket.once("connect", onConnect).once("error", settle);
    socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    socket.connect({ host: bareHost(hostname), port: Number(port) || 80, autoSelectFamily: true });
  };
}

/** Told apart from a connection that broke: of one that was never made the service has nothing. */
function connectTimeout(timeoutMs: number): Error {
  return Object.assign(new Error(`no connection in ${timeoutMs} ms`), { code: "UND_ERR_CONNECT_TIMEOUT" });
}

/** A host as sockets take it: an IPv6 address without its brackets. */
export function bareHost(hostname: string): string {
  const inner = hostname.replace(/^\[|\]$/g, "");
  return isIP(inner) === 6 ? inner : hostname;
}
