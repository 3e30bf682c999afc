/**
 * What every driver of `Records` must do with audit entries, as tests.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CHAIN_START, verifyChain } from "./audit-chain.ts";
import { movesThrough, type OpenedRecords, sampleFile, sampleUpload } from "./records.contract.ts";
import type { AuditEntry, AuditRecord, Records } from "./records.ts";

/** A decision about an upload. */
export function sampleEntry(change: Partial<AuditEntry> = {}): AuditEntry {
  return {
    atMs: 1_795_348_800_000,
    event: "upload-accepted",
    flow: "avatars",
    policyVersion: "0f1e2d3c",
    uploadId: null,
    principal: "user:Zoë",
    requestId: "0123",
    rule: "policy",
    detail: { files: 1, bytes: 10_000, isLast: true, share: 0.25, reason: null, name: '"Grüße 😀.jpg"' },
    ...change,
  };
}

/** All entries, as one who reads them page by page finds them. */
export async function wholeTrail(records: Pick<Records, "auditTrail">): Promise<AuditRecord[]> {
  const entries: AuditRecord[] = [];
  for (;;) {
    const page = await records.auditTrail({ afterSeq: entries.at(-1)?.seq ?? 0, limit: 100 });
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

/** Asserts that the chain is whole, and gives its entries. */
export async function assertWhole(records: Pick<Records, "auditTrail">): Promise<AuditRecord[]> {
  const entries = await wholeTrail(records);
  assert.deepEqual((await verifyChain(entries)).broken, null);
  return entries;
}

/** Registers the suite for one driver. */
export function recordsAuditContract(name: string, open: () => Promise<OpenedRecords>): void {
  describe(`the audit in records by ${name}`, () => {
    let opened: OpenedRecords;
    let records: Records;

    beforeEach(async () => {
      opened = await open();
      records = opened.records;
    });
    afterEach(() => opened.dispose());

    test("gives entries back as they were, numbered from 1 and chained", async () => {
      const upload = sampleUpload();
      const taken = sampleEntry({ uploadId: upload.id });
      const [told, ended] = [sampleEntry({ event: "upload-delivered" }), sampleEntry({ detail: {} })];
      await records.begin(upload, movesThrough("receiving", "released"), { audit: [taken] });
      await records.move(upload.id, movesThrough("released", "delivered"), { audit: [told, ended] });
      const entries = await assertWhole(records);
      const chained = entries.map(({ seq, hash, previousHash, ...entry }) => ({
        seq,
        entry,
        previousHash,
        hash,
      }));
      const hashes = [CHAIN_START.hash, ...entries.map(({ hash }) => hash)];
      assert.deepEqual(
        chained,
        [taken, told, ended].map((entry, index) => ({
          seq: index + 1,
          entry,
          previousHash: hashes[index],
          hash: hashes[index + 1],
        })),
      );
    });

    test("notes decisions that concern no upload's record", async () => {
      const none = {
        flow: null,
        policyVersion: null,
        uploadId: null,
        principal: null,
        requestId: null,
        rule: null,
      };
      const entry = sampleEntry({ event: "upload-refused", ...none });
      await records.note({ audit: [entry] });
      await records.note({});
      const [noted, ...others] = await assertWhole(records);
      assert.equal(noted?.event, "upload-refused");
      assert.equal(noted?.principal, null);
      assert.deepEqual(others, []);
    });

    test("gives the entries after a number in order, and no more than asked for", async () => {
      await records.note({ audit: Array.from({ length: 7 }, (_, atMs) => sampleEntry({ atMs })) });
      const seqs = async (afterSeq: number, limit: number) =>
        (await records.auditTrail({ afterSeq, limit })).map(({ seq }) => seq);
      assert.deepEqual(await seqs(0, 3), [1, 2, 3]);
      assert.deepEqual(await seqs(3, 100), [4, 5, 6, 7]);
      assert.deepEqual(await seqs(7, 100), []);
      assert.deepEqual(await seqs(0, 0), []);
    });

    test("keeps numbers without gaps when many changes come at once and some of them fail", async () => {
      const uploads = Array.from({ length: 60 }, () => sampleUpload());
      const stranger = { key: sampleFile().key, bytes: new Uint8Array(3) };
      await Promise.allSettled(
        uploads.map((upload, index) =>
          // Every fifth is undone half-way: it gives bytes for a key that no file has. Every seventh is refused before.
          records.begin(upload, index % 7 === 0 ? movesThrough("held", "accepted") : [], {
            audit: [sampleEntry({ uploadId: upload.id }), sampleEntry({ uploadId: upload.id, atMs: 2 })],
            ...(index % 5 === 0 ? { putInline: [stranger] } : {}),
          }),
        ),
      );
      await Promise.all([records.note({ audit: [sampleEntry()] }), records.note({ audit: [sampleEntry()] })]);
      const entries = await assertWhole(records);
      const expected = uploads.filter((_, index) => index % 5 !== 0 && index % 7 !== 0);
      assert.deepEqual(
        entries.slice(0, -2).map(({ uploadId }) => uploadId),
        expected.flatMap(({ id }) => [id, id]),
      );
    });

    test("goes on with the chain after it was opened anew", async () => {
      await records.note({ audit: [sampleEntry(), sampleEntry()] });
      records = await opened.reopen();
      await records.note({ audit: [sampleEntry()] });
      assert.equal((await assertWhole(records)).length, 3);
    });

    test("hashes text as it will be read, whatever characters it has", async () => {
      const text = `' " \\ \0 \t\r\n\u001b[31m \u{1F600} \u202e é e\u0301 \u2028`;
      const half = "a\ud800b";
      await records.note({
        audit: [
          sampleEntry({ event: text, principal: text, rule: text, detail: { [text]: text } }),
          sampleEntry({ principal: half, flow: half, requestId: half, detail: { [half]: half } }),
        ],
      });
      const [odd, halved] = await assertWhole(records);
      assert.equal(odd?.principal, text);
      assert.deepEqual(odd?.detail, { [text]: text });
      assert.equal(halved?.principal, "a\ufffdb");
    });
  });
}
