/**
 * The routes that the check catalogue is run on where it takes more than one request: each kind of caller, forms and raw bodies, bytes and
 * receipts; with what their flow files promise, and what an operator of this gate can do.
 */
import { randomUUID } from "node:crypto";
import type { SampleFile, Target } from "../src/checks/check.ts";
import type { Hooks } from "../src/checks/hooks.ts";
import { pngFile } from "../src/checks/payloads/image-files.ts";
import { seededBytes } from "../src/checks/payloads/seeded-bytes.ts";
import type { Identities, Identity, Promises } from "../src/checks/promise.ts";
import type { Evidence } from "../src/checks/run-check.ts";
import { bySecret, GATE, grant, SECRET_CALLERS, SECRETS, token } from "./caller-tokens.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const KIB = 1024;
const LOG_MS = 150;
const SCOPE = "uploads:write";
const PAGE_ORIGIN = "https://app.example.com";

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

const BY_RECEIPT: ReadonlySet<CheckedFlow> = new Set([
  "key-raw",
  "jwt",
  "grant-raw",
  "asked-raw",
  "public",
  "quota",
]);
const FORMS: ReadonlySet<CheckedFlow> = new Set(["key", "jwt", "grant", "asked", "public"]);

const PROMISED: Readonly<Partial<Record<CheckedFlow, Promises>>> = {
  key: { idempotencyKey: "optional", pageOrigin: PAGE_ORIGIN },
  "key-raw": { idempotencyKey: "required" },
  "jwt-raw": { idempotencyKey: "derived" },
  "asked-raw": { idempotencyKey: "optional" },
  public: { idempotencyKey: "optional" },
  "public-raw": { idempotencyKey: "optional" },
  quota: { quota: { filesMax: 4, bytesMax: 64 * KIB } },
  rate: { rate: { requestsMax: 6, everyMs: 60_000 } },
};

/** What every flow of this gate promises. */
const OF_THE_GATE: Promises = {
  id: { header: "Sluicegate-Upload" },
  state: { path: "/.sluicegate/uploads/{id}", sha256: "/files/0/sha256", size: "/files/0/sizeBytes" },
  requestIdHeader: "X-Request-Id",
  digests: ["content-digest", "repr-digest", "content-md5"],
  trustedHeaders: [
    "Sluicegate-Principal",
    "Sluicegate-Upload",
    "Sluicegate-Delivery",
    "X-Real-IP",
    "X-Remote-User",
  ],
};

/** A gate and its service with some of the flows. Both may be started again: what is asked for later is then the new one. */
export class CheckedRoutes {
  gate: GateUnderTest;
  service: ServiceUnderTest;
  readonly #options: GateOptions;
  readonly #seed: string;
  readonly #callers: Callers;

  constructor(gate: GateUnderTest, service: ServiceUnderTest, options: GateOptions, seed: string) {
    this.gate = gate;
    this.service = service;
    this.#options = options;
    this.#seed = seed;
    this.#callers = new Callers(gate, service.origin);
  }

