/**
 * Who may read the console and who may change something by it.
 *
 * - Reading: on this machine, directly, by a loopback name; else by a session or with the operator's token as a bearer.
 * - Changing: by a session with its CSRF token, from the page's own origin; or with the operator's token as a bearer, which no browser adds by itself.
 */
import type { IncomingMessage } from "node:http";
import { GateError } from "../../problems/gate-error.ts";
import { isSameToken } from "../../settings/operator-access.ts";
import type { Session } from "../console-api.ts";
import { isLoopbackRequest } from "./loopback-request.ts";
import { readSessionId } from "./session-cookie.ts";
import { type OpenSession, Sessions } from "./sessions.ts";
import { TokenTries } from "./token-tries.ts";

const HOW_TO_GET_TOKEN =
  "On the gate's machine run `sluicegate console`: it prints a link that signs you in, and says in which file the token is.";

/** Who makes a change, as the audit names them. */
export type Person = "console session" | "operator token";

export class ConsoleAccess {
  readonly #token: string;
  readonly #sessions = new Sessions();
  readonly #tries = new TokenTries();

  constructor(token: string) {
    this.#token = token;
  }

  mayRead(req: IncomingMessage, nowMs: number): boolean {
    return isLoopbackRequest(req) || this.#session(req, nowMs) !== null || this.#hasBearer(req);
  }

  /** @throws CONSOLE_SIGN_IN_NEEDED */
  requireReading(req: IncomingMessage, nowMs: number): void {
    if (!this.mayRead(req, nowMs)) throw signInNeeded();
  }

  /** @throws CONSOLE_SIGN_IN_NEEDED, CONSOLE_FORGERY_SUSPECTED */
  requireChanging(req: IncomingMessage, nowMs: number): Person {
    if (req.headers.authorization !== undefined) {
      if (this.#hasBearer(req)) return "operator token";
      throw new GateError("OPERATOR_TOKEN_INVALID");
    }
    const session = this.#session(req, nowMs);
    if (session === null) throw signInNeeded();
    requireOwnOrigin(req);
    const given = req.headers["x-sluicegate-csrf"];
    if (typeof given !== "string" || !isSameToken(given, session.csrf))
      throw new GateError("CONSOLE_FORGERY_SUSPECTED", {
        expected: "the session's token in the header X-Sluicegate-Csrf",
        seen: given === undefined ? "no such header" : "another token",
      });
    return "console session";
  }

  describe(req: IncomingMessage, nowMs: number): Session {
    const session = this.#session(req, nowMs);
    return {
      mayRead: this.mayRead(req, nowMs),
      mayChange: session !== null,
      csrf: session?.csrf ?? null,
      howToGetToken: HOW_TO_GET_TOKEN,
    };
  }

  /**
   * Opens a session for whoever has the token.
   * @throws OPERATOR_TOKEN_INVALID, CONSOLE_TRIES_EXCEEDED, CONSOLE_FORGERY_SUSPECTED
   */
  signIn(
    req: IncomingMessage,
    token: string,
    nowMs: number,
  ): { readonly id: string; readonly told: Session } {
    requireOwnOrigin(req);
    this.#requireToken(req, token, nowMs);
    return this.#open(nowMs);
  }

  /** Opens a session by a link's code. @throws CONSOLE_LINK_USED */
  signInByCode(code: string, nowMs: number): { readonly id: string } {
    if (!this.#sessions.useCode(code, nowMs)) throw new GateError("CONSOLE_LINK_USED");
    return this.#open(nowMs);
  }

  /** A code for a link. @throws OPERATOR_TOKEN_INVALID: only whoever has the token may make one */
  makeCode(req: IncomingMessage, nowMs: number): string {
    if (!this.#hasBearer(req)) throw new GateError("OPERATOR_TOKEN_INVALID");
    return this.#sessions.makeCode(nowMs);
  }

  /** @throws CONSOLE_FORGERY_SUSPECTED */
  signOut(req: IncomingMessage): void {
    requireOwnOrigin(req);
    this.#sessions.end(readSessionId(req));
  }

  #open(nowMs: number): { readonly id: string; readonly told: Session } {
    const { id, session } = this.#sessions.open(nowMs);
    return {
      id,
      told: { mayRead: true, mayChange: true, csrf: session.csrf, howToGetToken: HOW_TO_GET_TOKEN },
    };
  }

  #session(req: IncomingMessage, nowMs: number): OpenSession | null {
    return this.#sessions.find(readSessionId(req), nowMs);
  }

  /**
   * Not limited as tries on the page are: commands on the gate's machine come by it, and whoever else is there must not be able to lock them out. The token has
   * 192 random bits.
   */
  #hasBearer({ headers }: IncomingMessage): boolean {
    const given = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
    return given !== undefined && isSameToken(given, this.#token);
  }

  /** @throws CONSOLE_TRIES_EXCEEDED, also for the right token: else what is limited would not be the guessing */
  #requireToken({ socket }: IncomingMessage, given: string, nowMs: number): void {
    const address = socket.remoteAddress ?? "unknown";
    const retryAfterSeconds = this.#tries.waitSeconds(address, nowMs);
    if (retryAfterSeconds > 0) throw new GateError("CONSOLE_TRIES_EXCEEDED", { retryAfterSeconds });
    if (isSameToken(given, this.#token)) {
      this.#tries.right(address);
      return;
    }
    this.#tries.wrong(address, nowMs);
    throw new GateError("OPERATOR_TOKEN_INVALID", {
      expected: "the token as it stands in the gate's operator.json; `sluicegate console` names the file",
    });
  }
}

const signInNeeded = (): GateError => new GateError("CONSOLE_SIGN_IN_NEEDED", { expected: HOW_TO_GET_TOKEN });

/** Browsers say with each change where its page is from. @see RFC 6454 section 7; Fetch Metadata `Sec-Fetch-Site` */
function requireOwnOrigin({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isForeign = origin !== undefined && originHost(origin) !== host?.toLowerCase();
  if (!isForeign && (site === undefined || site === "same-origin" || site === "none")) return;
  throw new GateError("CONSOLE_FORGERY_SUSPECTED", {
    expected: "a request of the console's own page",
    seen: isForeign ? "an Origin that is not the Host that was asked" : "a request of another site",
  });
}

const originHost = (origin: string): string | null =>
  /^https?:\/\//.test(origin) ? (URL.parse(origin)?.host ?? null) : null;
