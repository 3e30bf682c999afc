/**
 * Who is connected, and who may still come in.
 *
 * In: accepted sockets, and which of them have a request at work. Out: for each new one whether it is served, told that there is no room, or
 * dropped. Always: at most `connectionsMax` are served and `TOLD_MAX` more are being told; where there is no room, the connection that has been
 * idle the longest makes some; and no single address takes the last tenth of all places, whatever it does.
 * Not here: what is said on a connection, and the time limits of a request.
 */
import type { ServerResponse } from "node:http";
import { isIPv6, type Socket } from "node:net";

/** Connections beyond the limit that may be open at once only to be told so. */
const TOLD_MAX = 64;
/** A connection that has just become idle may have its next request on the way already. */
const IDLE_BEFORE_EVICTION_MS = 1000;
/** The last part of all places is for addresses that have less than that part. */
const RESERVED_PART = 10;

/** What became of a connection that found no room, or had to make some. */
export type TurnedAway = "told" | "dropped" | "evicted";

export interface ConnectionsOptions {
  readonly connectionsMax: number;
  /** Proxies stand for many clients, so no address of theirs is bounded. */
  readonly isTrustedProxy: (address: string) => boolean;
  readonly onCount: (open: number) => void;
  readonly onTurnedAway: (how: TurnedAway) => void;
}

/** One accepted connection of a client. */
export class ClientConnection {
  /** As it was accepted; under TLS it carries the encrypted bytes. */
  readonly raw: Socket;
  /** Whether it was accepted only to be told that there is no room. */
  readonly isTurnedAway: boolean;
  /** The clients that count as one. */
  readonly client: string;
  /** Closes it politely; what is being answered may finish. */
  leave: () => void;
  /** Answers to the requests at work. */
  readonly answers = new Set<ServerResponse>();
  hasAsked = false;
  isHttp2 = false;
  /** A WebSocket: it ends when one of its sides does. */
  isJoined = false;
  idleSinceMs = performance.now();

  constructor(raw: Socket, client: string, isTurnedAway: boolean) {
    this.raw = raw;
    this.client = client;
    this.isTurnedAway = isTurnedAway;
    this.leave = () => raw.destroy();
  }
}

