/**
 * A connection to an origin, over TCP or TLS: an origin in, a socket out that is ready to be written to.
 *
 * Always holds: TLS is verified unless somebody said otherwise, and speaks HTTP/1.1 alone; what fails keeps the code of the system or of
 * TLS (`ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT`, `CERT_HAS_EXPIRED`), so that it can be explained. It tries once.
 */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What is trusted beside the system's authorities. */
export interface TlsTrust {
  /** Certificates in PEM form. */
  readonly ca?: string;
  /** Any certificate will do: only for a target of one's own. */
  readonly isUnverified?: boolean;
}

interface OpenOptions {
  readonly withinMs: number;
  readonly trust?: TlsTrust;
  readonly signal?: AbortSignal;
}

export interface OpenConnection {
  readonly socket: Socket;
  /** Breaks it off with RST, whatever is spoken on it. */
  readonly reset: () => void;
}

/** @throws an error with a `code` where no connection can be made in time */
export async function openConnection(url: URL, options: OpenOptions): Promise<OpenConnection> {
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const raw = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const socket = isTls ? secured(raw, host, options.trust ?? {}) : raw;
  await ready(raw, socket, isTls ? "secureConnect" : "connect", { url, ...options });
  return { socket, reset: () => raw.resetAndDestroy() };
}

/** @see RFC 6066 section 3: the name in the handshake is never an address */
function secured(socket: Socket, host: string, { ca, isUnverified = false }: TlsTrust): Socket {
  return connectTls({
    socket,
    host,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: !isUnverified,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  });
}

function ready(
  raw: Socket,
  socket: Socket,
  event: "connect" | "secureConnect",
  { url, withinMs, signal }: OpenOptions & { readonly url: URL },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(coded("ETIMEDOUT", `no connection to ${url.host} in time`)), withinMs);
  const aborted = (): void => reject(coded("ABORT_ERR", "the run was ended"));
  const closed = (): void => reject(coded("ECONNRESET", `${url.host} closed before the connection was made`));
  signal?.addEventListener("abort", aborted);
  if (signal?.aborted === true) aborted();
  raw.once("error", reject);
  socket.once(event, resolve).once("error", reject).once("close", closed);
  const settled = promise.catch((error: unknown) => {
    raw.on("error", () => {});
    socket.on("error", () => {});
    socket.destroy();
    raw.destroy();
    throw error;
  });
  return settled.finally(() => {
    clearTimeout(late);
    signal?.removeEventListener("abort", aborted);
    socket.off("close", closed);
    socket.off("error", reject);
    if (raw === socket) raw.off("error", reject);
  });
}

function coded(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
