/**
 * What makes two uploads the same: the fingerprint that a key is bound to.
 *
 * Counts: method, canonical target with its query, and every part in order: a field's name and value; a file's field, declared name, declared
 * type, size and SHA-256. The order of the parts counts because it reaches the service, and a client that sends again sends the same order.
 * Counts not: how the body was framed (boundary, part headers that the gate does not read, chunking), and the headers of the request.
 */
import { hashOfValues } from "./hash-of-values.ts";

/** One part of an upload whose bytes are all there. */
export type FingerprintedPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly name: string; readonly file: FingerprintedFile };

/** What is known of a file once it is in quarantine. */
export interface FingerprintedFile {
  readonly declaredName: string | null;
  readonly declaredType: string | null;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * @param target canonical path with query
 * @returns SHA-256, lower-case hex
 */
export function fingerprintOf(upload: {
  readonly method: string;
  readonly target: string;
  readonly parts: readonly FingerprintedPart[];
}): string {
  const values: (string | number | null)[] = [upload.method, upload.target, upload.parts.length];
  for (const part of upload.parts) {
    values.push(part.kind, part.name);
    if (part.kind === "field") values.push(part.value);
    else addFile(values, part.file);
  }
  return hashOfValues("upload", values);
}

function addFile(
  values: (string | number | null)[],
  { declaredName, declaredType, sizeBytes, sha256 }: FingerprintedFile,
): void {
  values.push(declaredName, declaredType, sizeBytes, sha256);
}
