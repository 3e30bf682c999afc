/**
 * Who there is to send as to a gate of one's own, by the kind of caller that the flow asks for.
 *
 * Always holds: every principal is named after the run, `flowcheck-RUN-main`, so that its uploads are known among others.
 */
import type { Flow } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import type { GrantWish, Hooks } from "../hooks.ts";
import type { Identities, Identity } from "../promise.ts";
import type { KeptSecrets } from "./kept-secrets.ts";
import { requiredClaims, TokenMint, type TokenWish } from "./mint-tokens.ts";
import { RunKeys } from "./run-keys.ts";

/** Everybody of a run; `identities` is `null` where anybody may send, or only somebody else can tell who may. */
export interface GateCallers {
  readonly identities: (Omit<Identities, "forged"> & { readonly forged: Identity | null }) | null;
  readonly hooks: Pick<Hooks, "issue" | "revoke" | "mintGrant">;
  /** Whether a principal is one of the run's own. */
  readonly isOwn: (principal: string) => boolean;
  readonly close: () => Promise<void>;
}

export interface GateCallersInput {
  readonly flow: Flow;
  readonly settings: Settings;
  readonly runId: string;
  readonly secrets: KeptSecrets;
  /** Credentials are given by somebody else: none are made. */
  readonly areGiven: boolean;
}

/** @throws RECORDS_UNAVAILABLE where keys cannot be made */
export async function openGateCallers(input: GateCallersInput): Promise<GateCallers> {
  const prefix = `flowcheck-${input.runId}-`;
  const nobody: GateCallers = {
    identities: null,
    hooks: {},
    isOwn: (principal) => principal.startsWith(prefix),
    close: async () => {},
  };
  const { caller } = input.flow.permissions;
  if (caller === "grant") return { ...nobody, ...grantCallers(input, prefix) };
  if (input.areGiven) return nobody;
  if (caller === "api-key") return { ...nobody, ...(await keyCallers(input, prefix)) };
  if (caller === "jwt") return { ...nobody, identities: tokenCallers(input, prefix) };
  return nobody;
}

async function keyCallers({ flow, settings, secrets }: GateCallersInput, prefix: string) {
  const keys = new RunKeys(settings.records.path, flow, secrets);
  const hasScope = flow.permissions.require.has("scope");
  const [main, other, readOnly, expired] = await keys.make({
    [`${prefix}main`]: {},
    [`${prefix}other`]: {},
    [`${prefix}read-only`]: hasScope ? { scopes: [] } : { flows: ["flowcheck-elsewhere"] },
    [`${prefix}expired`]: { isExpired: true },
  });
  let count = 0;
  const issue = async (): Promise<Identity> => {
    count += 1;
    const [issued] = await keys.make({ [`${prefix}new-${count}`]: {} });
    if (issued === undefined) throw new Error("no key was made");
    return issued;
  };
  const identities =
    main === undefined
      ? null
      : {
          header: "Authorization",
          main,
          other: other ?? null,
          readOnly: readOnly ?? null,
          expired: expired ?? null,
          forged: null,
        };
  return {
    identities,
    hooks: { issue, revoke: (identity: Identity) => keys.revoke(identity) },
    close: () => keys.close(),
  };
}

function tokenCallers(
  { flow, settings, secrets }: GateCallersInput,
  prefix: string,
): GateCallers["identities"] {
  const { jwt } = settings.callers;
  const secret = jwt?.keys.secret ?? null;
  if (jwt === null || secret === null) return null;
  const mint = new TokenMint(secrets);
  const claims = requiredClaims(flow);
  const holder = (name: string, wish: TokenWish = {}, has = claims) =>
    bearer(`${prefix}${name}`, () => mint.token(jwt, secret, `${prefix}${name}`, has, wish));
  return {
    header: "Authorization",
    main: holder("main"),
    other: holder("other"),
    readOnly: flow.permissions.require.size === 0 ? null : holder("read-only", {}, {}),
    expired: holder("main", { isExpired: true }),
    forged: holder("main", { isForeign: true }),
  };
}

function grantCallers(
  { flow, settings, secrets, areGiven }: GateCallersInput,
  prefix: string,
): Pick<GateCallers, "identities" | "hooks"> {
  const { grant } = settings.callers;
  const secret = grant?.keys.secret ?? null;
  if (grant === null || secret === null) return { identities: null, hooks: {} };
  const mint = new TokenMint(secrets);
  const about = (name: string) => ({
    gate: settings.receipts.issuer,
    flow: flow.name,
    principal: `${prefix}${name}`,
  });
  const holder = (name: string, wish: GrantWish = {}) =>
    bearer(`${prefix}${name}`, () => mint.grant(grant, secret, about(name), wish));
  const mintGrant = async (wish: GrantWish): Promise<readonly string[]> => [
    `Authorization: Bearer ${await mint.grant(grant, secret, about("main"), wish)}`,
  ];
  const identities = {
    header: "Authorization",
    main: holder("main"),
    other: holder("other"),
    readOnly: null,
    expired: holder("main", { isExpired: true }),
    forged: holder("main", { isForeign: true }),
  };
  return { identities: areGiven ? null : identities, hooks: { mintGrant } };
}

function bearer(name: string, token: () => Promise<string>): Identity {
  return { name, lines: async () => [`Authorization: Bearer ${await token()}`] };
}
