/**
 * What every driver of `Records` must do, as tests. A new driver is listed in a test file of its own folder and nowhere else.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import { newUploadId, type UploadId } from "../uploads/upload-id.ts";
import { isFinalState, UPLOAD_STATES, type UploadState } from "../uploads/upload-state.ts";
import type { DeliveryRecord, FileRecord, NewUpload, Records, UploadMove } from "./records.ts";

/** A driver with a database of its own, empty. */
export interface OpenedRecords {
  readonly records: Records;
  /** Closes what is open and opens the same database again. */
  reopen(): Promise<Records>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

const newKey = (): string => randomBytes(20).toString("hex");

/** A new upload as a request would make it. */
export function sampleUpload(change: Partial<NewUpload> = {}): NewUpload {
  return {
    id: newUploadId(),
    flow: "avatars",
    policyVersion: "0f1e2d3c",
    mode: "enforce",
    protocol: "multipart",
    method: "POST",
    path: "/api/avatars",
    principal: "public",
    requestId: newUploadId(),
    startedAtMs: 1_795_348_800_000,
    ...change,
  };
}

/** A file of an upload. */
export function sampleFile(change: Partial<FileRecord> = {}): FileRecord {
  return {
    index: 0,
    field: "picture",
    declaredName: "Grüße 😀.jpg",
    declaredType: "image/jpeg",
    key: newKey(),
    sizeBytes: 10_000,
    sha256: randomBytes(32).toString("hex"),
    verifiedType: "image/jpeg",
    isInline: false,
    findings: [],
    ...change,
  };
}

/** Moves through these states, a millisecond each. */
export function movesThrough(...states: readonly UploadState[]): UploadMove[] {
  return states.slice(1).map((to, index) => ({
    from: states[index] ?? to,
    to,
    atMs: 1_795_348_800_001 + index,
  }));
}

const FINDING = {
  code: "FILE_TRAILING_BYTES",
  severity: "refuse",
  byteOffset: 123,
  expected: "the end of the file",
  seen: "17 bytes more",
} as const;

const REFUSAL = {
  code: "FILE_TRAILING_BYTES",
  message: "There are bytes after the end.",
  expected: "nothing",
  seen: null,
  findings: [FINDING],
};

/** A delivery by receipt that has no end so far. */
export function receipt(change: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    attempt: 1,
    kind: "receipt",
    startedAtMs: 5,
    endedAtMs: null,
    status: null,
    error: null,
    ...change,
  };
}

/** Asserts that a promise is rejected with this code. */
export async function assertRejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof GateError && error.code === code);
}

