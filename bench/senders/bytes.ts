/**
 * The content of large uploads: random bytes that repeat, so that no sender has to keep or read more than one block.
 */
import { randomBytes } from "node:crypto";

const BLOCK_BYTES = 1024 * 1024;
const block = randomBytes(BLOCK_BYTES);

/** A body: what comes before the file's bytes, how many bytes of the file, and what comes after. */
export interface Body {
  readonly before: Buffer;
  readonly fileBytes: number;
  readonly after: Buffer;
  readonly contentType: string;
}

/** The bytes of a body in blocks. */
export function* blocksOf({ before, fileBytes, after }: Body): Generator<Buffer, void, undefined> {
  if (before.length > 0) yield before;
  for (let left = fileBytes; left > 0; left -= BLOCK_BYTES)
    yield left >= BLOCK_BYTES ? block : block.subarray(0, left);
  if (after.length > 0) yield after;
}

export const lengthOf = ({ before, fileBytes, after }: Body): number =>
  before.length + fileBytes + after.length;

/** A raw body of so many bytes. */
export function rawBody(fileBytes: number): Body {
  return {
    before: Buffer.alloc(0),
    fileBytes,
    after: Buffer.alloc(0),
    contentType: "application/octet-stream",
  };
}

const BOUNDARY = "----bench-boundary-7f3a9c51e2d84b06";

/** A form with one file field `file` of so many bytes. */
export function multipartBody(fileBytes: number): Body {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="data.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    before: Buffer.from(head),
    fileBytes,
    after: Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
  };
}

/** A form with one file field `file` that holds a whole given file. */
export function formOf(
  file: Buffer,
  fileName: string,
  mediaType: string,
): { body: Buffer; contentType: string } {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: ${mediaType}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
  return { body, contentType: `multipart/form-data; boundary=${BOUNDARY}` };
}
