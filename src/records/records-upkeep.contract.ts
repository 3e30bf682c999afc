/**
 * What every driver of `Records` must do with use of shares, with deliveries that are tried again, and with what is forgotten, as tests.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { UploadState } from "../uploads/upload-state.ts";
import { movesThrough, type OpenedRecords, receipt, sampleFile, sampleUpload } from "./records.contract.ts";
import type { Handover, NewUpload, Records, UploadChange, UsageEntry } from "./records.ts";

const NOW_MS = 1_795_348_800_000;
const LONG_AGO_MS = NOW_MS - 1_000_000;
const BEFORE_MS = NOW_MS - 1000;

function use(change: Partial<UsageEntry> = {}): UsageEntry {
  const taken = { requests: 1, files: 2, bytes: 2 ** 40 };
  return {
    share: "avatars/quota-1",
    subject: "user:Zoë",
    slotMs: 60_000,
    ...taken,
    expiresAtMs: NOW_MS,
    ...change,
  };
}

const HANDOVER: Handover = {
  method: "POST",
  target: "/api/avatars?size=1",
  headers: ["X-Request-Id", "1", "Accept", "*/*"],
  idempotencyScope: "ab",
  parts: [
    { kind: "field", name: "title", value: "Grüße 😀\r\n" },
    { kind: "file", name: "picture", index: 0 },
  ],
};

