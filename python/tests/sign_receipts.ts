/**
 * Prints, as one JSON line, requests with receipts made by the gate's own code, for the Python tests to read.
 * Arguments: folder of the keys, issuer, audience, path of a file below the storage root, storage root.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeliveryInput, DeliveryPart } from "../../src/delivery/delivery-input.ts";
import { openReceiptKeys } from "../../src/delivery/receipt/receipt-keys.ts";
import { buildReceiptRequest } from "../../src/delivery/receipt/receipt-request.ts";
import { acceptFile, type ReleasedFile } from "../../src/uploads/stages.ts";
import { newUploadId } from "../../src/uploads/upload-id.ts";

const [folder = "", issuer = "", audience = "", localPath = "", storageRoot = ""] = process.argv.slice(2);
const bytes = await readFile(join(storageRoot, localPath));
const keys = await openReceiptKeys({ folder });
const options = { keys, settings: { issuer, lifetimeMs: 60_000 }, fileName: () => "Zoë.jpg" };

function released(field: string, index: number): ReleasedFile {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const named = { index, field, declaredName: "Zoë.jpg", declaredType: "image/jpeg" };
  const file = { ...named, key: "object-1", sizeBytes: bytes.length, sha256, inline: null };
  const verdict = { outcome: "accept", findings: [] } as const;
  const report = { file, verifiedType: "image/jpeg", stepsDone: new Set<never>(), findings: [], verdict };
  const open = () => Promise.reject(new Error("the bytes are not asked for"));
  return { accepted: acceptFile(report, []), open, localPath };
}

async function deliver(changes: Partial<DeliveryInput>, parts: readonly DeliveryPart[]): Promise<object> {
  const input: DeliveryInput = {
    uploadId: newUploadId(),
    flow: "avatars",
    policyVersion: "0123456789abcdef",
    principal: "public",
    protocol: "multipart",
    method: "POST",
    route: "/api/avatars",
    target: "/api/avatars?size=large",
    audience,
    headers: ["Accept", "*/*"],
    parts,
    ...changes,
  };
  const { method, target, headers, body } = await buildReceiptRequest(input, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return {
    uploadId: input.uploadId,
    method,
    target,
    headers,
    body: Buffer.concat(chunks).toString("base64"),
  };
}

const picture: DeliveryPart = { kind: "file", name: "picture", file: released("picture", 0) };
const caption: DeliveryPart = { kind: "field", name: "caption", value: "Größe & Farbe" };
const table: DeliveryPart = { kind: "file", name: "content", file: released("content", 0) };
const multipart = await deliver({}, [picture, caption]);
await keys.rotate();
const rotated = await deliver({}, [caption, picture]);
const raw = await deliver(
  { protocol: "raw", method: "PUT", route: "/api/imports/{name}", target: "/api/imports/a%20b.csv" },
  [table],
);
process.stdout.write(`${JSON.stringify({ jwks: keys.jwks(), multipart, rotated, raw })}\n`);
