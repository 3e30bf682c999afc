/**
 * `caller: grant`: a short-lived permission for one upload, which the service has minted and signed.
 *
 * In: the bearer token of a request. Out: who sends, what they may send at most, and the use that is recorded with the upload's release.
 * Always holds: a grant opens the one flow that it names; it is good for one upload that is released, whatever runs in parallel, because its use is
 * recorded in the same transaction as the release; one that is not used up by a refused or broken upload can be used again until it expires.
 * Not here: holding the upload to the narrowing, and recording the use.
 */
import type { Flow } from "../../flows/flow.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { Records } from "../../records/records.ts";
import type { GrantSettings } from "../../settings/settings.ts";
import type { Admission, CallerCheck, CallerRequest, Narrowing } from "../caller.ts";
import type { KeySource } from "../key-sets/key-source.ts";
import { type MintedClaims, mintedTokenKeys, verifyMintedToken } from "../minted-token.ts";
import { isPrincipalName, PRINCIPAL_EXPECTED } from "../principal-name.ts";
import { NARROWING_NAMES, readNarrowing } from "../read-narrowing.ts";
import { credentialsInvalid, readBearer } from "./credentials.ts";

/** Header `typ` of a grant. */
export const GRANT_TYPE = "sluicegate-grant+jwt";

const CLAIM_NAMES: ReadonlySet<string> = new Set(["jti", "flow", ...NARROWING_NAMES]);

/** Long enough that two minters never meet by chance; printable, since it stands in records. */
const GRANT_ID = /^[\x21-\x7e]{16,200}$/;

/**
 * For so long after its expiry a grant's use is remembered. An upload that began in time may take longer than the grant lives, and must not find
 * the use of its twin forgotten; one that takes longer than this is refused at its end.
 */
const USE_KEPT_MS = 7 * 86_400_000;

/** Between the last look at a grant and the record of its use. */
const RELEASE_MARGIN_MS = 60_000;

export interface GrantCallerOptions {
  /** The gate's issuer: `receipts.issuer` of the settings. */
  readonly audience: string;
  readonly records: Pick<Records, "isGrantUsed">;
  /** Default: those of the settings, which download links use as well. */
  readonly keys?: KeySource;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
}

/** A grant that holds, for any flow. */
interface Grant {
  readonly id: string;
  readonly keyId: string;
  readonly flow: string;
  readonly principal: string;
  readonly narrowing: Narrowing | null;
  readonly expiresAtMs: number;
}

interface GrantChecker extends Required<GrantCallerOptions> {
  readonly settings: GrantSettings;
}

/** Makes the check of grants; `null` where the settings do not say whose they are. */
export function grantCaller(settings: GrantSettings | null, options: GrantCallerOptions): CallerCheck | null {
  if (settings === null) return null;
  // Keys that no settings may name are told of here, and not with the first grant.
  const keys = options.keys ?? mintedTokenKeys(settings);
  const checker: GrantChecker = { clock: Date.now, ...options, settings, keys };
  return {
    admit: (flow, request) => admit(checker, flow, request),
    identify: async (flow, request) => (await readGrant(checker, flow, request)).principal,
  };
}

async function admit(checker: GrantChecker, flow: Flow, request: CallerRequest): Promise<Admission> {
  const grant = await readGrant(checker, flow, request);
  // Where retries are known by a key, a used grant may come with one: whether this is such a retry is known when the content is, and the
  // release, which records the use, refuses anything else.
  const isJudgedLater = flow.retry.idempotencyKey !== "off";
  if (!isJudgedLater) await refuseUsed(checker, grant);
  const use = { id: grant.id, expiresAtMs: grant.expiresAtMs + USE_KEPT_MS };
  return {
    principal: grant.principal,
    narrowing: grant.narrowing,
    grant: use,
    consumedHeaders: ["authorization"],
    confirm: async () => {
      if (checker.clock() > use.expiresAtMs - RELEASE_MARGIN_MS) throw revoked("The grant expired long ago.");
      await refuseRetiredKey(checker, grant);
      if (!isJudgedLater) await refuseUsed(checker, grant);
    },
  };
}

/** @throws the codes of `readBearer`, CREDENTIALS_INVALID, GRANT_MISMATCH, PERMISSION_UNAVAILABLE */
async function readGrant(checker: GrantChecker, flow: Flow, request: CallerRequest): Promise<Grant> {
  const { settings, keys, audience } = checker;
  const rules = {
    typ: GRANT_TYPE,
    claimNames: CLAIM_NAMES,
    settings,
    keys,
    audience,
    nowMs: checker.clock(),
  };
  const token = await verifyMintedToken(readBearer(flow, request).text, rules);
  if (!token.ok) throw credentialsInvalid(flow, `The grant is not valid. ${token.why}`);
  const grant = grantOf(flow, token);
  request.recognised?.(grant.principal);
  if (grant.flow !== flow.name) {
    throw new GateError("GRANT_MISMATCH", {
      message: "The grant is for another flow.",
      expected: quoteSeen(flow.name),
      seen: quoteSeen(grant.flow),
    });
  }
  return grant;
}

/** The claims of grants only. */
function grantOf(flow: Flow, { keyId, claims, subject, expiresAtMs }: MintedClaims): Grant {
  const { jti, flow: named } = claims;
  if (typeof jti !== "string" || !GRANT_ID.test(jti))
    throw badClaim(flow, "jti", "a text of 16 to 200 printable ASCII characters, new for each grant");
  if (typeof named !== "string") throw badClaim(flow, "flow", "the name of a flow");
  if (!isPrincipalName(subject)) throw badClaim(flow, "sub", PRINCIPAL_EXPECTED);
  const reading = readNarrowing(claims);
  if (!reading.ok) throw badClaim(flow, reading.name, reading.expected);
  return { id: jti, keyId, flow: named, principal: subject, narrowing: reading.narrowing, expiresAtMs };
}

const badClaim = (flow: Flow, claim: string, expected: string): GateError =>
  credentialsInvalid(flow, `The grant is not valid. Its claim ${claim} is missing or malformed.`, {
    expected,
  });

async function refuseUsed({ records }: GrantChecker, { id }: Grant): Promise<void> {
  if (await records.isGrantUsed(id)) throw new GateError("GRANT_USED");
}

/** A key that was taken away takes its grants with it. */
async function refuseRetiredKey({ keys }: GrantChecker, { keyId }: Grant): Promise<void> {
  if (!(await keys.holds(keyId)))
    throw revoked("The key that the grant was signed with is no longer in force.");
}

const revoked = (message: string): GateError => new GateError("PERMISSION_REVOKED", { message });
