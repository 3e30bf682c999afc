/**
 * Everybody who sends to the routes of the check catalogue: by key, token, grant and session, good and bad, and somebody new where a check asks for
 * one.
 */
import { randomUUID } from "node:crypto";
import type { Identities, Identity } from "../src/checks/promise.ts";
import { bySecret, grant, SECRETS, token } from "./caller-tokens.ts";
import type { GateUnderTest } from "./gate-under-test.ts";

const SCOPE = "uploads:write";

/** A flow of `acceptance/flows/checked-NAME/`. */
export type CheckedFlow =
  | "key"
  | "key-raw"
  | "jwt"
  | "jwt-raw"
  | "grant"
  | "grant-raw"
  | "asked"
  | "asked-raw"
  | "public"
  | "public-raw"
  | "quota"
  | "rate";

/** Flows with shares; whoever has a key may send there. */
const SHARED: ReadonlySet<CheckedFlow> = new Set(["quota", "rate"]);

/** What a command of `sluicegate` prints. @throws where it fails */
export async function command(gate: GateUnderTest, ...args: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await gate.run(...args);
  if (exitCode !== 0) throw new Error(`sluicegate ${args.join(" ")}: ${err}`);
  return out;
}

/** A request for what it does, not for what it answers. @throws where it fails */
export async function tell(url: string, method: string): Promise<void> {
  const answer = await fetch(url, { method });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status}`);
}

const identity = (name: string, line: () => Promise<string>): Identity => ({
  name,
  lines: async () => [await line()],
});

const fixed = (name: string, line: string): Identity => identity(name, async () => line);
export const bearer = (text: string): string => `Authorization: Bearer ${text}`;

/** Everybody who sends, by the kind of caller of a flow. */
export class Callers {
  readonly #gate: GateUnderTest;
  readonly #serviceOrigin: string;
  readonly #known = new Map<string, Promise<Identities | null>>();
  readonly #revocations = new Map<Identity, () => Promise<void>>();

  constructor(gate: GateUnderTest, serviceOrigin: string) {
    this.#gate = gate;
    this.#serviceOrigin = serviceOrigin;
  }

  /** `null` where anybody may send. */
  of(flow: CheckedFlow): Promise<Identities | null> {
    const kind = SHARED.has(flow) ? "key" : (flow.split("-")[0] ?? "");
    // A grant names its flow: nobody there is known from elsewhere.
    const who = kind === "grant" ? flow : kind;
    const known = this.#known.get(who) ?? this.#make(kind, flow);
    this.#known.set(who, known);
    return known;
  }

  async #make(kind: string, flow: CheckedFlow): Promise<Identities | null> {
    if (kind === "public") return null;
    if (kind === "jwt") return tokens();
    if (kind === "grant") return grants(flow);
    if (kind === "asked") return sessions();
    return this.#keys();
  }

  async #keys(): Promise<Identities> {
    const [ann, bob, reader] = [
      await this.#key("ann", "--scope", SCOPE),
      await this.#key("bob", "--scope", SCOPE),
      await this.#key("reader", "--scope", "uploads:read"),
    ];
    const expired = await this.#key("old", "--scope", SCOPE, "--expires", "1s");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    return {
      header: "Authorization",
      main: fixed("ann", bearer(ann)),
      other: fixed("bob", bearer(bob)),
      readOnly: fixed("reader", bearer(reader)),
      expired: fixed("old", bearer(expired)),
      forged: fixed("forged", bearer(ann.replace(/.{20}$/, "0123456789abcdefghjk"))),
    };
  }

  async #key(principal: string, ...options: readonly string[]): Promise<string> {
    const key = await command(
      this.#gate,
      "key",
      "add",
      `of ${principal}`,
      "--principal",
      principal,
      ...options,
    );
    return key.trim();
  }

  /** Somebody new, where their right can be withdrawn again. */
  issue(flow: CheckedFlow): (() => Promise<Identity>) | null {
    if (flow.startsWith("key") || SHARED.has(flow)) return () => this.#newKey();
    if (flow.startsWith("asked")) return () => this.#newSession();
    return null;
  }

  async revoke(of: Identity): Promise<void> {
    await this.#revocations.get(of)?.();
  }

  async #newKey(): Promise<Identity> {
    const principal = `new-${randomUUID()}`;
    const key = await this.#key(principal, "--scope", SCOPE);
    const added = fixed(principal, bearer(key));
    // A key is sgk_ID_SECRET.
    this.#revocations.set(added, async () => {
      await command(this.#gate, "key", "revoke", key.split("_")[1] ?? "");
    });
    return added;
  }

  async #newSession(): Promise<Identity> {
    const principal = `new-${randomUUID()}`;
    const url = `${this.#serviceOrigin}/checked-sessions/${principal}`;
    await tell(`${url}?principal=${principal}`, "POST");
    const added = fixed(principal, `Cookie: session=${principal}`);
    this.#revocations.set(added, () => tell(url, "DELETE"));
    return added;
  }
}

function tokens(): Identities {
  const claims = { scope: SCOPE };
  const long = Math.floor(Date.now() / 1000) - 7200;
  const good = bySecret(SECRETS.JWT_SECRET);
  return {
    header: "Authorization",
    main: identity("ann", async () => bearer(await token("ann", good, claims))),
    other: identity("bob", async () => bearer(await token("bob", good, claims))),
    readOnly: identity("reader", async () => bearer(await token("reader", good, { scope: "uploads:read" }))),
    expired: identity("ann", async () =>
      bearer(await token("ann", good, { ...claims, iat: long, exp: long + 60 })),
    ),
    forged: identity("ann", async () => bearer(await token("ann", FOREIGN, claims))),
  };
}

/** Who signs and is not known to the gate. */
export const FOREIGN = bySecret("a secret that the gate has never heard of, long enough");

function grants(flow: CheckedFlow): Identities {
  const name = `checked-${flow}`;
  const long = Math.floor(Date.now() / 1000) - 7200;
  return {
    header: "Authorization",
    main: identity("ann", async () => bearer(await grant("ann", name))),
    other: identity("bob", async () => bearer(await grant("bob", name))),
    readOnly: null,
    expired: identity("ann", async () => bearer(await grant("ann", name, { iat: long, exp: long + 60 }))),
    forged: identity("ann", async () => bearer(await grant("ann", name, {}, FOREIGN))),
  };
}

function sessions(): Identities {
  const session = (name: string): Identity => fixed(name, `Cookie: session=${name}`);
  return {
    header: "Cookie",
    main: session("of-ann"),
    other: session("of-bob"),
    readOnly: session("of-a-reader"),
    expired: session("of-long-ago"),
    forged: session("of-ann0"),
  };
}
