/**
 * A released file found again by its record, for another try to deliver it.
 *
 * In: the record of a file whose upload was released. Out: the same file as its release gave it. Always holds: a file that is nowhere any more
 * is an error here, before anybody is told of it.
 */
import type { FileRecord, Records } from "../records/records.ts";
import type { Storage } from "../storage/storage.ts";
import { type ByteSource, memorySource } from "../uploads/byte-source.ts";
import { type AcceptedFile, acceptFile, type ReleasedFile } from "../uploads/stages.ts";
import { pathBelowRoot, type ReleaseOptions } from "./release-file.ts";

/** Where the bytes may be. */
export interface ReopenSources {
  readonly records: Pick<Records, "readInline">;
  readonly storage: Pick<Storage, "open" | "localPath" | "localRoot">;
}

/**
 * Finds a file's bytes: in the records, else in storage.
 * @throws STORAGE_OBJECT_MISSING, STORAGE_READ_FAILED, RECORDS_UNAVAILABLE
 */
export async function reopenFile(
  file: FileRecord,
  { records, storage }: ReopenSources,
  { needsPath }: ReleaseOptions,
): Promise<ReleasedFile> {
  const inline = await records.readInline(file.key);
  const accepted = acceptedOf(file, inline);
  const localPath = needsPath ? pathBelowRoot(storage, file.key) : null;
  if (inline !== null) return { accepted, open: async () => memorySource(inline), localPath };
  const open = (): Promise<ByteSource> =>
    needsPath ? storage.open("store", file.key) : openPassedOn(storage, file.key);
  await (await open()).close();
  return { accepted, open, localPath };
}

/** A start brings bytes of small files from the records to the store; larger ones that are only passed on never leave quarantine. */
async function openPassedOn(storage: Pick<Storage, "open">, key: string): Promise<ByteSource> {
  return storage.open("quarantine", key).catch(() => storage.open("store", key));
}

/** Its record is the proof: only what was accepted is ever recorded as released. */
function acceptedOf(record: FileRecord, inline: Uint8Array | null): AcceptedFile {
  const { index, field, declaredName, declaredType, key, sizeBytes, sha256, verifiedType, findings } = record;
  const file = { index, field, declaredName, declaredType, key, sizeBytes, sha256, inline };
  const verdict = { outcome: "accept", findings } as const;
  return acceptFile({ file, verifiedType, stepsDone: new Set(), findings, verdict }, []);
}
