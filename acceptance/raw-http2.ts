/**
 * HTTP/2 frame by frame, for what no library's client would send. Headers go as literals without Huffman coding or an index (RFC 7541 section
 * 6.2.2).
 */
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export class RawHttp2 {
  readonly socket: TLSSocket;
  readonly frames: Frame[] = [];
  isClosed = false;
  #rest = Buffer.alloc(0);

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => this.#read(bytes)).on("error", () => {});
    socket.once("close", () => {
      this.isClosed = true;
    });
  }

  /** Connects, sends the preface and empty settings, and acknowledges the other side's. */
  static async open(origin: string, ca: string): Promise<RawHttp2> {
    const { hostname: host, port } = new URL(origin);
    const socket = connect({ host, port: Number(port), ca, servername: "localhost", ALPNProtocols: ["h2"] });
    await once(socket, "secureConnect");
    const http2 = new RawHttp2(socket);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    http2.send(FRAME.settings, 0, 0);
    // Only what we have acknowledged counts, the width of the windows too.
    await http2.until(({ type, flags }) => type === FRAME.settings && flags === 0);
    http2.send(FRAME.settings, FLAG.ack, 0);
    return http2;
  }

  send(type: number, flags: number, streamId: number, payload: Uint8Array = new Uint8Array()): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(streamId, 5);
    if (this.socket.writable) this.socket.write(Buffer.concat([head, payload]));
  }

  headers(streamId: number, headers: readonly (readonly [string, string])[], endStream: boolean): void {
    this.send(
      FRAME.headers,
      FLAG.endHeaders | (endStream ? FLAG.endStream : 0),
      streamId,
      headerBlock(headers),
    );
  }

  reset(streamId: number, code: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    this.send(FRAME.rstStream, 0, streamId, payload);
  }

  /** Waits until a frame has come, or the connection is gone. @throws after 10 seconds */
  async until(isIt: (frame: Frame) => boolean): Promise<Frame | null> {
    const givesUpAt = performance.now() + 10_000;
    for (;;) {
      const found = this.frames.find(isIt);
      if (found !== undefined) return found;
      if (this.isClosed) return null;
      if (performance.now() > givesUpAt) throw new Error("no such frame within 10 s");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    let rest = Buffer.concat([this.#rest, bytes]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3);
      this.frames.push({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        streamId: rest.readUInt32BE(5),
        payload: Buffer.from(rest.subarray(9, 9 + length)),
      });
      rest = rest.subarray(9 + length);
    }
    this.#rest = Buffer.from(rest);
  }
}

/** The head of a request to a path. */
export function requestHeaders(
  method: string,
  path: string,
  ...more: readonly (readonly [string, string])[]
): (readonly [string, string])[] {
  return [[":method", method], [":scheme", "https"], [":path", path], [":authority", "localhost"], ...more];
}

export function headerBlock(headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

/** A string literal; lengths from 127 on are continued (RFC 7541 section 5.1). */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let left = bytes.length - 127;
    for (; left >= 128; left = Math.floor(left / 128)) length.push((left % 128) + 128);
    length.push(left);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