export class ClientConnections {
  readonly #options: ConnectionsOptions;
  readonly #bySocket = new WeakMap<Socket, ClientConnection>();
  readonly #byEnds = new Map<string, ClientConnection>();
  readonly #served = new Set<ClientConnection>();
  readonly #told = new Set<ClientConnection>();
  /** The longest idle first. */
  readonly #idle = new Set<ClientConnection>();
  readonly #perClient = new Map<string, number>();
  #requests = 0;
  #whenQuiet: (() => void)[] = [];

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Takes a new connection in; `null` where it was dropped. */
  admit(raw: Socket): ClientConnection | null {
    const client = clientOf(raw.remoteAddress ?? "unknown");
    if (this.#findRoom(client, raw)) return this.#open(raw, client);
    if (this.#told.size < TOLD_MAX) return this.#turnAway(raw, client);
    this.#options.onTurnedAway("dropped");
    raw.destroy();
    return null;
  }

  /** The connection of a socket that HTTP is spoken over; under TLS another object than the one that was admitted. */
  find(socket: Socket): ClientConnection | undefined {
    const known = this.#bySocket.get(socket) ?? this.#byEnds.get(endsOf(socket));
    if (known !== undefined) this.#bySocket.set(socket, known);
    return known;
  }

  /** A request of this connection is at work until the result is called. */
  begin(connection: ClientConnection, answer: ServerResponse): () => void {
    connection.answers.add(answer);
    connection.hasAsked = true;
    this.#requests += 1;
    this.#idle.delete(connection);
    return () => {
      if (!connection.answers.delete(answer)) return;
      this.#requests -= 1;
      this.#becomeIdle(connection);
      if (this.#requests === 0) for (const resolve of this.#whenQuiet.splice(0)) resolve();
    };
  }

  /** The connection is a WebSocket from now on. */
  join(connection: ClientConnection): void {
    connection.isJoined = true;
    this.#idle.delete(connection);
  }

  /** Resolves when no request is at work; WebSockets are none. */
  quiet(): Promise<void> {
    return this.#requests === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenQuiet.push(resolve));
  }

  get open(): readonly ClientConnection[] {
    return [...this.#served, ...this.#told];
  }

  /** Served connections without a request, the longest idle first. */
  get idle(): readonly ClientConnection[] {
    return [...this.#idle];
  }

  #open(raw: Socket, client: string): ClientConnection {
    const connection = new ClientConnection(raw, client, false);
    this.#served.add(connection);
    this.#perClient.set(client, (this.#perClient.get(client) ?? 0) + 1);
    this.#options.onCount(this.#served.size);
    this.#keep(connection, () => this.#remove(connection));
    this.#becomeIdle(connection);
    return connection;
  }

  #turnAway(raw: Socket, client: string): ClientConnection {
    const connection = new ClientConnection(raw, client, true);
    this.#options.onTurnedAway("told");
    this.#told.add(connection);
    this.#keep(connection, () => this.#told.delete(connection));
    return connection;
  }

  #keep(connection: ClientConnection, onClose: () => void): void {
    const { raw } = connection;
    const ends = endsOf(raw);
    this.#bySocket.set(raw, connection);
    this.#byEnds.set(ends, connection);
    raw.once("close", () => {
      this.#byEnds.delete(ends);
      onClose();
    });
  }

  #remove(connection: ClientConnection): void {
    if (!this.#served.delete(connection)) return;
    this.#idle.delete(connection);
    const left = (this.#perClient.get(connection.client) ?? 1) - 1;
    if (left > 0) this.#perClient.set(connection.client, left);
    else this.#perClient.delete(connection.client);
    this.#options.onCount(this.#served.size);
  }

  #becomeIdle(connection: ClientConnection): void {
    if (connection.answers.size > 0 || connection.isJoined || !this.#served.has(connection)) return;
    connection.idleSinceMs = performance.now();
    this.#idle.delete(connection);
    this.#idle.add(connection);
  }

  /** Who has taken the share of one address already makes room for himself only. */
  #findRoom(client: string, raw: Socket): boolean {
    if (this.#isOverShare(client, raw)) return this.#evictIdle(client);
    return this.#served.size < this.#options.connectionsMax || this.#evictIdle(null);
  }

  /** Closes the connection that has been idle the longest; of one client only where `client` is given. */
  #evictIdle(client: string | null): boolean {
    const longest = this.#longestIdle(client);
    if (longest === null || performance.now() - longest.idleSinceMs < IDLE_BEFORE_EVICTION_MS) return false;
    this.#options.onTurnedAway("evicted");
    // It gives its place up now; its socket is gone a moment later.
    this.#remove(longest);
    longest.leave();
    return true;
  }

  #longestIdle(client: string | null): ClientConnection | null {
    for (const connection of this.#idle)
      if (client === null || connection.client === client) return connection;
    return null;
  }

  #isOverShare(client: string, raw: Socket): boolean {
    const reserved = Math.floor(this.#options.connectionsMax / RESERVED_PART);
    const isInReserve = this.#served.size >= this.#options.connectionsMax - reserved;
    const has = this.#perClient.get(client) ?? 0;
    return (
      reserved > 0 && isInReserve && has >= reserved && !this.#options.isTrustedProxy(raw.remoteAddress ?? "")
    );
  }
}

/** One IPv6 subscriber has a whole /64 of addresses. @see RFC 6177 section 2 */
function clientOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [left = "", right = ""] = address.split("%", 1)[0]?.split("::") ?? [];
  const head = left === "" ? [] : left.split(":");
  const tail = right === "" ? [] : right.split(":");
  const zeros = address.includes("::")
    ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0")
    : [];
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}

/** Names an open connection by its two ends. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
