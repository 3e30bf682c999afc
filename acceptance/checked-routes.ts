/**
 * The routes that the check catalogue is run on where it takes more than one request: each kind of caller, forms and raw bodies, bytes and
 * receipts; with what their flow files promise, and what an operator of this gate can do.
 */
import type { SampleFile, Target } from "../src/checks/check.ts";
import type { Hooks } from "../src/checks/hooks.ts";
import { pngFile } from "../src/checks/payloads/image-files.ts";
import { seededBytes } from "../src/checks/payloads/seeded-bytes.ts";
import type { Identity, Promises } from "../src/checks/promise.ts";
import type { Evidence } from "../src/checks/run-check.ts";
import { bySecret, GATE, grant, SECRET_CALLERS, SECRETS } from "./caller-tokens.ts";
import { bearer, Callers, type CheckedFlow, command, FOREIGN, tell } from "./checked-callers.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const KIB = 1024;
const LOG_MS = 150;
const PAGE_ORIGIN = "https://app.example.com";

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
  await tell(`${service.origin}/checked-gate?${query}`, "POST");
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
