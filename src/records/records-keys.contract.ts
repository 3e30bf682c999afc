/**
 * What every driver of `Records` must do with idempotency keys, grants and API keys, as tests.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import {
  assertRejects,
  movesThrough,
  type OpenedRecords,
  sampleFile,
  sampleUpload,
} from "./records.contract.ts";
import type { ApiKeyRecord, IdempotencyChange, NewUpload, Records, StoredAnswer } from "./records.ts";
import { assertWhole, sampleEntry } from "./records-audit.contract.ts";

const NOW_MS = 1_795_348_800_000;
const LATER_MS = NOW_MS + 60_000;
const FINGERPRINT = "f".repeat(64);

const ANSWER: StoredAnswer = {
  status: 201,
  headers: ["Content-Type", "application/json", "Set-Cookie", "a=1", "set-cookie", "b=2"],
  body: Buffer.from('{"id": 7, "name": "Zoë"}').toString("base64"),
};

function claim(
  scope: string,
  change: Partial<Extract<IdempotencyChange, { kind: "claim" }>> = {},
): IdempotencyChange {
  return { kind: "claim", scope, fingerprint: FINGERPRINT, expiresAtMs: LATER_MS, ...change };
}

const newScope = (): string => randomBytes(32).toString("hex");

function apiKey(change: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id: "0a1b2c3d4e5f",
    name: "Büro",
    principal: "office",
    secretSha256: "ab".repeat(32),
    scopes: ["upload", "read"],
    flows: ["avatars"],
    createdAtMs: NOW_MS,
    expiresAtMs: LATER_MS,
    revokedAtMs: null,
    ...change,
  };
}

/** Registers the suite for one driver. */
export function recordsKeysContract(name: string, open: () => Promise<OpenedRecords>): void {
  describe(`keys in records by ${name}`, () => {
    let opened: OpenedRecords;
    let records: Records;

    beforeEach(async () => {
      opened = await open();
      records = opened.records;
    });
    afterEach(() => opened.dispose());

    async function claimed(scope: string, expiresAtMs = LATER_MS): Promise<NewUpload> {
      const upload = sampleUpload({ startedAtMs: NOW_MS });
      await records.begin(upload, [], { idempotency: claim(scope, { expiresAtMs }) });
      return upload;
    }

    /** Asks ten at once; one must win, and of the others nothing may be there but their refusal. */
    async function assertOneWins(
      ask: (upload: NewUpload, index: number) => Promise<void>,
      code: ErrorCode,
    ): Promise<NewUpload> {
      const uploads = Array.from({ length: 10 }, () => sampleUpload({ startedAtMs: NOW_MS }));
      const results = await Promise.allSettled(uploads.map(ask));
      const winners = uploads.filter((_, index) => results[index]?.status === "fulfilled");
      assert.equal(winners.length, 1);
      for (const result of results) {
        if (result.status === "rejected")
          assert.ok(result.reason instanceof GateError && result.reason.code === code);
      }
      for (const upload of uploads) {
        const record = await records.get(upload.id);
        assert.equal(record?.state ?? null, winners.includes(upload) ? "released" : null);
      }
      assert.equal((await assertWhole(records)).length, 1);
      assert.deepEqual(
        (await records.usage(NOW_MS)).map(({ requests }) => requests),
        [1],
      );
      const [winner] = winners;
      assert.ok(winner !== undefined);
      return winner;
    }

    const usage = [
      { share: "s", subject: "p", slotMs: 0, requests: 1, files: 1, bytes: 5, expiresAtMs: LATER_MS },
    ] as const;

    test("lets one of ten uploads have a key that all ask for at once, and keeps nothing of the others", async () => {
      const scope = newScope();
      const winner = await assertOneWins(
        (upload, index) =>
          records.begin(upload, movesThrough("receiving", "released"), {
            files: [sampleFile()],
            idempotency: claim(scope),
            useGrant: { id: `grant-${index}`, expiresAtMs: LATER_MS },
            audit: [sampleEntry()],
            usage,
          }),
        "RECORDS_KEY_TAKEN",
      );
      assert.equal((await records.findIdempotencyKey(scope, NOW_MS))?.uploadId, winner.id);
      const grants = await Promise.all(
        Array.from({ length: 10 }, (_, index) => records.isGrantUsed(`grant-${index}`)),
      );
      assert.equal(grants.filter(Boolean).length, 1);
    });

    test("records a release that needs an API key only while that very key is in force", async () => {
      const key = apiKey();
      await records.addApiKey(key, sampleEntry());
      const release = (secretSha256 = key.secretSha256) =>
        records.begin(sampleUpload(), movesThrough("receiving", "released"), {
          requireApiKey: { id: key.id, secretSha256 },
          audit: [sampleEntry()],
        });
      await release();
      await assertRejects(release("0".repeat(64)), "RECORDS_API_KEY_ENDED");
      const entries = (await records.auditTrail({ afterSeq: 0, limit: 1000 })).length;
      await records.revokeApiKey(key.id, NOW_MS, sampleEntry());
      await assertRejects(release(), "RECORDS_API_KEY_ENDED");
      assert.equal(
        (await records.auditTrail({ afterSeq: 0, limit: 1000 })).length,
        entries + 1,
        "of the revocation",
      );
    });

    test("says when a key may have changed, and only then", async () => {
      const key = apiKey();
      const marks = [records.apiKeysMark()];
      await records.addApiKey(key, sampleEntry());
      marks.push(records.apiKeysMark());
      await records.revokeApiKey(key.id, NOW_MS, sampleEntry());
      marks.push(records.apiKeysMark());
      assert.equal(new Set(marks).size, 3);
      await records.findApiKey(key.id);
      await records.begin(sampleUpload());
      assert.equal(records.apiKeysMark(), marks[2]);
    });

    test("lists the scopes of all keys in order, a page at a time", async () => {
      const scopes = Array.from({ length: 5 }, newScope);
      for (const scope of scopes) await records.begin(sampleUpload(), [], { idempotency: claim(scope) });
      const listed: string[] = [];
      for (;;) {
        const page = await records.idempotencyScopes(listed.at(-1) ?? "", 2);
        listed.push(...page);
        if (page.length < 2) break;
      }
      assert.deepEqual(listed, [...new Set(listed)].sort());
      assert.deepEqual(
        scopes.filter((scope) => !listed.includes(scope)),
        [],
      );
    });

    test("lets one of ten uploads use a grant, and keeps nothing of the others", async () => {
      const scopes = Array.from({ length: 10 }, newScope);
      await assertOneWins(
        (upload, index) =>
          records.begin(upload, movesThrough("receiving", "released"), {
            idempotency: claim(scopes[index] ?? ""),
            useGrant: { id: "grant", expiresAtMs: LATER_MS },
            audit: [sampleEntry()],
            usage,
          }),
        "RECORDS_GRANT_USED",
      );
      assert.equal(await records.isGrantUsed("grant"), true);
      const keys = await Promise.all(scopes.map((scope) => records.findIdempotencyKey(scope, NOW_MS)));
      assert.equal(keys.filter((key) => key !== null).length, 1);
    });

    test("refuses a move along with a key that is taken, and leaves the upload as it was", async () => {
      const scope = newScope();
      await claimed(scope);
      const upload = sampleUpload({ startedAtMs: NOW_MS });
      await records.begin(upload);
      const before = await records.get(upload.id);
      await assertRejects(
        records.move(upload.id, movesThrough("receiving", "released"), {
          idempotency: claim(scope),
          files: [sampleFile()],
          bytesReceived: 3,
        }),
        "RECORDS_KEY_TAKEN",
      );
      assert.deepEqual(await records.get(upload.id), before);
    });

    test("leaves a key free that a change claims which fails for another reason, before or half-way", async () => {
      const [early, late] = [newScope(), newScope()];
      const stranger = [{ key: sampleFile().key, bytes: new Uint8Array(1) }];
      const next = sampleUpload({ startedAtMs: NOW_MS });
      const results = await Promise.allSettled([
        records.begin(sampleUpload(), movesThrough("held", "accepted"), { idempotency: claim(early) }),
        records.begin(sampleUpload(), [], { idempotency: claim(late), putInline: stranger }),
        records.begin(next, [], { idempotency: claim(late) }),
      ]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ["rejected", "rejected", "fulfilled"],
      );
      assert.equal(await records.findIdempotencyKey(early, NOW_MS), null);
      assert.equal((await records.findIdempotencyKey(late, NOW_MS))?.uploadId, next.id);
    });

    test("leaves a key free that is claimed for an upload which is there already", async () => {
      const scope = newScope();
      const upload = sampleUpload({ startedAtMs: NOW_MS });
      await records.begin(upload);
      const again = records.begin(upload, [], { idempotency: claim(scope) });
      await assertRejects(again, "RECORDS_STATE_CONFLICT");
      assert.equal(await records.findIdempotencyKey(scope, NOW_MS), null);
      await claimed(scope);
    });

    test("lets a claim have the place of a key that has expired, with nothing left of that", async () => {
      const scope = newScope();
      const first = await claimed(scope, NOW_MS - 1);
      await records.move(first.id, [], {
        idempotency: { kind: "answer", scope, answer: ANSWER, expiresAtMs: NOW_MS - 1 },
      });
      const next = await claimed(scope);
      const found = await records.findIdempotencyKey(scope, NOW_MS);
      assert.deepEqual([found?.uploadId, found?.answer], [next.id, null]);
    });

    test("tells of a claimed key, of its answer, and of nothing once it has expired", async () => {
      const scope = newScope();
      const upload = await claimed(scope);
      const known = {
        scope,
        fingerprint: FINGERPRINT,
        uploadId: upload.id,
        expiresAtMs: LATER_MS,
        answer: null,
      };
      assert.deepEqual(await records.findIdempotencyKey(scope, NOW_MS), known);
      const expiresAtMs = LATER_MS + 5;
      await records.move(upload.id, [], {
        idempotency: { kind: "answer", scope, answer: ANSWER, expiresAtMs },
      });
      const answered = { ...known, expiresAtMs, answer: ANSWER };
      assert.deepEqual(await records.findIdempotencyKey(scope, LATER_MS + 4), answered);
      assert.equal(await records.findIdempotencyKey(scope, LATER_MS + 5), null);
      records = await opened.reopen();
      assert.deepEqual(await records.findIdempotencyKey(scope, NOW_MS), answered);
    });

    test("keeps an answer whose body was too large to keep, and one of a quarter of a megabyte", async () => {
      const [without, large] = [newScope(), newScope()];
      const [first, second] = [await claimed(without), await claimed(large)];
      const withoutBody = { ...ANSWER, body: null };
      const largeBody = { ...ANSWER, body: randomBytes(256 * 1024).toString("base64") };
      const expiresAtMs = LATER_MS;
      await records.move(first.id, [], {
        idempotency: { kind: "answer", scope: without, answer: withoutBody, expiresAtMs },
      });
      await records.move(second.id, [], {
        idempotency: { kind: "answer", scope: large, answer: largeBody, expiresAtMs },
      });
      assert.deepEqual((await records.findIdempotencyKey(without, NOW_MS))?.answer, withoutBody);
      assert.deepEqual((await records.findIdempotencyKey(large, NOW_MS))?.answer, largeBody);
    });

    test("gives a freed key to the next one that claims it", async () => {
      const scope = newScope();
      const first = await claimed(scope);
      await records.move(first.id, [], { idempotency: { kind: "free", scope } });
      assert.equal(await records.findIdempotencyKey(scope, NOW_MS), null);
      const second = await claimed(scope);
      assert.equal((await records.findIdempotencyKey(scope, NOW_MS))?.uploadId, second.id);
    });

    test("gives an expired key to the next one, and lets the first one change it no more", async () => {
      const scope = newScope();
      const first = await claimed(scope, NOW_MS);
      await records.move(first.id, [], {
        idempotency: { kind: "answer", scope, answer: ANSWER, expiresAtMs: NOW_MS },
      });
      const second = await claimed(scope);
      const known = await records.findIdempotencyKey(scope, NOW_MS);
      assert.equal(known?.uploadId, second.id);
      assert.equal(known?.answer, null);
      await records.move(first.id, [], {
        idempotency: { kind: "answer", scope, answer: ANSWER, expiresAtMs: LATER_MS + 9 },
      });
      await records.move(first.id, [], { idempotency: { kind: "free", scope } });
      assert.deepEqual(await records.findIdempotencyKey(scope, NOW_MS), known);
    });

    test("knows which grants were used", async () => {
      assert.equal(await records.isGrantUsed("one"), false);
      await records.begin(sampleUpload(), [], { useGrant: { id: "one", expiresAtMs: 1 } });
      assert.equal(await records.isGrantUsed("one"), true);
      assert.equal(await records.isGrantUsed("two"), false);
      await assertRejects(
        records.begin(sampleUpload(), [], { useGrant: { id: "one", expiresAtMs: LATER_MS } }),
        "RECORDS_GRANT_USED",
      );
    });

    test("gives API keys back as they were added, the oldest first", async () => {
      const open = apiKey({ id: "ffffffffffff", flows: null, expiresAtMs: null, scopes: [] });
      const older = apiKey({ createdAtMs: NOW_MS - 1, revokedAtMs: NOW_MS });
      await records.addApiKey(open, sampleEntry({ event: "key-added" }));
      await records.addApiKey(older, sampleEntry({ event: "key-added" }));
      assert.deepEqual(await records.apiKeys(), [older, open]);
      assert.deepEqual(await records.findApiKey(open.id), open);
      assert.equal(await records.findApiKey("none"), null);
      assert.deepEqual(
        (await assertWhole(records)).map(({ event }) => event),
        ["key-added", "key-added"],
      );
    });

    test("refuses an API key whose id is taken, keeps the first, and audits nothing of the second", async () => {
      const results = await Promise.allSettled(
        ["first", "second"].map((who) =>
          records.addApiKey(apiKey({ name: who }), sampleEntry({ principal: who })),
        ),
      );
      assert.deepEqual(
        results.map(({ status }) => status),
        ["fulfilled", "rejected"],
      );
      await assertRejects(records.addApiKey(apiKey(), sampleEntry()), "RECORDS_STATE_CONFLICT");
      assert.equal((await records.findApiKey(apiKey().id))?.name, "first");
      assert.deepEqual(
        (await assertWhole(records)).map(({ principal }) => principal),
        ["first"],
      );
    });

    test("revokes an API key once, whoever asks how often, and says whether there is such a key", async () => {
      const key = apiKey();
      await records.addApiKey(key, sampleEntry({ event: "key-added" }));
      const revoked = sampleEntry({ event: "key-revoked" });
      assert.equal(await records.revokeApiKey(key.id, NOW_MS + 5, revoked), true);
      assert.equal(await records.revokeApiKey(key.id, NOW_MS + 9, revoked), true);
      assert.equal(await records.revokeApiKey("none", NOW_MS, revoked), false);
      assert.deepEqual(await records.findApiKey(key.id), { ...key, revokedAtMs: NOW_MS + 5 });
      assert.deepEqual(
        (await assertWhole(records)).map(({ event }) => event),
        ["key-added", "key-revoked"],
      );
    });
  });
}
