/**
 * Where the answer of the service goes: the part of a `ServerResponse` that an exchange uses, and one for an exchange without a client.
 */

/** What an exchange needs of the client's side. */
export interface AnswerSink {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  on(event: "close", listener: () => void): unknown;
  once(event: "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
  writeHead(status: number, message: string, headers: string[]): unknown;
  flushHeaders(): void;
  /** `false` where nothing more should be written before `drain`. */
  write(chunk: Buffer): boolean;
  end(): unknown;
  end(text: string, encoding: "latin1"): unknown;
  destroy(): unknown;
}

/**
 * Nobody. A request of the gate's own goes the same way as a delivery whose client has left: the service's status is waited for, and nothing
 * of the answer is passed on.
 */
export const NO_CLIENT: AnswerSink = Object.freeze({
  destroyed: true,
  writableEnded: true,
  on: () => {},
  once: () => {},
  off: () => {},
  writeHead: () => {},
  flushHeaders: () => {},
  write: () => true,
  end: () => {},
  destroy: () => {},
});
