/**
 * All requests of a run with their answers as HAR 1.2, for browsers' network views and proxies.
 *
 * Always holds: bodies are as far as the run holds them (the comment says how far), base64 where they are no text; secrets are already `***`.
 * Requests that are no HTTP have what can be read of their first line.
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */
import { STATUS_CODES } from "node:http";
import type { CheckRun, RecordedAnswer, RecordedExchange } from "../run/check-run.ts";

interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** The HAR file, JSON, ending in a line break. */
export function harReport(run: CheckRun): string {
  const controls = (run.controls ?? []).map((each) => entry(each, "control upload"));
  const others = run.results.flatMap((result) =>
    result.cases.flatMap((report) =>
      report.exchanges.map((each) => entry(each, `${result.id}, ${report.name}`)),
    ),
  );
  const entries = [...controls, ...others].sort((a, b) => a.startedDateTime.localeCompare(b.startedDateTime));
  const [name = "sluicegate", version = ""] = run.program.split(" ");
  const log = {
    version: "1.2",
    creator: { name, version },
    entries,
    comment: `${run.sentence} Run ${run.id}.`,
  };
  return `${JSON.stringify({ log }, null, 1)}\n`;
}

function entry(exchange: RecordedExchange, about: string) {
  const wait = exchange.answeredAfterMs ?? exchange.elapsedMs;
  const more = exchange.answers.length > 1 ? `; ${exchange.answers.length} answers on one connection` : "";
  return {
    startedDateTime: exchange.sentAt,
    time: exchange.elapsedMs,
    request: request(exchange),
    response: response(exchange.answers[0]),
    cache: {},
    timings: { send: 0, wait, receive: Math.max(0, exchange.elapsedMs - wait) },
    comment: `${about}: ${exchange.name} (${exchange.part}); the connection ended: ${exchange.end}${more}`,
  };
}

function request({ origin, request: { head, bodyBytes, bodyStart } }: RecordedExchange) {
  const [line = "", ...lines] = head.split("\r\n");
  const [method = "", path = "", version = ""] = line.split(" ");
  const headers = lines.map((each) => namedValue(each)).filter((each) => each !== null);
  const url = absolute(origin, path);
  return {
    method,
    url,
    httpVersion: version,
    cookies: [],
    headers,
    queryString: [...(URL.parse(url)?.searchParams ?? [])].map(([name, value]) => ({ name, value })),
    ...(bodyBytes === 0 ? {} : { postData: postData(headers, bodyBytes, bodyStart) }),
    headersSize: Buffer.byteLength(head, "latin1") + 4,
    bodySize: bodyBytes,
  };
}

function namedValue(line: string): NamedValue | null {
  const colon = line.indexOf(":");
  return colon < 1 ? null : { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
}

/** Always an address: what cannot be one is written as one, escaped. */
function absolute(origin: string, path: string): string {
  const joined = path.startsWith("/") ? `${origin}${path}` : `${origin}/`;
  return URL.parse(joined)?.href ?? origin;
}

function postData(headers: readonly NamedValue[], bodyBytes: number, bodyStart: string) {
  const mimeType =
    headers.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "application/octet-stream";
  const { text, encoding } = told(bodyStart);
  const held = Buffer.from(bodyStart, "base64").length;
  const comment = `${encoding === undefined ? "" : `${encoding}; `}${held} of ${bodyBytes} bytes`;
  return { mimeType, text, params: [], comment };
}

function response(answer: RecordedAnswer | undefined) {
  if (answer === undefined) return { ...NO_ANSWER };
  const headers = answer.headers.map(([name, value]) => ({ name, value }));
  const header = (wanted: string) => headers.find(({ name }) => name.toLowerCase() === wanted)?.value ?? "";
  return {
    ...NO_ANSWER,
    status: answer.status,
    statusText: STATUS_CODES[answer.status] ?? "",
    headers,
    content: { size: answer.bodyBytes, mimeType: header("content-type"), ...told(answer.bodyStart) },
    redirectURL: header("location"),
    bodySize: answer.bodyBytes,
    comment: "",
  };
}

/** As Chromium writes a request without an answer: status 0. */
const NO_ANSWER = {
  status: 0,
  statusText: "",
  httpVersion: "HTTP/1.1",
  cookies: [],
  headers: [],
  content: { size: 0, mimeType: "" },
  redirectURL: "",
  headersSize: -1,
  bodySize: -1,
  comment: "no answer",
};

/** Text where the bytes are UTF-8, else as they are: base64. */
function told(base64: string): { readonly text: string; readonly encoding?: "base64" } {
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? { text } : { text: base64, encoding: "base64" };
}
