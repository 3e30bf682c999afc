/**
 * Measures the records alone: begin and move of an upload with 10 KB of inline bytes, as many in flight as given.
 *
 *   node bench/records.ts [folder, default a new one in /dev/shm] [uploads, default 20000] [in flight, default 64]
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NewUpload } from "../src/records/records.ts";
import { openSqliteRecords } from "../src/records/sqlite/open-sqlite-records.ts";
import { newStorageKey } from "../src/storage/storage.ts";
import { newUploadId } from "../src/uploads/upload-id.ts";

const BODY = randomBytes(10_000);
const SHA256 = createHash("sha256").update(BODY).digest("hex");
const folder = process.argv[2] || mkdtempSync("/dev/shm/sluicegate-records-");
const uploads = Number(process.argv[3] ?? 20_000);
const inFlight = Number(process.argv[4] ?? 64);

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
  await records.begin(upload);
  await records.move(
    upload.id,
    [
      { from: "receiving", to: "received", atMs },
      { from: "received", to: "inspecting", atMs },
      { from: "inspecting", to: "accepted", atMs },
      { from: "accepted", to: "released", atMs },
    ],
    { files: [file], putInline: [{ key, bytes: BODY }], bytesReceived: BODY.length },
  );
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
  `${uploads} uploads of ${BODY.length} bytes, ${inFlight} in flight: ${(uploads / seconds).toFixed(0)} a second, ` +
    `${(uploads / records.commits).toFixed(1)} a commit, ${(((cpu.user + cpu.system) / uploads) | 0).toFixed(0)} µs CPU each`,
);
await records.close();
if (!process.argv[2]) rmSync(folder, { recursive: true });