/** Registers the suite for one driver. */
export function recordsContract(name: string, open: () => Promise<OpenedRecords>): void {
  describe(`records by ${name}`, () => {
    let opened: OpenedRecords;
    let records: Records;

    beforeEach(async () => {
      opened = await open();
      records = opened.records;
    });
    afterEach(() => opened.dispose());

    /** An upload in a state, with one file. */
    async function uploadIn(state: UploadState, file: FileRecord = sampleFile()): Promise<NewUpload> {
      const upload = sampleUpload();
      const moves = state === "receiving" ? [] : movesThrough("receiving", state);
      await records.begin(upload, moves, { files: [file] });
      return upload;
    }

    test("gives a new upload back as it was recorded", async () => {
      const upload = sampleUpload({ principal: "user:Zoë", mode: "observe" });
      await records.begin(upload);
      assert.deepEqual(await records.get(upload.id), {
        ...upload,
        state: "receiving",
        updatedAtMs: upload.startedAtMs,
        bytesReceived: 0,
        files: [],
        moves: [],
        refusal: null,
        deliveries: [],
        nextTryAtMs: null,
      });
    });

    test("takes moves and change along with a new upload", async () => {
      const upload = sampleUpload();
      const moves = movesThrough("receiving", "received", "inspecting", "rejected");
      const file = sampleFile({
        findings: [FINDING],
        declaredName: null,
        declaredType: null,
        verifiedType: null,
      });
      await records.begin(upload, moves, { files: [file], refusal: REFUSAL, bytesReceived: 4711 });
      const record = await records.get(upload.id);
      assert.equal(record?.state, "rejected");
      assert.equal(record?.updatedAtMs, moves.at(-1)?.atMs);
      assert.equal(record?.bytesReceived, 4711);
      assert.deepEqual(record?.moves, moves);
      assert.deepEqual(record?.files, [file]);
      assert.deepEqual(record?.refusal, REFUSAL);
    });

    test("moves an upload and keeps what a change does not name", async () => {
      const upload = sampleUpload();
      const first = sampleFile({ index: 0 });
      const second = sampleFile({ index: 1, field: "scan", sizeBytes: 2 ** 40 });
      await records.begin(upload, [], { files: [first, second], bytesReceived: 9 });
      const received: UploadMove = {
        from: "receiving",
        to: "received",
        atMs: 7,
        note: "all bytes are here\nwhole",
      };
      const inspecting: UploadMove = { from: "received", to: "inspecting", atMs: 8 };
      await records.move(upload.id, [received, inspecting]);
      const known = { ...second, verifiedType: "image/png" };
      await records.move(upload.id, [{ from: "inspecting", to: "accepted", atMs: 9 }], { files: [known] });
      const record = await records.get(upload.id);
      assert.equal(record?.state, "accepted");
      assert.equal(record?.updatedAtMs, 9);
      assert.equal(record?.bytesReceived, 9);
      assert.deepEqual(record?.moves.slice(0, 2), [received, inspecting]);
      assert.deepEqual(record?.files, [first, known]);
    });

    test("changes without a move whatever the state", async () => {
      const upload = await uploadIn("delivered");
      await records.move(upload.id, [], { bytesReceived: 77 });
      const record = await records.get(upload.id);
      assert.equal(record?.bytesReceived, 77);
      assert.equal(record?.state, "delivered");
    });

    test("appends deliveries, and replaces the one of the same attempt", async () => {
      const upload = sampleUpload();
      await records.begin(upload, [], { delivery: receipt() });
      await records.move(upload.id, [], { delivery: receipt({ attempt: 2, kind: "forward" }) });
      const failed = receipt({ endedAtMs: 9, error: "no connection" });
      await records.move(upload.id, [], { delivery: failed });
      const answered = receipt({ attempt: 2, kind: "forward", endedAtMs: 12, status: 201 });
      await records.move(upload.id, [], { delivery: answered });
      assert.deepEqual((await records.get(upload.id))?.deliveries, [failed, answered]);
    });

    test("refuses a move from a state that the upload is not in, and changes nothing", async () => {
      const file = sampleFile();
      const upload = await uploadIn("received", file);
      const before = await records.get(upload.id);
      const moves = movesThrough("receiving", "received");
      await assertRejects(
        records.move(upload.id, moves, {
          files: [{ ...file, verifiedType: "text/plain" }],
          putInline: [{ key: file.key, bytes: new Uint8Array(3) }],
          refusal: REFUSAL,
          bytesReceived: 5,
        }),
        "RECORDS_STATE_CONFLICT",
      );
      assert.deepEqual(await records.get(upload.id), before);
      assert.equal(await records.readInline(file.key), null);
    });

    test("refuses moves that do not follow each other, and makes none of them", async () => {
      const upload = await uploadIn("receiving");
      const moves = [...movesThrough("receiving", "received"), ...movesThrough("accepted", "released")];
      await assertRejects(records.move(upload.id, moves), "RECORDS_STATE_CONFLICT");
      assert.equal((await records.get(upload.id))?.state, "receiving");
      const other = sampleUpload();
      await assertRejects(
        records.begin(other, movesThrough("received", "accepted")),
        "RECORDS_STATE_CONFLICT",
      );
      assert.equal(await records.get(other.id), null);
    });

    test("lets only one of two equal moves win that are asked for at once", async () => {
      const upload = await uploadIn("accepted");
      const moves = movesThrough("accepted", "released");
      const results = await Promise.allSettled([
        records.move(upload.id, moves),
        records.move(upload.id, moves),
      ]);
      assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      assert.equal((await records.get(upload.id))?.moves.length, 2);
    });

    test("refuses an id that is recorded already, and keeps the first", async () => {
      const upload = sampleUpload();
      await records.begin(upload);
      await assertRejects(records.begin({ ...upload, flow: "other" }), "RECORDS_STATE_CONFLICT");
      assert.equal((await records.get(upload.id))?.flow, "avatars");
    });

    test("refuses to move an upload that it does not know", async () => {
      await assertRejects(
        records.move(newUploadId(), movesThrough("receiving", "received")),
        "RECORDS_UPLOAD_UNKNOWN",
      );
    });

    test("answers null for what it does not know", async () => {
      assert.equal(await records.get(newUploadId()), null);
      assert.equal(await records.findFile(newKey()), null);
      assert.equal(await records.readInline(newKey()), null);
    });

    test("lets a change fail alone among many that succeed", async () => {
      const uploads = Array.from({ length: 40 }, () => sampleUpload());
      const stranger = { key: newKey(), bytes: new Uint8Array(10) };
      const results = await Promise.allSettled(
        uploads.map((upload, index) =>
          // Every fifth gives bytes for a key that no file has; every seventh moves from a wrong state.
          records.begin(upload, index % 7 === 0 ? movesThrough("held", "accepted") : [], {
            files: [sampleFile()],
            ...(index % 5 === 0 ? { putInline: [stranger] } : {}),
          }),
        ),
      );
      for (const [index, upload] of uploads.entries()) {
        const shouldFail = index % 5 === 0 || index % 7 === 0;
        assert.equal(results[index]?.status, shouldFail ? "rejected" : "fulfilled", `upload ${index}`);
        assert.equal((await records.get(upload.id)) === null, shouldFail, `upload ${index}`);
      }
    });

    test("keeps two files apart that claim one key", async () => {
      const file = sampleFile();
      const upload = await uploadIn("released", file);
      await assert.rejects(records.begin(sampleUpload(), [], { files: [file] }));
      assert.equal((await records.findFile(file.key))?.uploadId, upload.id);
    });

    test("keeps bytes with a change, gives them back, and forgets them on request", async () => {
      const upload = sampleUpload();
      const [first, second] = [sampleFile({ index: 0 }), sampleFile({ index: 1 })];
      const bytes = randomBytes(60_000);
      const slab = randomBytes(65_536);
      await records.begin(upload, [], {
        files: [first, second],
        putInline: [
          { key: first.key, bytes },
          { key: second.key, bytes: slab.subarray(100, 1100) },
        ],
      });
      assert.deepEqual(Buffer.from((await records.readInline(first.key)) ?? []), bytes);
      assert.deepEqual(Buffer.from((await records.readInline(second.key)) ?? []), slab.subarray(100, 1100));
      assert.deepEqual(await records.inlineKeys(), [
        { key: first.key, uploadId: upload.id },
        { key: second.key, uploadId: upload.id },
      ]);
      assert.equal((await records.findFile(first.key))?.file.isInline, true);
      await records.move(upload.id, [], { dropInline: [first.key] });
      assert.equal(await records.readInline(first.key), null);
      assert.equal((await records.findFile(first.key))?.file.isInline, false);
      await records.dropInline([second.key, newKey()]);
      assert.deepEqual(await records.inlineKeys(), []);
    });

    test("leaves the caller's bytes usable, and keeps empty ones", async () => {
      const upload = sampleUpload();
      const [full, empty] = [sampleFile({ index: 0 }), sampleFile({ index: 1 })];
      const bytes = new Uint8Array([1, 2, 3]);
      await records.begin(upload, [], {
        files: [full, empty],
        putInline: [
          { key: full.key, bytes },
          { key: empty.key, bytes: new Uint8Array(0) },
        ],
      });
      assert.deepEqual(bytes, new Uint8Array([1, 2, 3]));
      assert.equal((await records.readInline(empty.key))?.byteLength, 0);
    });

    test("takes bytes for a file that was recorded before", async () => {
      const file = sampleFile();
      const upload = await uploadIn("receiving", file);
      await records.move(upload.id, [], { putInline: [{ key: file.key, bytes: new Uint8Array([9]) }] });
      assert.deepEqual(Buffer.from((await records.readInline(file.key)) ?? []), Buffer.from([9]));
    });

    test("lists newest first, by flow, by state, and no more than asked for", async () => {
      const ids: UploadId[] = [];
      for (const [flow, state] of [
        ["avatars", "rejected"],
        ["imports", "delivered"],
        ["avatars", "delivered"],
        ["avatars", "rejected"],
      ] as const) {
        const upload = sampleUpload({ flow });
        await records.begin(upload, movesThrough("receiving", state));
        ids.unshift(upload.id);
      }
      const idsOf = async (filter: Parameters<Records["list"]>[0]) =>
        (await records.list(filter)).map(({ id }) => id);
      assert.deepEqual(await idsOf({ limit: 10 }), ids);
      assert.deepEqual(await idsOf({ limit: 2 }), ids.slice(0, 2));
      assert.deepEqual(await idsOf({ limit: 0 }), []);
      assert.deepEqual(await idsOf({ flow: "imports", limit: 10 }), [ids[2]]);
      assert.deepEqual(await idsOf({ state: "rejected", limit: 10 }), [ids[0], ids[3]]);
      assert.deepEqual(await idsOf({ flow: "avatars", state: "delivered", limit: 10 }), [ids[1]]);
    });

    test("names every upload that is not in a final state, oldest first", async () => {
      const unfinished: UploadId[] = [];
      for (const state of UPLOAD_STATES) {
        const upload = await uploadIn(state);
        if (!isFinalState(state)) unfinished.push(upload.id);
      }
      assert.deepEqual(
        (await records.unfinished()).map(({ id }) => id),
        unfinished,
      );
    });

    test("needs the files of uploads under way, held, released or undeliverable, and of none that ended without", async () => {
      const needed = new Set<UploadState>([
        "receiving",
        "received",
        "inspecting",
        "accepted",
        "released",
        "held",
        "undeliverable",
      ]);
      const keys = new Map<string, UploadState>();
      for (const state of UPLOAD_STATES) {
        const file = sampleFile();
        await uploadIn(state, file);
        keys.set(file.key, state);
      }
      const answer = await records.neededKeys([...keys.keys(), newKey()]);
      assert.deepEqual(new Set([...answer].map((key) => keys.get(key))), needed);
    });

    test("needs a delivered file only where the service got a receipt", async () => {
      const [byReceipt, byForward] = [sampleFile(), sampleFile()];
      await records.begin(sampleUpload(), movesThrough("receiving", "delivered"), {
        files: [byReceipt],
        delivery: receipt(),
      });
      await records.begin(sampleUpload(), movesThrough("receiving", "delivered"), {
        files: [byForward],
        delivery: receipt({ kind: "forward" }),
      });
      assert.deepEqual(await records.neededKeys([byReceipt.key, byForward.key]), new Set([byReceipt.key]));
    });

    test("finds a file by its key, with the state of its upload", async () => {
      const file = sampleFile({ findings: [FINDING] });
      const upload = await uploadIn("released", file);
      assert.deepEqual(await records.findFile(file.key), { file, uploadId: upload.id, state: "released" });
    });

    test("gives text back as it was, whatever characters it has", async () => {
      const text = `' " \\ ; DROP TABLE uploads; -- \t\r\n\u{1F600} \u202e é e\u0301`;
      const upload = sampleUpload({ path: text, principal: text });
      const file = sampleFile({ declaredName: text });
      await records.begin(upload, [{ from: "receiving", to: "aborted", atMs: 1, note: text }], {
        files: [file],
      });
      const record = await records.get(upload.id);
      assert.equal(record?.path, text);
      assert.equal(record?.principal, text);
      assert.equal(record?.moves[0]?.note, text);
      assert.equal(record?.files[0]?.declaredName, text);
    });

    test("finds everything again after it was opened anew", async () => {
      const upload = sampleUpload();
      const file = sampleFile();
      const bytes = randomBytes(5000);
      await records.begin(upload, movesThrough("receiving", "received"), {
        files: [file],
        putInline: [{ key: file.key, bytes }],
        refusal: REFUSAL,
        delivery: receipt(),
      });
      const before = await records.get(upload.id);
      records = await opened.reopen();
      assert.deepEqual(await records.get(upload.id), before);
      assert.deepEqual(Buffer.from((await records.readInline(file.key)) ?? []), bytes);
    });

    test("answers a question with what was asked to be changed before it", async () => {
      const upload = sampleUpload();
      const changes = [
        records.begin(upload),
        records.move(upload.id, movesThrough("receiving", "received")),
        records.move(upload.id, movesThrough("received", "inspecting")),
      ];
      const record = await records.get(upload.id);
      assert.equal(record?.state, "inspecting");
      await Promise.all(changes);
    });

    test("probes by a write", async () => {
      await records.probe();
      await records.probe();
    });

    test("finishes what was asked before a close, and refuses what comes after", async () => {
      const upload = sampleUpload();
      const begun = records.begin(upload);
      const closed = records.close();
      await Promise.all([begun, closed, records.close()]);
      await assertRejects(records.get(upload.id), "RECORDS_UNAVAILABLE");
      await assertRejects(records.probe(), "RECORDS_UNAVAILABLE");
      records = await opened.reopen();
      assert.equal((await records.get(upload.id))?.state, "receiving");
    });
  });
}
