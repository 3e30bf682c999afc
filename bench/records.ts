/**
 * Measures the records alone: begin and move of an upload with 10 KB of inline bytes, as many in flight as given.
 *
 *   node bench/records.ts [folder, default a new one in /dev/shm] [uploads, default 20000] [in flight, default 64] [how much is recorded]
 *
 * How much is recorded: `released` (the default), up to the release; `delivered`, the service's answer too; `decided`, as `delivered` with
 * what permissions add: an audit entry with both, use of two shares and a claimed idempotency key with the release, the key's answer
 * with the service's.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AuditEntry, NewUpload, UploadChange, UsageEntry } from "../src/records/records.ts";
import { openSqliteRecords } from "../src/records/sqlite/open-sqlite-records.ts";
import { newStorageKey } from "../src/storage/storage.ts";
import { newUploadId } from "../src/uploads/upload-id.ts";

const BODY = randomBytes(10_000);
const SHA256 = createHash("sha256").update(BODY).digest("hex");
const folder = process.argv[2] || mkdtempSync("/dev/shm/sluicegate-records-");
const uploads = Number(process.argv[3] ?? 20_000);
const inFlight = Number(process.argv[4] ?? 64);
const recorded = process.argv[5] ?? "released";
const HOUR_MS = 3_600_000;

function newUpload(): NewUpload {
  return {
    id: newUploadId(),
    flow: "avatars",
    policyVersion: "0123456789abcdef",
    mode: "enforce",
    protocol: "multipart",
    method: "POST",
    path: "/api/avatars",
    principal: "public",
    requestId: newUploadId(),
    startedAtMs: Date.now(),
  };
}

function auditEntry(upload: NewUpload, event: string, atMs: number): AuditEntry {
  return {
    atMs,
    event,
    flow: upload.flow,
    policyVersion: upload.policyVersion,
    uploadId: upload.id,
    principal: upload.principal,
    requestId: upload.requestId,
    rule: "policy",
    detail: { files: 1, bytes: BODY.length, sha256: SHA256 },
  };
}

function use(share: string, subject: string, atMs: number): UsageEntry {
  const slotMs = atMs - (atMs % 60_000);
  const taken = { requests: 1, files: 1, bytes: BODY.length };
  return { share, subject, slotMs, ...taken, expiresAtMs: slotMs + HOUR_MS };
}

/** What permissions add to the release. */
function decidedWithRelease(upload: NewUpload, atMs: number): UploadChange {
  if (recorded !== "decided") return {};
  return {
    audit: [auditEntry(upload, "upload-accepted", atMs)],
    usage: [
      use("avatars/rate-1", upload.principal, atMs),
      use("avatars/quota-1", `10.0.0.${started % 250}`, atMs),
    ],
    idempotency: { kind: "claim", scope: newStorageKey(), fingerprint: SHA256, expiresAtMs: atMs + HOUR_MS },
  };
}

/** What they add to the service's answer. */
function decidedWithAnswer(upload: NewUpload, claimed: UploadChange, atMs: number): UploadChange {
  if (claimed.idempotency === undefined) return {};
  const headers = ["content-type", "application/json", "location", `/api/avatars/${upload.id}`];
  const body = Buffer.from(JSON.stringify({ id: upload.id, sha256: SHA256 })).toString("base64");
  return {
    audit: [auditEntry(upload, "upload-delivered", atMs)],
    idempotency: {
      kind: "answer",
      scope: claimed.idempotency.scope,
      answer: { status: 201, headers, body },
      expiresAtMs: atMs + HOUR_MS,
    },
  };
}

const path = join(folder, "records.sqlite");
const records = await openSqliteRecords({ path });

async function oneUpload(): Promise<void> {
  const upload = newUpload();
  const key = newStorageKey();
  const file = {
    index: 0,
    field: "picture",
    declaredName: "me.jpg",
    declaredType: "image/jpeg",
    key,
    sizeBytes: BODY.length,
    sha256: SHA256,
    verifiedType: "image/jpeg",
    isInline: true,
    findings: [],
  };
  const atMs = Date.now();
  const decided = decidedWithRelease(upload, atMs);
  await records.begin(upload);
  await records.move(
    upload.id,
    [
      { from: "receiving", to: "received", atMs },
      { from: "received", to: "inspecting", atMs },
      { from: "inspecting", to: "accepted", atMs },
      { from: "accepted", to: "released", atMs },
    ],
    { files: [file], putInline: [{ key, bytes: BODY }], bytesReceived: BODY.length, ...decided },
  );
  if (recorded === "released") return;
  const delivery = {
    attempt: 1,
    kind: "forward",
    startedAtMs: atMs,
    endedAtMs: atMs,
    status: 201,
    error: null,
  } as const;
  await records.move(upload.id, [{ from: "released", to: "delivered", atMs }], {
    delivery,
    dropInline: [key],
    ...decidedWithAnswer(upload, decided, atMs),
  });
}

let started = 0;
async function client(): Promise<void> {
  while (started < uploads) {
    started += 1;
    await oneUpload();
  }
}

const cpuBefore = process.cpuUsage();
const before = performance.now();
await Promise.all(Array.from({ length: inFlight }, client));
const seconds = (performance.now() - before) / 1000;
const cpu = process.cpuUsage(cpuBefore);
console.log(
  `${uploads} uploads of ${BODY.length} bytes up to ${recorded}, ${inFlight} in flight: ${(uploads / seconds).toFixed(0)} a second, ` +
    `${(uploads / records.commits).toFixed(1)} a commit, ${(((cpu.user + cpu.system) / uploads) | 0).toFixed(0)} µs CPU each`,
);
await records.close();
if (!process.argv[2]) rmSync(folder, { recursive: true });
