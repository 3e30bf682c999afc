/**
 * Puts the kinds of callers together, as far as the settings say what each needs.
 */
import type { Records } from "../../records/records.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Log } from "../../signals/log.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Callers } from "../caller.ts";
import { openKeySource } from "../key-sets/key-source.ts";
import { mintedTokenKeys } from "../minted-token.ts";
import { apiKeyCaller } from "./api-key.ts";
import { grantCaller } from "./grant.ts";
import { jwtCaller } from "./jwt.ts";
import { publicCaller } from "./public.ts";
import type { ApiKeyRecords } from "./recent-api-keys.ts";
import { upstreamCaller } from "./upstream.ts";

export interface CallersInit {
  readonly settings: Pick<Settings, "callers" | "receipts">;
  readonly records: ApiKeyRecords & Pick<Records, "isGrantUsed">;
  /** By the names that flows use. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly log?: Pick<Log, "warn">;
}

/**
 * Makes the check of each kind; `null` for a kind that the settings do not describe. Nothing is read or fetched before the first request;
 * `close` breaks off fetches of keys that are under way.
 * @throws SETTINGS_INVALID
 */
export function openCallers({ settings, records, upstreams, log }: CallersInit): Callers & { close(): void } {
  const { jwt, grant } = settings.callers;
  const options = log === undefined ? {} : { log };
  const tokenKeys = jwt === null ? null : openKeySource(jwt.keys, options);
  const grantKeys = grant === null ? null : mintedTokenKeys(grant, options);
  return {
    public: publicCaller(),
    "api-key": apiKeyCaller(records),
    jwt: jwt === null || tokenKeys === null ? null : jwtCaller(jwt, tokenKeys),
    grant: grantCaller(grant, { audience: settings.receipts.issuer, records }),
    upstream: upstreamCaller(upstreams),
    close: () => {
      tokenKeys?.close();
      grantKeys?.close();
    },
  };
}