/** Registers the suite for one driver. */
export function recordsUpkeepContract(name: string, open: () => Promise<OpenedRecords>): void {
  describe(`upkeep of records by ${name}`, () => {
    let opened: OpenedRecords;
    let records: Records;

    beforeEach(async () => {
      opened = await open();
      records = opened.records;
    });
    afterEach(() => opened.dispose());

    /** An upload that came into a state at this time. */
    async function uploadAt(atMs: number, state: UploadState, change: UploadChange = {}): Promise<NewUpload> {
      const upload = sampleUpload({ startedAtMs: atMs });
      const moves = movesThrough("receiving", state).map((move) => ({ ...move, atMs }));
      await records.begin(upload, state === "receiving" ? [] : moves, change);
      return upload;
    }

    /** Forgets until nothing more is forgotten, as the job does. */
    async function forgetAll(limit: number): Promise<number> {
      let all = 0;
      for (;;) {
        const forgotten = await records.forget(NOW_MS, BEFORE_MS, limit);
        assert.ok(forgotten <= limit);
        if (forgotten === 0) return all;
        all += forgotten;
      }
    }

    async function known(uploads: readonly NewUpload[]): Promise<boolean[]> {
      const found = await Promise.all(uploads.map(({ id }) => records.get(id)));
      return found.map((record) => record !== null);
    }

    test("adds up what many take of one share at once, each subject and slot for itself", async () => {
      const upload = await uploadAt(NOW_MS, "receiving");
      await Promise.all([
        ...Array.from({ length: 50 }, () => records.note({ usage: [use()] })),
        ...Array.from({ length: 50 }, () =>
          records.move(upload.id, [], { usage: [use(), use({ slotMs: 120_000 })] }),
        ),
        records.note({ usage: [use({ subject: "other", requests: 0, files: 0, bytes: 7 })] }),
      ]);
      assert.deepEqual(await records.usage(NOW_MS - 1), [
        use({ subject: "other", requests: 0, files: 0, bytes: 7 }),
        use({ requests: 100, files: 200, bytes: 100 * 2 ** 40 }),
        use({ slotMs: 120_000, requests: 50, files: 100, bytes: 50 * 2 ** 40 }),
      ]);
    });

    test("tells only of use that is not expired", async () => {
      await records.note({
        usage: [use({ share: "a", expiresAtMs: 10 }), use({ share: "b", expiresAtMs: 11 })],
      });
      assert.deepEqual(
        (await records.usage(10)).map(({ share }) => share),
        ["b"],
      );
    });

    test("lists the uploads of one principal", async () => {
      const mine = sampleUpload({ principal: "me" });
      await records.begin(sampleUpload());
      await records.begin(mine);
      await records.begin(sampleUpload({ principal: "Me" }));
      const ids = (await records.list({ principal: "me", limit: 9 })).map(({ id }) => id);
      assert.deepEqual(ids, [mine.id]);
      assert.deepEqual(await records.list({ principal: "me", flow: "other", limit: 9 }), []);
    });

    test("keeps a handover until it is forgotten or replaced", async () => {
      const upload = await uploadAt(NOW_MS, "undeliverable", { handover: HANDOVER });
      assert.deepEqual(await records.handover(upload.id), HANDOVER);
      await records.move(upload.id, [], { bytesReceived: 1 });
      assert.deepEqual(await records.handover(upload.id), HANDOVER);
      const other = { ...HANDOVER, idempotencyScope: null, parts: [] };
      await records.move(upload.id, [], { handover: other });
      assert.deepEqual(await records.handover(upload.id), other);
      await records.move(upload.id, [], { handover: null });
      assert.equal(await records.handover(upload.id), null);
      assert.equal(await records.handover(sampleUpload().id), null);
    });

    test("names deliveries that are due, the longest waiting first, and says when the next one is", async () => {
      assert.equal(await records.nextDueAtMs(), null);
      const third = await uploadAt(NOW_MS, "undeliverable", { nextTryAtMs: 30 });
      const first = await uploadAt(NOW_MS, "undeliverable", { nextTryAtMs: 10 });
      const second = await uploadAt(NOW_MS, "undeliverable", { nextTryAtMs: 20 });
      await uploadAt(NOW_MS, "undeliverable");
      await uploadAt(NOW_MS, "delivered", { nextTryAtMs: 5 });
      const due = async (nowMs: number, limit: number) =>
        (await records.dueDeliveries(nowMs, limit)).map(({ id }) => id);
      assert.deepEqual(await due(30, 9), [first.id, second.id, third.id]);
      assert.deepEqual(await due(29, 9), [first.id, second.id]);
      assert.deepEqual(await due(30, 1), [first.id]);
      assert.deepEqual(await due(9, 9), []);
      assert.equal(await records.nextDueAtMs(), 10);
      assert.equal((await records.get(first.id))?.nextTryAtMs, 10);
    });

    test("no longer names a delivery as due that was put off, given up or made", async () => {
      const upload = await uploadAt(NOW_MS, "undeliverable", { nextTryAtMs: 10 });
      await records.move(upload.id, [], { nextTryAtMs: 50 });
      assert.deepEqual(await records.dueDeliveries(49, 9), []);
      assert.equal(await records.nextDueAtMs(), 50);
      await records.move(upload.id, [], { nextTryAtMs: null });
      assert.equal(await records.nextDueAtMs(), null);
      await records.move(upload.id, movesThrough("undeliverable", "delivered"), { nextTryAtMs: 60 });
      assert.equal(await records.nextDueAtMs(), null);
      assert.deepEqual(await records.dueDeliveries(NOW_MS, 9), []);
    });

    test("forgets keys, grants and use of shares that have expired, and no others", async () => {
      const claim = { kind: "claim", fingerprint: "f" } as const;
      const [old, fresh] = [sampleUpload({ startedAtMs: 1 }), sampleUpload({ startedAtMs: 1 })];
      await records.begin(old, [], {
        idempotency: { ...claim, scope: "old", expiresAtMs: NOW_MS },
        useGrant: { id: "old", expiresAtMs: NOW_MS },
        usage: [use({ share: "old", expiresAtMs: NOW_MS })],
      });
      await records.begin(fresh, [], {
        idempotency: { ...claim, scope: "fresh", expiresAtMs: NOW_MS + 1 },
        useGrant: { id: "fresh", expiresAtMs: NOW_MS + 1 },
        usage: [use({ share: "fresh", expiresAtMs: NOW_MS + 1 })],
      });
      assert.equal(await records.forget(NOW_MS, BEFORE_MS, 10), 0);
      assert.equal(await records.findIdempotencyKey("old", 0), null);
      assert.notEqual(await records.findIdempotencyKey("fresh", 0), null);
      assert.deepEqual([await records.isGrantUsed("old"), await records.isGrantUsed("fresh")], [false, true]);
      assert.deepEqual(
        (await records.usage(0)).map(({ share }) => share),
        ["fresh"],
      );
    });

    test("forgets all keys that have expired a few at a time, wherever they are among the others", async () => {
      const scopes = Array.from({ length: 100 }, (_, index) => String(index).padStart(3, "0"));
      const isExpired = (scope: string): boolean => Number(scope) % 3 > 0;
      for (const scope of scopes) {
        const expiresAtMs = isExpired(scope) ? NOW_MS : NOW_MS + 1;
        await records.begin(sampleUpload(), [], {
          idempotency: { kind: "claim", scope, fingerprint: "f", expiresAtMs },
        });
      }
      const left = async (): Promise<readonly string[]> => records.idempotencyScopes("", 1000);
      await records.forget(NOW_MS, BEFORE_MS, 1);
      assert.ok((await left()).length >= 90);
      for (let call = 0; call < 10; call += 1) await records.forget(NOW_MS, BEFORE_MS, 1);
      const fresh = scopes.filter((scope) => !isExpired(scope));
      assert.deepEqual(await left(), fresh);
      for (let call = 0; call < 3; call += 1) await records.forget(NOW_MS + 1, BEFORE_MS, 2);
      assert.deepEqual(await left(), []);
    });

    test("forgets uploads that ended long ago, with all that belongs to them, and leaves the audit", async () => {
      const file = sampleFile();
      const old = await uploadAt(LONG_AGO_MS, "rejected", {
        files: [file],
        putInline: [{ key: file.key, bytes: new Uint8Array(9) }],
        delivery: receipt({ kind: "forward" }),
        handover: HANDOVER,
      });
      const recent = await uploadAt(BEFORE_MS, "rejected");
      assert.equal(await forgetAll(10), 1);
      assert.deepEqual(await known([old, recent]), [false, true]);
      assert.equal(await records.findFile(file.key), null);
      assert.equal(await records.readInline(file.key), null);
      assert.deepEqual(await records.inlineKeys(), []);
      assert.equal(await records.handover(old.id), null);
      assert.deepEqual(await records.list({ flow: "avatars", state: "rejected", limit: 9 }), [
        await records.get(recent.id),
      ]);
    });

    test("goes by when an upload was changed last, not by when it began", async () => {
      const upload = sampleUpload({ startedAtMs: LONG_AGO_MS });
      await records.begin(upload);
      await records.move(upload.id, [{ from: "receiving", to: "aborted", atMs: BEFORE_MS }]);
      assert.equal(await forgetAll(10), 0);
      assert.deepEqual(await known([upload]), [true]);
    });

    test("keeps uploads that have not ended, and those whose files a receipt promises", async () => {
      const kept = [
        await uploadAt(LONG_AGO_MS, "receiving"),
        await uploadAt(LONG_AGO_MS, "released"),
        await uploadAt(LONG_AGO_MS, "held"),
        await uploadAt(LONG_AGO_MS, "undeliverable"),
        await uploadAt(LONG_AGO_MS, "delivered", { files: [sampleFile()], delivery: receipt() }),
      ];
      const ended = [
        await uploadAt(LONG_AGO_MS, "delivered", {
          files: [sampleFile()],
          delivery: receipt({ kind: "forward" }),
        }),
        await uploadAt(LONG_AGO_MS, "delivered", { delivery: receipt() }),
        await uploadAt(LONG_AGO_MS, "rejected", { files: [sampleFile()], delivery: receipt() }),
        await uploadAt(LONG_AGO_MS, "aborted"),
        await uploadAt(LONG_AGO_MS, "expired"),
        await uploadAt(LONG_AGO_MS, "observed"),
      ];
      assert.equal(await forgetAll(100), ended.length);
      assert.ok((await known(kept)).every(Boolean));
      assert.ok(!(await known(ended)).some(Boolean));
    });

    test("forgets a few at a time until all are forgotten, the oldest first", async () => {
      const old = await Promise.all(Array.from({ length: 25 }, () => uploadAt(LONG_AGO_MS, "aborted")));
      assert.equal(await records.forget(NOW_MS, BEFORE_MS, 0), 0);
      assert.equal(await records.forget(NOW_MS, BEFORE_MS, 10), 10);
      assert.deepEqual(
        await known(old),
        old.map((_, index) => index >= 10),
      );
      assert.equal(await forgetAll(10), 15);
      assert.deepEqual(await records.list({ limit: 100 }), []);
    });

    test("comes to what is to be forgotten behind many that are kept, and behind some of a clock that was wrong", async () => {
      await Promise.all(Array.from({ length: 35 }, () => uploadAt(LONG_AGO_MS, "held")));
      await Promise.all(Array.from({ length: 35 }, () => uploadAt(NOW_MS + 10 ** 9, "aborted")));
      const old = await uploadAt(LONG_AGO_MS, "aborted");
      await Promise.all(Array.from({ length: 35 }, () => uploadAt(NOW_MS, "aborted")));
      let calls = 0;
      while ((await known([old]))[0] === true && calls < 50) {
        await records.forget(NOW_MS, BEFORE_MS, 1);
        calls += 1;
      }
      assert.deepEqual(await known([old]), [false]);
      assert.equal((await records.list({ limit: 1000 })).length, 105);
    });

    test("goes on with new uploads after the newest one was forgotten", async () => {
      await uploadAt(LONG_AGO_MS, "aborted", { files: [sampleFile()], delivery: receipt() });
      assert.equal(await forgetAll(5), 1);
      const next = await uploadAt(LONG_AGO_MS, "held");
      const record = await records.get(next.id);
      assert.deepEqual([record?.files, record?.deliveries], [[], []]);
      assert.equal(await forgetAll(5), 0);
    });
  });
}
