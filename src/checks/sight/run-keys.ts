/**
 * API keys that are made for one run of checks in the gate's records, and end with it.
 *
 * Always holds: each opens the one flow that is checked and no other, and ends by itself within a day, whatever becomes of the run; each is audited
 * like one that a person makes.
 */
import type { Flow } from "../../flows/flow.ts";
import { newApiKey } from "../../permissions/callers/api-key-text.ts";
import type { ApiKeyRecord, AuditEntry, Records } from "../../records/records.ts";
import { openSqliteRecords } from "../../records/sqlite/open-sqlite-records.ts";
import type { Identity } from "../promise.ts";
import type { KeptSecrets } from "./kept-secrets.ts";

/** What a key is to be, where it differs from one that may upload. */
export interface KeyWish {
  readonly scopes?: readonly string[];
  readonly flows?: readonly string[];
  readonly isExpired?: boolean;
}

const DAY_MS = 86_400_000;
/** Waits out a gate that holds the write lock. */
const BUSY_TIMEOUT_MS = 10_000;

export class RunKeys {
  readonly #path: string;
  readonly #flow: Flow;
  readonly #secrets: KeptSecrets;
  readonly #made = new Map<Identity, ApiKeyRecord>();

  /** @param path of the records' database */
  constructor(path: string, flow: Flow, secrets: KeptSecrets) {
    this.#path = path;
    this.#flow = flow;
    this.#secrets = secrets;
  }

  /** Makes keys, all in one opening of the database. @throws RECORDS_UNAVAILABLE */
  async make(wishes: Readonly<Record<string, KeyWish>>): Promise<readonly Identity[]> {
    const made = Object.entries(wishes).map(([principal, wish]) => this.#describe(principal, wish));
    await this.#within(async (records) => {
      for (const { key } of made) await records.addApiKey(key, auditOf("key-added", key));
    });
    return made.map(({ identity, key }) => {
      this.#made.set(identity, key);
      return identity;
    });
  }

  #describe(principal: string, wish: KeyWish) {
    const { text, ...secret } = newApiKey();
    const nowMs = Date.now();
    const key: ApiKeyRecord = {
      ...secret,
      name: principal,
      principal,
      scopes: wish.scopes ?? this.#flow.permissions.require.get("scope") ?? [],
      flows: wish.flows ?? [this.#flow.name],
      createdAtMs: wish.isExpired === true ? nowMs - DAY_MS : nowMs,
      expiresAtMs: wish.isExpired === true ? nowMs - 1000 : nowMs + DAY_MS,
      revokedAtMs: null,
    };
    this.#secrets.add(text);
    const lines = [`Authorization: Bearer ${text}`];
    const identity: Identity = { name: principal, lines: async () => lines };
    return { key, identity };
  }

  async revoke(identity: Identity): Promise<void> {
    await this.#revoke([identity]);
  }

  /** Revokes every key that is left. */
  async close(): Promise<void> {
    if (this.#made.size > 0) await this.#revoke([...this.#made.keys()]);
  }

  async #revoke(identities: readonly Identity[]): Promise<void> {
    await this.#within(async (records) => {
      for (const identity of identities) {
        const key = this.#made.get(identity);
        if (key !== undefined) await records.revokeApiKey(key.id, Date.now(), auditOf("key-revoked", key));
        this.#made.delete(identity);
      }
    });
  }

  async #within(change: (records: Records) => Promise<void>): Promise<void> {
    const records = await openSqliteRecords({
      path: this.#path,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      checkBytesMax: 0,
    });
    try {
      await change(records);
    } finally {
      await records.close();
    }
  }
}

function auditOf(event: "key-added" | "key-revoked", key: ApiKeyRecord): AuditEntry {
  const { id, name, principal, scopes, flows, expiresAtMs } = key;
  const detail = { keyId: id, name };
  return {
    atMs: Date.now(),
    event,
    flow: null,
    policyVersion: null,
    uploadId: null,
    principal,
    requestId: null,
    rule: null,
    detail:
      event === "key-revoked"
        ? detail
        : { ...detail, scopes: scopes.join(" "), flows: flows?.join(" ") ?? null, expiresAtMs },
  };
}
