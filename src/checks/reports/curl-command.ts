/**
 * A command for a shell that sends the same request again: curl where any client could send it, else Python with a plain socket, else the
 * program itself with the evidence it kept.
 *
 * Always holds: nothing that the target or the attack chose is read by the shell; secrets are `$SLUICEGATE_CREDENTIAL`, to be set before.
 */
import type { CaseReport, RecordedExchange } from "../run/check-run.ts";
import { base64Lines, requestLines, SENDER } from "./python-sender.ts";
import { replayCommand } from "./run-words.ts";
import { credentialName, replaceHidden, type SentRequest, sentRequest } from "./sent-request.ts";
import { shownLine } from "./shown-text.ts";

/** How to send a request again. */
export interface SendCommand {
  readonly by: "curl" | "python" | "replay";
  /** For a POSIX shell; `null` where nothing can send it again. */
  readonly text: string | null;
  /** What to know before, and why it is not curl, in sentences; empty where there is nothing. */
  readonly notes: readonly string[];
}

const PRINTABLE = /^[\x20-\x7e]*$/;
/** What curl adds by itself where it is not told otherwise. */
const ADDED_BY_CURL = ["Accept", "User-Agent"];

/** The command for one request of a case. */
export function sendCommand(report: CaseReport, exchange: RecordedExchange): SendCommand {
  const request = sentRequest(exchange);
  if (typeof request === "string") return replay(report, request);
  const curl = exchange.request.isPlainHttp ? curlOf(exchange.origin, request) : null;
  const notes = credentialNotes(request);
  if (curl !== null) return { by: "curl", text: curl, notes };
  const why = "No HTTP client sends exactly these bytes, so this is Python with a plain socket.";
  return { by: "python", text: pythonOf(exchange.origin, request), notes: [why, ...notes] };
}

function replay(report: CaseReport, reason: string): SendCommand {
  const text = replayCommand(report);
  const why = `curl cannot send this request again: ${reason}.`;
  return { by: "replay", text, notes: text === null ? [why, "No evidence of it was kept."] : [why] };
}

/** One sentence for each secret that was taken out. */
export function credentialNotes(request: SentRequest): readonly string[] {
  return request.hidden.map(
    (name, index) => `Set ${credentialName(index)} to the value of the header ${shownLine(name, 80)} first.`,
  );
}

/** `null` where curl would send something else. */
function curlOf(origin: string, request: SentRequest): string | null {
  const [method = "", path = ""] = request.line.split(" ");
  const headers = request.headers.map((line) => splitHeader(line));
  const body = isChunked(headers) ? unchunked(request.body) : request.body;
  const isPrintable = [origin, request.line, ...request.headers].every((text) => PRINTABLE.test(text));
  if (body === null || !isPrintable || !path.startsWith("/")) return null;
  const options = [
    `curl --http1.1 --include ${method === "HEAD" ? "--head" : `--request ${method}`}`,
    ...headerOptions(headers, new URL(origin).host, body.length > 0),
    ...(body.length > 0 ? ["--data-binary @-"] : []),
    `--path-as-is --globoff ${quoted(origin + path)}`,
  ];
  const command = options.join(" \\\n  ");
  if (body.length === 0) return command;
  return ["base64 -d <<'END-OF-BODY' |", command]
    .join(" ")
    .concat(`\n${base64Lines(body).join("\n")}\nEND-OF-BODY`);
}

type Header = readonly [name: string, value: string];

function splitHeader(line: string): Header {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function headerOptions(headers: readonly Header[], host: string, hasBody: boolean): readonly string[] {
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const removed = [...ADDED_BY_CURL, ...(hasBody ? ["Content-Type"] : [])].filter(
    (name) => !names.has(name.toLowerCase()),
  );
  let hidden = 0;
  const kept = headers.filter(([name, value]) => !isCurls(name.toLowerCase(), value, host, hasBody));
  const options = kept.map(([name, value]) => {
    const text = value === "" ? quoted(`${name};`) : quoted(`${name}: ${value}`);
    return `--header ${replaceHidden(text, () => `'"$${credentialName(hidden++)}"'`)}`;
  });
  return [...options, ...removed.map((name) => `--header '${name}:'`)];
}

/** What curl writes itself, and in the same way. */
function isCurls(name: string, value: string, host: string, hasBody: boolean): boolean {
  if (name === "host") return value.toLowerCase() === host.toLowerCase();
  return name === "content-length" && hasBody;
}

function isChunked(headers: readonly Header[]): boolean {
  return headers.some(([name]) => name.toLowerCase() === "transfer-encoding");
}

/** The content of a chunked body without trailers; `null` where it is none. @see RFC 9112 section 7.1 */
function unchunked(body: Buffer): Buffer | null {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = lineEnd === -1 ? null : /^[0-9a-f]{1,8}$/i.exec(body.toString("latin1", at, lineEnd));
    if (size === null) return null;
    const length = Number.parseInt(size[0], 16);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}

function pythonOf(origin: string, request: SentRequest): string {
  const lines = requestLines(request, "");
  const call = `received = send(${pythonText(origin)}, request)`;
  const print = 'print(received.decode("latin-1") if received else "no answer")';
  return `python3 - <<'PY'\n${SENDER}\n\n${[...lines, call, print].join("\n")}\nPY`;
}

/** A text as a Python literal: JSON's escapes are Python's, too, for what is ASCII. */
export function pythonText(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
