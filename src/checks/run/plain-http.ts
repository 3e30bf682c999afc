/**
 * Whether an ordinary HTTP client could send exactly these bytes: one well-formed request, framed as it says.
 *
 * @see RFC 9112 sections 3, 5, 6 and 7.1
 */
import type { SentBytes } from "./sent-bytes.ts";

const REQUEST_LINE = /^[A-Z]+ [\x21-\x7e]+ HTTP\/1\.1$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x20-\x7e\t]*)$/;

export function isPlainHttp(sent: SentBytes): boolean {
  if (!sent.isPlain) return false;
  const bytes = Buffer.from(sent.beginning);
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  const headers = headersOf(bytes.toString("latin1", 0, headEnd));
  if (headers === null || count(headers, "host") !== 1) return false;
  const body = bytes.subarray(headEnd + 4);
  return isFramed(headers, body, sent);
}

type Headers = readonly (readonly [name: string, value: string])[];

function headersOf(head: string): Headers | null {
  const [first = "", ...lines] = head.split("\r\n");
  if (!REQUEST_LINE.test(first)) return null;
  const matches = lines.map((line) => HEADER_LINE.exec(line));
  if (matches.includes(null)) return null;
  return matches.map((match) => [match?.[1]?.toLowerCase() ?? "", match?.[2] ?? ""] as const);
}

function count(headers: Headers, name: string): number {
  return headers.filter(([each]) => each === name).length;
}

function valueIn(headers: Headers, name: string): string | undefined {
  return headers.find(([each]) => each === name)?.[1];
}

/** Hiding a secret changes the length of a body that holds one: what was to be sent counts, not what is shown. */
function isFramed(headers: Headers, body: Uint8Array, sent: SentBytes): boolean {
  const lengths = count(headers, "content-length");
  const codings = count(headers, "transfer-encoding");
  if (lengths + codings > 1) return false;
  if (codings === 1)
    return valueIn(headers, "transfer-encoding") === "chunked" && sent.isWhole && isChunked(body);
  const bodyBytes = sent.bodyBytes;
  if (lengths === 0) return bodyBytes === 0;
  const length = valueIn(headers, "content-length") ?? "";
  return /^\d+$/.test(length) && Number(length) === bodyBytes;
}

function isChunked(body: Uint8Array): boolean {
  const bytes = Buffer.from(body);
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = lineEnd === -1 ? null : /^[0-9a-f]{1,8}$/i.exec(bytes.toString("latin1", at, lineEnd));
    if (size === null) return false;
    const length = Number.parseInt(size[0], 16);
    const end = lineEnd + 2 + length;
    if (bytes.toString("latin1", end, end + 2) !== "\r\n") return false;
    at = end + 2;
    if (length === 0) return at === bytes.length;
  }
}
