/**
 * The request of a case and its answer, as SARIF tells them.
 * @see SARIF 2.1.0 sections 3.46 and 3.47
 */
import { STATUS_CODES } from "node:http";
import type { CaseReport, RecordedAnswer, RecordedExchange } from "../run/check-run.ts";
import { attackOf } from "./run-words.ts";
import { shownLine } from "./shown-text.ts";

const VALUE_CHARS = 1000;
const HEADERS_MAX = 50;

/** `webRequest` and `webResponse` of a SARIF result: those of the attack; nothing where nothing was sent. */
export function webExchange(report: CaseReport) {
  const attack = attackOf(report);
  if (attack === null) return {};
  const [answer] = attack.answers;
  return {
    webRequest: webRequest(attack),
    webResponse: answer === undefined ? { noResponseReceived: true } : webResponse(answer),
  };
}

function webRequest({ request }: RecordedExchange) {
  const [line = "", ...lines] = request.head.split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const headers = lines.map(
    (each) => [each.split(":")[0] ?? "", each.slice(each.indexOf(":") + 1).trim()] as const,
  );
  return {
    protocol: "HTTP",
    version: "1.1",
    method: shownLine(method, 50),
    target: shownLine(target, VALUE_CHARS),
    headers: headersOf(headers),
    ...(request.bodyStart === "" ? {} : { body: { binary: request.bodyStart } }),
  };
}

function webResponse(answer: RecordedAnswer) {
  return {
    protocol: "HTTP",
    version: "1.1",
    statusCode: answer.status,
    reasonPhrase: STATUS_CODES[answer.status] ?? "",
    headers: headersOf(answer.headers),
    ...(answer.bodyStart === "" ? {} : { body: { binary: answer.bodyStart } }),
  };
}

/** Several of one name are one with commas between, as SARIF has an object. @see RFC 9110 section 5.3 */
function headersOf(headers: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [written, value] of headers.slice(0, HEADERS_MAX)) {
    const name = shownLine(written, 100);
    const before = joined.get(name);
    joined.set(name, shownLine(before === undefined ? value : `${before}, ${value}`, VALUE_CHARS));
  }
  return Object.fromEntries(joined);
}
