/**
 * Writes a multipart/form-data body: the canonical one that takes the place of the client's.
 *
 * In: parts in order, texts in memory, files as sources. Out: its exact length and its bytes, pulled.
 * Always: the boundary occurs in no text part, and in a file only with a chance of 2^-128, because it is made after the file was received;
 * names can end no header and no quoted string. Memory: at most one read of a file (256 KiB), or one gathered run of small parts.
 * @see RFC 7578; names as in WHATWG HTML, "multipart/form-data encoding algorithm"
 */

import { GateError } from "../problems/gate-error.ts";
import type { ByteSource } from "../uploads/byte-source.ts";
import { pooledRandomBytes } from "../uploads/random-pool.ts";

/** Bytes asked of a source at once. */
export const READ_BYTES = 256 * 1024;

/** Runs of pieces smaller than a read are joined up to this size, so that a small body is one write. */
const GATHER_BYTES = READ_BYTES - 1;

export type BodyPart =
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  | {
      readonly kind: "file";
      readonly name: string;
      readonly fileName: string;
      readonly mediaType: string;
      readonly content: FileContent;
    };

/** A file's bytes, in memory or to be opened. */
export interface FileContent {
  readonly sizeBytes: number;
  readonly inline: Uint8Array | null;
  readonly open: () => Promise<ByteSource>;
}

export interface WrittenBody {
  readonly contentType: string;
  readonly bodyBytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}

type Piece = Uint8Array | FileContent;

/** Writes a body of the parts. The iterable can be run through once. */
export function writeMultipart(parts: readonly BodyPart[]): WrittenBody {
  const boundary = newBoundary(parts);
  const pieces: Piece[] = [];
  for (const part of parts) {
    pieces.push(Buffer.from(partHead(part, boundary)));
    pieces.push(part.kind === "text" ? Buffer.from(part.text) : (part.content.inline ?? part.content));
    pieces.push(Buffer.from("\r\n"));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  const bodyBytes = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0);
  return { contentType: `multipart/form-data; boundary=${boundary}`, bodyBytes, body: pieceBytes(pieces) };
}

/** The bytes of one file alone, for a raw body. */
export async function* fileBytes(content: FileContent): AsyncGenerator<Uint8Array, void, undefined> {
  if (content.inline !== null) {
    yield content.inline;
    return;
  }
  const source = await content.open();
  try {
    if (source.sizeBytes !== content.sizeBytes) throw changedFile();
    for (let offset = 0; offset < content.sizeBytes; ) {
      const chunk = await source.read(offset, Math.min(READ_BYTES, content.sizeBytes - offset));
      if (chunk.length === 0) throw changedFile();
      offset += chunk.length;
      // A full read has left the process when the next is asked for; a short one may wait in the socket while its source closes.
      yield chunk.length < READ_BYTES ? Buffer.from(chunk) : chunk;
    }
  } finally {
    await source.close();
  }
}

function newBoundary(parts: readonly BodyPart[]): string {
  for (;;) {
    const boundary = `sluicegate-${pooledRandomBytes(16).toString("hex")}`;
    if (!parts.some((part) => part.kind === "text" && part.text.includes(boundary))) return boundary;
  }
}

function partHead(part: BodyPart, boundary: string): string {
  const name = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(part.name)}"`;
  if (part.kind === "text") return `${name}\r\n\r\n`;
  return `${name}; filename="${escapeName(part.fileName)}"\r\nContent-Type: ${part.mediaType}\r\n\r\n`;
}

function escapeName(name: string): string {
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function sizeOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.sizeBytes;
}

/** Joins small pieces; a small file on disk is read into the same run. */
async function* pieceBytes(pieces: readonly Piece[]): AsyncGenerator<Uint8Array, void, undefined> {
  let run: Uint8Array[] = [];
  let runBytes = 0;
  const takeRun = (): Uint8Array => {
    const joined = run.length === 1 && run[0] !== undefined ? run[0] : Buffer.concat(run);
    run = [];
    runBytes = 0;
    return joined;
  };
  for (const piece of pieces) {
    const size = sizeOf(piece);
    if (runBytes > 0 && runBytes + size > GATHER_BYTES) yield takeRun();
    if (piece instanceof Uint8Array) {
      run.push(piece);
      runBytes += size;
    } else if (size <= GATHER_BYTES) {
      // Of at most one read, so it was copied.
      for await (const chunk of fileBytes(piece)) run.push(chunk);
      runBytes += size;
    } else yield* fileBytes(piece);
  }
  if (runBytes > 0) yield takeRun();
}

function changedFile(): GateError {
  return new GateError("STORAGE_READ_FAILED", {
    cause: new Error("a released file is not as long as its record says"),
  });
}