  async targetOf(flow: CheckedFlow, promised: Promises = {}): Promise<Target> {
    const identities = await this.#callers.of(flow);
    const target = targetOf(this.service.origin, flow, this.#seed, promised);
    const gate = (): GateUnderTest => this.gate;
    return {
      ...target,
      ...(identities === null ? {} : { identities }),
      get origin() {
        return gate().origin;
      },
    };
  }

  hooksOf(flow: CheckedFlow): Hooks {
    return hooksOf(() => this.gate, this.#callers, flow);
  }

  /** What the service got, whichever one runs. */
  get evidence(): Evidence {
    return { clear: () => this.service.clear(), received: () => this.service.received() };
  }

  /** Starts the gate again that has ended, in the same folder on new ports. */
  async restartGate(): Promise<void> {
    this.gate = await restartGate(this.gate, this.#options);
    await introduce(this.service, this.gate);
  }

  /** Starts the service again that was stopped, on the same port. */
  async restartService(): Promise<void> {
    this.service = await startService(Number(new URL(this.service.origin).port));
    await introduce(this.service, this.gate);
  }

  async stop(): Promise<void> {
    await this.gate.stop();
    await this.service.stop();
  }
}

/** Starts both, and lets the service know by whom receipts are signed. */
export async function startChecked(
  flows: readonly CheckedFlow[],
  seed: string,
  options: Partial<GateOptions> = {},
): Promise<CheckedRoutes> {
  const service = await startService();
  const gateOptions: GateOptions = {
    upstream: service.origin,
    flows: flows.map((flow) => `checked-${flow}`),
    settings: SECRET_CALLERS,
    env: SECRETS,
    ...options,
  };
  const gate = await startGate(gateOptions).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  await introduce(service, gate);
  return new CheckedRoutes(gate, service, gateOptions, seed);
}

/** Tells the service by which gate receipts have to be signed. */
async function introduce(service: ServiceUnderTest, gate: GateUnderTest): Promise<void> {
  const query = new URLSearchParams({ origin: gate.origin, issuer: GATE, audience: service.origin });
  await ask(`${service.origin}/checked-gate?${query}`, "POST");
}

async function ask(url: string, method: string): Promise<void> {
  const answer = await fetch(url, { method });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status}`);
}

function targetOf(
  serviceOrigin: string,
  flow: CheckedFlow,
  seed: string,
  promised: Promises,
): Omit<Target, "origin"> {
  const isForm = FORMS.has(flow);
  const kind = BY_RECEIPT.has(flow) ? "receipt" : "forward";
  const octets: SampleFile = {
    name: "bytes.bin",
    mediaType: "application/octet-stream",
    bytes: seededBytes(seed, 3000),
  };
  const caption = { name: "caption", lengthCharsMin: 1, lengthCharsMax: 40, optional: false, countMax: 1 };
  return {
    seed,
    idleMs: null,
    headers: [],
    acceptedStatuses: [201],
    method: isForm ? "POST" : "PUT",
    path: `/checked/${kind}/${flow}${isForm ? "" : "/{name}"}`,
    protocol: isForm ? "multipart" : "raw",
    file: {
      field: isForm ? "picture" : "body",
      types: isForm ? ["image/png", "image/jpeg", "image/gif"] : "any",
      sizeBytesMax: 256 * KIB,
      countMax: 1,
      control: isForm ? pngFile() : octets,
    },
    fields: isForm ? [{ ...caption, control: "By the sea" }] : [],
    promises: {
      ...OF_THE_GATE,
      ...(kind === "receipt" ? { behindOrigin: serviceOrigin } : {}),
      ...PROMISED[flow],
      ...promised,
    },
  };
}

const identity = (name: string, line: () => Promise<string>): Identity => ({
  name,
  lines: async () => [await line()],
});

const fixed = (name: string, line: string): Identity => identity(name, async () => line);
const bearer = (text: string): string => `Authorization: Bearer ${text}`;

interface KeyListed {
  readonly id: string;
  readonly principal: string;
}

/** Everybody who sends, by the kind of caller of a flow. */
class Callers {
  readonly #gate: GateUnderTest;
  readonly #serviceOrigin: string;
  readonly #known = new Map<string, Promise<Identities | null>>();
  readonly #revocations = new Map<Identity, () => Promise<void>>();

  constructor(gate: GateUnderTest, serviceOrigin: string) {
    this.#gate = gate;
    this.#serviceOrigin = serviceOrigin;
  }

  of(flow: CheckedFlow): Promise<Identities | null> {
    const kind = flow === "quota" || flow === "rate" ? flow : (flow.split("-")[0] ?? "");
    // A grant names its flow, and shares are of a flow's own: nobody there is known from elsewhere.
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
    if (flow.startsWith("key") || flow === "quota" || flow === "rate") return () => this.#newKey();
    if (flow.startsWith("asked")) return () => this.#newSession();
    return null;
  }

  async revoke(of: Identity): Promise<void> {
    await this.#revocations.get(of)?.();
  }

  async #newKey(): Promise<Identity> {
    const principal = `new-${randomUUID()}`;
    const added = fixed(principal, bearer(await this.#key(principal, "--scope", SCOPE)));
    this.#revocations.set(added, async () => {
      const listed = JSON.parse(await command(this.#gate, "key", "list", "--json")) as KeyListed[];
      await command(this.#gate, "key", "revoke", listed.find((key) => key.principal === principal)?.id ?? "");
    });
    return added;
  }

  async #newSession(): Promise<Identity> {
    const principal = `new-${randomUUID()}`;
    const url = `${this.#serviceOrigin}/checked-sessions/${principal}`;
    await ask(`${url}?principal=${principal}`, "POST");
    const added = fixed(principal, `Cookie: session=${principal}`);
    this.#revocations.set(added, () => ask(url, "DELETE"));
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

const FOREIGN = bySecret("a secret that the gate has never heard of, long enough");

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

/** What a command of `sluicegate` prints. @throws where it fails */
async function command(gate: GateUnderTest, ...args: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await gate.run(...args);
  if (exitCode !== 0) throw new Error(`sluicegate ${args.join(" ")}: ${err}`);
  return out;
}

function hooksOf(gate: () => GateUnderTest, callers: Callers, flow: CheckedFlow): Hooks {
  const issue = callers.issue(flow);
  const name = `checked-${flow}`;
  return {
    ...(issue === null ? {} : { issue, revoke: (of: Identity) => callers.revoke(of) }),
    ...(flow.startsWith("grant") ? { mintGrant: (wish) => mintGrant(name, wish) } : {}),
    ...(BY_RECEIPT.has(flow) ? { mintLink } : {}),
    stored: async () => ({ temporary: await gate().quarantined(), kept: await gate().stored() }),
    record: async (uploadId) => JSON.parse(await command(gate(), "show", uploadId, "--json")) as unknown,
    decisions: () => command(gate(), "audit", "list", "--json", "--limit", "200"),
    log: async () => {
      // Lines are gathered for up to 100 ms before they are written.
      await new Promise((resolve) => setTimeout(resolve, LOG_MS));
      return gate().log();
    },
    readiness: async () => {
      const answer = await fetch(`${gate().operatorOrigin}/health/ready`);
      return { status: answer.status, text: await answer.text() };
    },
  };
}

const mintGrant: (name: string, wish: Parameters<NonNullable<Hooks["mintGrant"]>>[0]) => Promise<string[]> =
  async (name, wish) => {
    const long = Math.floor(Date.now() / 1000) - 7200;
    const claims = {
      ...(wish.fileBytesMax === undefined ? {} : { max_bytes: wish.fileBytesMax }),
      ...(wish.types === undefined ? {} : { types: [...wish.types] }),
      ...(wish.sha256 === undefined ? {} : { sha256: wish.sha256 }),
      ...(wish.isExpired === true ? { iat: long, exp: long + 60 } : {}),
      ...(wish.isForOtherRoute === true ? { flow: "checked-elsewhere" } : {}),
    };
    const signer = wish.isForeign === true ? FOREIGN : bySecret(SECRETS.GRANT_SECRET);
    return [bearer(await grant("ann", name, claims, signer))];
  };

/** A link as the service signs it, see `docs/grants.md`. */
const mintLink: NonNullable<Hooks["mintLink"]> = async ({ uploadId, name, isExpired, isForeign }) => {
  const iat = Math.floor(Date.now() / 1000) - (isExpired === true ? 7200 : 0);
  const signer = isForeign === true ? FOREIGN : bySecret(SECRETS.GRANT_SECRET);
  const claims = { aud: GATE, iat, exp: iat + 60, sub: uploadId, ...(name === undefined ? {} : { name }) };
  const link = await signer(claims, "sluicegate-download+jwt");
  return `/.sluicegate/files/${uploadId}?token=${link}`;
};
