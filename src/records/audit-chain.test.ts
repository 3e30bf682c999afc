import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CHAIN_START, type ChainHead, hashEntry, verifyChain } from "./audit-chain.ts";
import type { AuditEntry, AuditRecord } from "./records.ts";
import { sampleEntry } from "./records-audit.contract.ts";

/** A whole chain of so many entries. */
function chain(
  length: number,
  entryOf: (seq: number) => AuditEntry = (atMs) => sampleEntry({ atMs }),
): AuditRecord[] {
  const entries: AuditRecord[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const previousHash = entries.at(-1)?.hash ?? CHAIN_START.hash;
    const entry = entryOf(seq);
    entries.push({ ...entry, seq, previousHash, hash: hashEntry(previousHash, seq, entry) });
  }
  return entries;
}

function changed(entries: readonly AuditRecord[], seq: number, change: Partial<AuditRecord>): AuditRecord[] {
  return entries.map((entry) => (entry.seq === seq ? { ...entry, ...change } : entry));
}

async function breakIn(entries: readonly AuditRecord[], noted?: ChainHead): Promise<string> {
  const { broken } = await verifyChain(entries, noted);
  return broken === null ? "whole" : `${broken.kind} ${broken.seq}`;
}

const headOf = (entries: readonly AuditRecord[]): ChainHead => ({
  seq: entries.at(-1)?.seq ?? 0,
  hash: entries.at(-1)?.hash ?? CHAIN_START.hash,
});

test("an entry's hash is the SHA-256 of the hash before and its canonical JSON, as anybody can compute it", () => {
  const entry = sampleEntry({
    atMs: 1e21,
    uploadId: "u",
    rule: 'a\u2028\n"',
    detail: { z: 1, B: null, a: 1e-7, "10": true, "9": "é" },
  });
  const canonical =
    '{"atMs":1e+21,"detail":{"10":true,"9":"é","B":null,"a":1e-7,"z":1},"event":"upload-accepted","flow":"avatars",' +
    '"policyVersion":"0f1e2d3c","principal":"user:Zoë","requestId":"0123","rule":"a\u2028\\n\\"","seq":7,"uploadId":"u"}';
  const expected = createHash("sha256").update(`${CHAIN_START.hash}\n${canonical}`, "utf8").digest("hex");
  assert.equal(hashEntry(CHAIN_START.hash, 7, entry), expected);
});

test("the order in which an entry's members were made changes nothing", () => {
  const entry = sampleEntry({ detail: { a: 1, b: 2 } });
  const turned = Object.fromEntries(Object.entries(entry).reverse()) as unknown as AuditEntry;
  assert.equal(hashEntry("0", 1, { ...turned, detail: { b: 2, a: 1 } }), hashEntry("0", 1, entry));
});

test("a chain is whole as it was made, also an empty one and one that comes in pieces", async () => {
  const entries = chain(20);
  assert.deepEqual(await verifyChain(entries), { head: headOf(entries), broken: null });
  assert.deepEqual(await verifyChain([]), { head: CHAIN_START, broken: null });
  async function* inPieces(): AsyncGenerator<AuditRecord> {
    yield* entries.slice(0, 7);
    yield* entries.slice(7);
  }
  assert.deepEqual(await verifyChain(inPieces()), { head: headOf(entries), broken: null });
});

test("any member of an entry that was changed is found, at that entry", async () => {
  const entries = chain(9);
  const changes: Partial<AuditRecord>[] = [
    { atMs: 6 },
    { event: "upload-refused" },
    { flow: "other" },
    { policyVersion: null },
    { uploadId: "" },
    { principal: "admin" },
    { requestId: "0124" },
    { rule: "policy " },
    { detail: {} },
    { detail: { ...sampleEntry().detail, files: 2 } },
    { detail: { ...sampleEntry().detail, more: null } },
    { hash: "0".repeat(64) },
    { previousHash: entries[2]?.hash ?? "" },
  ];
  for (const change of changes) {
    assert.equal(await breakIn(changed(entries, 5, change)), "changed 5", JSON.stringify(change));
  }
});

test("missing entries are found and named, at the beginning and in the middle", async () => {
  const entries = chain(9);
  const without = (...seqs: number[]) => entries.filter(({ seq }) => !seqs.includes(seq));
  assert.equal(await breakIn(without(1)), "missing 1");
  assert.equal(await breakIn(without(4, 5, 6)), "missing 4");
  const { broken, head } = await verifyChain(without(4, 5, 6));
  assert.equal(broken?.message, "Entries 4 to 6 are missing; entry 7 is there.");
  assert.equal(head.seq, 3);
  const one = await verifyChain(without(8));
  assert.equal(one.broken?.message, "Entry 8 is missing; entry 9 is there.");
});

test("entries in another order are found, whether they kept their numbers or were given each other's", async () => {
  const entries = chain(9);
  const [first, second, third, ...rest] = entries as [
    AuditRecord,
    AuditRecord,
    AuditRecord,
    ...AuditRecord[],
  ];
  assert.equal(await breakIn([first, third, second, ...rest]), "missing 2");
  assert.equal(await breakIn([first, second, second, third, ...rest]), "moved 2");
  const exchanged = [first, { ...third, seq: 2 }, { ...second, seq: 3 }, ...rest];
  assert.equal(await breakIn(exchanged), "moved 2");
  const { broken } = await verifyChain(exchanged);
  assert.equal(broken?.message, "What stands as entry 2 is entry 3: it was given another number.");
});

test("a piece cut from the middle is found when what follows was numbered anew", async () => {
  const cut = chain(9).filter(({ seq }) => seq < 4 || seq > 6);
  assert.equal(await breakIn(cut.map((entry, index) => ({ ...entry, seq: index + 1 }))), "moved 4");
});

test("an entry that was replaced together with its hash is found by the next one", async () => {
  const entries = chain(9);
  const forged = sampleEntry({ principal: "nobody" });
  const previousHash = entries[3]?.hash ?? "";
  const replaced = changed(entries, 5, { ...forged, previousHash, hash: hashEntry(previousHash, 5, forged) });
  assert.equal(await breakIn(replaced), "replaced 6");
});

test("a noted head shows a cut end, and a chain that was written anew", async () => {
  const entries = chain(9);
  const noted = headOf(entries.slice(0, 7));
  assert.equal(await breakIn(entries, noted), "whole");
  assert.equal(await breakIn(entries.slice(0, 7), noted), "whole");
  assert.equal(await breakIn(entries.slice(0, 6)), "whole");
  assert.equal(await breakIn(entries.slice(0, 6), noted), "cut 7");
  assert.equal(await breakIn([], noted), "cut 1");
  const anew = chain(9, (atMs) => sampleEntry({ atMs, principal: "nobody" }));
  assert.equal(await breakIn(anew), "whole");
  assert.equal(await breakIn(anew, noted), "not-noted 7");
});

test("an empty chain fits a head that was noted when there was nothing", async () => {
  assert.equal(await breakIn([], CHAIN_START), "whole");
  assert.equal(await breakIn(chain(3), CHAIN_START), "whole");
});
