/**
 * Gets the text of an OpenAPI document from a file or from the service itself.
 */
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { GateError } from "../problems/gate-error.ts";

const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
const FETCH_MS_MAX = 15_000;

/** @throws GateError OPENAPI_INVALID where it cannot be had, is larger than 16 MiB, or is not UTF-8. */
export async function readOpenApiText(source: string): Promise<string> {
  const stream = /^https?:\/\//i.test(source) ? await fetchDocument(source) : await openDocument(source);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > DOCUMENT_BYTES_MAX) throw unreadable("The document is larger than 16 MiB.");
      chunks.push(chunk);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    if (cause instanceof GateError) throw cause;
    throw unreadable("The document broke off, or is not UTF-8 text.", cause);
  }
}

/** A redirect is told, not followed: the document is where the person says it is. */
async function fetchDocument(url: string): Promise<AsyncIterable<Buffer>> {
  let answer: Response;
  try {
    answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(FETCH_MS_MAX) });
  } catch (cause) {
    throw unreadable("Nothing answers there; is the service running?", cause);
  }
  const location = answer.headers.get("location");
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    const elsewhere = location === null ? "" : ` and points to ${location}`;
    throw unreadable(`The service answers with status ${answer.status}${elsewhere}, not with the document.`);
  }
  return Readable.fromWeb(answer.body as import("node:stream/web").ReadableStream<Uint8Array>);
}

async function openDocument(file: string): Promise<AsyncIterable<Buffer>> {
  try {
    return (await open(file, "r")).createReadStream();
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? "There is no such file."
        : "The file cannot be read.";
    throw unreadable(reason, cause);
  }
}

function unreadable(message: string, cause?: unknown): GateError {
  return new GateError("OPENAPI_INVALID", cause === undefined ? { message } : { message, cause });
}
