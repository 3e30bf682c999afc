/**
 * The one property in which an attack and its twin differ, as lines: `-` is the twin, `+` the attack, a space is both.
 *
 * Heads are compared line by line, part headers of forms too; contents by size, digest and the first bytes that differ. Keys for retries are new
 * with each request, so they are no difference where both have one. No more than about twenty lines.
 */
import { createHash } from "node:crypto";
import { splitHead } from "./record-exchange.ts";
import type { SentBytes } from "./sent-bytes.ts";

const LINES_MAX = 20;
const LINE_CHARS_MAX = 160;
const HEX_BYTES = 16;

export function requestDiff(twin: SentBytes, attack: SentBytes): readonly string[] {
  const [one, other] = [splitHead(twin.beginning), splitHead(attack.beginning)];
  const boundary = boundaryOf(one.head) ?? boundaryOf(other.head);
  const lines = [
    ...changes(headLines(one.head), headLines(other.head)),
    ...bodyChanges({ ...twin, body: one.body }, { ...attack, body: other.body }, boundary),
  ];
  const shown = lines.map((line) =>
    line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line,
  );
  if (shown.length <= LINES_MAX) return shown;
  return [...shown.slice(0, LINES_MAX - 1), `  … and ${shown.length - LINES_MAX + 1} more lines`];
}

function headLines(head: string): string[] {
  return head.split("\r\n").map((line) => printable(line.replace(/^(idempotency-key): .*$/i, "$1: …")));
}

function boundaryOf(head: string): string | null {
  return /^content-type:[ \t]*multipart\/[^\r]*boundary="?([^";\r]+)/im.exec(head)?.[1] ?? null;
}

interface Body extends SentBytes {
  readonly body: Uint8Array;
}

function bodyChanges(twin: Body, attack: Body, boundary: string | null): string[] {
  if (Buffer.compare(twin.body, attack.body) === 0 && twin.bodyBytes === attack.bodyBytes) return [];
  if (boundary === null || !twin.isWhole || !attack.isWhole) return contentChanges("body", twin, attack);
  const [one, other] = [partsOf(twin.body, boundary), partsOf(attack.body, boundary)];
  const lines = changes(one.flatMap(partLines), other.flatMap(partLines));
  return lines.length > 0 ? lines : contentChanges("body", twin, attack);
}

/** The pieces between boundary lines, with what stands before the first and after the last. */
function partsOf(body: Uint8Array, boundary: string): string[] {
  return Buffer.from(body).toString("latin1").split(`--${boundary}`);
}

function partLines(part: string): string[] {
  const end = part.indexOf("\r\n\r\n");
  if (end === -1) return [`(between parts) ${printable(part)}`];
  const head = part.slice(0, end).replace(/^\r\n/, "").split("\r\n");
  return [
    ...head.map(printable),
    contentLine(Buffer.from(part.slice(end + 4).replace(/\r\n$/, ""), "latin1")),
  ];
}

function contentLine(content: Uint8Array): string {
  const text = Buffer.from(content).toString("latin1");
  const isShortText = content.length <= 60 && /^[\x20-\x7e]*$/.test(text);
  return isShortText ? `  ${text}` : `  (${content.length} bytes, SHA-256 ${digest(content)}…)`;
}

function contentChanges(what: string, twin: Body, attack: Body): string[] {
  const at = firstDifference(twin.body, attack.body);
  const told = (body: Body): string =>
    `${what}: ${body.bodyBytes} bytes, SHA-256 ${body.isWhole ? `${digest(body.body)}…` : `of the request ${body.sha256.slice(0, 16)}…`}`;
  const lines = [`- ${told(twin)}`, `+ ${told(attack)}`];
  if (at >= Math.max(twin.body.length, attack.body.length)) return lines;
  return [...lines, `- at ${at}: ${hexAt(twin.body, at)}`, `+ at ${at}: ${hexAt(attack.body, at)}`];
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return at;
}

function hexAt(bytes: Uint8Array, at: number): string {
  const piece = Buffer.from(bytes.subarray(at, at + HEX_BYTES));
  return piece.length === 0 ? "(its end)" : piece.toString("hex").replace(/(..)(?=.)/g, "$1 ");
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

/** Lines of one that are not in the other, in order, with what is shared left out: the longest common run of lines at both ends stays silent. */
function changes(twin: readonly string[], attack: readonly string[]): string[] {
  let start = 0;
  while (start < twin.length && start < attack.length && twin[start] === attack[start]) start += 1;
  let end = 0;
  const isSameAtEnd = (): boolean => twin.at(-1 - end) === attack.at(-1 - end);
  while (end < Math.min(twin.length, attack.length) - start && isSameAtEnd()) end += 1;
  const [gone, come] = [twin.slice(start, twin.length - end), attack.slice(start, attack.length - end)];
  return [
    ...gone.filter((line) => !come.includes(line)).map((line) => `- ${line}`),
    ...come.filter((line) => !gone.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** Whatever is not plain ASCII is shown as an escape. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) => {
    const code = char.charCodeAt(0).toString(16).padStart(2, "0");
    return char === "\r" ? "\\r" : char === "\n" ? "\\n" : char === "\t" ? "\\t" : `\\x${code}`;
  });
}
