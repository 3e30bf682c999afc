/**
 * From rows of the database to records. The database is the gate's own: what it wrote there is trusted to have its shape, and the
 * tables are STRICT, so that a column has the type that it was declared with.
 */
import type { SQLOutputValue } from "node:sqlite";
import type { Finding } from "../../uploads/finding.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { UploadState } from "../../uploads/upload-state.ts";
import type { DeliveryRecord, FileRecord, RefusalRecord, UploadMove, UploadRecord } from "../records.ts";

type Row = Record<string, SQLOutputValue>;

/** A row of `uploads`, with what the other tables have of it. */
export function toUpload(row: Row, parts: Pick<UploadRecord, "files" | "deliveries">): UploadRecord {
  return {
    id: row.id as UploadId,
    flow: String(row.flow),
    policyVersion: String(row.policy_version),
    mode: row.mode as UploadRecord["mode"],
    protocol: String(row.protocol),
    method: String(row.method),
    path: String(row.path),
    principal: String(row.principal),
    requestId: String(row.request_id),
    startedAtMs: Number(row.started_at_ms),
    state: row.state as UploadState,
    updatedAtMs: Number(row.updated_at_ms),
    bytesReceived: Number(row.bytes_received),
    moves: textToMoves(String(row.moves)),
    refusal: row.refusal === null ? null : (JSON.parse(String(row.refusal)) as RefusalRecord),
    nextTryAtMs: numberOrNull(row.next_try_at_ms),
    ...parts,
  };
}

type MoveItems = readonly [from: UploadState, to: UploadState, atMs: number, note?: string];

/** The lines that moves add to `uploads.moves`. */
export function movesToText(moves: readonly UploadMove[]): string {
  return moves.map(({ from, to, atMs, note }) => `${JSON.stringify([from, to, atMs, note])}\n`).join("");
}

function textToMoves(text: string): UploadMove[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => toMove(JSON.parse(line) as MoveItems));
}

function toMove([from, to, atMs, note]: MoveItems): UploadMove {
  return { from, to, atMs, ...(note == null ? {} : { note }) };
}

/** A row of `files`, with `is_inline`. */
export function toFile(row: Row): FileRecord {
  return {
    index: Number(row.position),
    field: String(row.field),
    declaredName: textOrNull(row.declared_name),
    declaredType: textOrNull(row.declared_type),
    key: String(row.key),
    sizeBytes: Number(row.size_bytes),
    sha256: String(row.sha256),
    verifiedType: textOrNull(row.verified_type),
    isInline: row.is_inline === 1,
    findings: row.findings === null ? [] : (JSON.parse(String(row.findings)) as Finding[]),
  };
}

/** A row of `deliveries`. */
export function toDelivery(row: Row): DeliveryRecord {
  return {
    attempt: Number(row.attempt),
    kind: row.kind as DeliveryRecord["kind"],
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: numberOrNull(row.ended_at_ms),
    status: numberOrNull(row.status),
    error: textOrNull(row.error),
  };
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
