/**
 * The service's yes: whom it names, and what it allows less than the flow does.
 *
 * In: an answer with a 2xx. Out: principal and narrowing, or why it cannot be understood, in words for the operator's log. Always holds: what is not
 * understood is no yes, since it may be a limit; said in two places, it has to be the same in both.
 */

import { quoteSeen } from "../../problems/gate-error.ts";
import { parseJson } from "../../setup/parse-json.ts";
import { headerValues } from "../../upstream/raw-headers.ts";
import type { UpstreamAnswer } from "../../upstream/upstream.ts";
import type { Narrowing } from "../caller.ts";
import { isPrincipalName, PRINCIPAL_EXPECTED } from "../principal-name.ts";
import { readNarrowing } from "../read-narrowing.ts";
import { hasRepeatedName } from "./repeated-name.ts";

/** Longer bodies are not read. */
export const YES_BYTES_MAX = 16 * 1024;

export type YesReading =
  | { readonly ok: true; readonly principal: string; readonly narrowing: Narrowing | null }
  | { readonly ok: false; readonly why: string };

type Members = Readonly<Record<string, unknown>>;

/** A value that is none: no member is ever this. */
const UNREADABLE = Symbol("unreadable");

/** The headers that may say it, and how each is read. */
const HEADERS: Readonly<Record<string, (text: string) => readonly [name: string, value: unknown]>> = {
  "sluicegate-principal": (text) => ["principal", percentDecoded(text)],
  "sluicegate-max-bytes": (text) => ["max_bytes", wholeNumber(text)],
  "sluicegate-max-files": (text) => ["max_files", wholeNumber(text)],
  "sluicegate-types": (text) => ["types", text.split(",").map((type) => type.trim())],
  "sluicegate-sha256": (text) => ["sha256", text],
};

const NAMES: ReadonlySet<string> = new Set(["principal", "max_bytes", "max_files", "types", "sha256"]);

/** Reads what a yes says, in `Sluicegate-*` headers, in a JSON object, or in both. */
export function readYes(answer: UpstreamAnswer): YesReading {
  const inHeaders = readHeaders(answer);
  if (typeof inHeaders === "string") return misread(inHeaders);
  const inBody = readBody(answer);
  if (typeof inBody === "string") return misread(inBody);
  const twice = Object.keys(inHeaders).find(
    (name) => name in inBody && JSON.stringify(inHeaders[name]) !== JSON.stringify(inBody[name]),
  );
  if (twice !== undefined) return misread(`its headers and its body name another ${twice}`);
  return judge({ ...inBody, ...inHeaders });
}

const misread = (why: string): YesReading => ({ ok: false, why });

function judge(members: Members): YesReading {
  const { principal } = members;
  if (principal === undefined || principal === null)
    return misread(
      'it does not say who sends: it needs "principal" in a JSON object, or a header Sluicegate-Principal',
    );
  if (!isPrincipalName(principal)) return misread(`its principal is not ${PRINCIPAL_EXPECTED}`);
  const reading = readNarrowing(members);
  if (!reading.ok) return misread(`its ${reading.name} is not ${reading.expected}`);
  return { ok: true, principal, narrowing: reading.narrowing };
}

/** The members that headers name; a text for what is wrong. Other headers of the service's are its own business, but not look-alikes of these. */
function readHeaders({ headers }: UpstreamAnswer): Members | string {
  const members: Record<string, unknown> = {};
  for (let at = 0; at < headers.length; at += 2) {
    const lowerName = (headers[at] ?? "").toLowerCase();
    if (!lowerName.startsWith("sluicegate-")) continue;
    const read = Object.hasOwn(HEADERS, lowerName) ? HEADERS[lowerName] : undefined;
    if (read === undefined) return `it has a header ${lowerName}, which the gate does not know`;
    const [name, value] = read((headers[at + 1] ?? "").trim());
    if (name in members) return `it has two headers ${lowerName}`;
    if (value === UNREADABLE) return `its header ${lowerName} cannot be read`;
    members[name] = value;
  }
  return members;
}

/** The members of a JSON body; a body of another type, or none, says nothing. */
function readBody({ headers, body }: UpstreamAnswer): Members | string {
  if (
    body?.length === 0 ||
    !/^application\/json\s*(?:;|$)/i.test(headerValues(headers, "content-type")[0] ?? "")
  )
    return {};
  if (body === null) return `its body broke off or has more than ${YES_BYTES_MAX} bytes`;
  const text = textOf(body);
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "its body is no JSON object";
  const unknown = Object.keys(value).find((name) => !NAMES.has(name));
  if (unknown !== undefined)
    return `its body has a member ${quoteSeen(unknown)}, which the gate does not know`;
  if (hasRepeatedName(text)) return "its body says one name twice";
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/** What is no UTF-8 becomes something that is no JSON either. */
function textOf(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return "";
  }
}

const wholeNumber = (text: string): unknown => (/^\d{1,16}$/.test(text) ? Number(text) : UNREADABLE);

/** As the gate itself writes `Sluicegate-Principal` to the service: all but visible ASCII, and `%`, percent-encoded. */
function percentDecoded(text: string): unknown {
  if (/[^\x20-\x7e]/.test(text)) return UNREADABLE;
  try {
    return decodeURIComponent(text);
  } catch {
    return UNREADABLE;
  }
}
