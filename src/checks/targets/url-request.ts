/**
 * What somebody says of a route on the command line, read: an address, a sample, a few words. Nothing is sent here.
 */
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import { didYouMean } from "../../setup/nearest-word.ts";
import { FILE_TYPES } from "../../uploads/file-types.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { FirstRequests } from "./ask.ts";

/** As it was written; `null` and empty where it was left out. */
export interface UrlTargetInput {
  /** `http://host:port/path`; `{name}` as its last segment is replaced by the file's name where the body is raw. */
  readonly url: string;
  /** Form field of the file. */
  readonly field: string | null;
  /** Path of a file that the route must take. */
  readonly sample: string;
  readonly method: string | null;
  readonly sizeBytesMax: number | null;
  /** Media types or extensions, or `any`. */
  readonly types: readonly string[] | "any" | null;
  /** `Name: value`, credentials too. */
  readonly headers: readonly string[];
  /** Text fields by name. */
  readonly texts: ReadonlyMap<string, string>;
  readonly isRaw: boolean;
  /** Status of an accepted upload. */
  readonly status: number | null;
  readonly runId: string;
  /** What `https://` is trusted by, beside the system's authorities. */
  readonly tls?: TlsTrust;
  /** Default: `upload`. */
  readonly first?: FirstRequests;
}

/** The same, taken apart. */
export interface UrlRequest {
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: string | null;
  readonly types: readonly string[] | "any" | null;
  /** Header lines without credentials. */
  readonly headers: readonly string[];
  /** The header that says who sends, or `null`. */
  readonly credential: { readonly header: string; readonly value: string } | null;
}

const METHODS: readonly string[] = ["POST", "PUT", "PATCH"];
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Headers that say who sends; the first one of these is the credential that checks leave out or change. */
const CREDENTIALS: readonly string[] = [
  "authorization",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "x-access-token",
  "cookie",
];

/** @throws CHECK_TARGET_INVALID */
export function readUrlRequest(input: UrlTargetInput): UrlRequest {
  const url = readUrl(input.url);
  const headers = input.headers.map(readHeader);
  const rank = ({ header }: { readonly header: string }) => CREDENTIALS.indexOf(header.toLowerCase());
  const [credential = null] = headers.filter((each) => rank(each) >= 0).toSorted((a, b) => rank(a) - rank(b));
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`.replace(/%7B(\w+)%7D/gi, "{$1}"),
    method: input.method === null ? null : readMethod(input.method),
    types: readTypes(input.types),
    headers: headers.filter((each) => each !== credential).map(({ header, value }) => `${header}: ${value}`),
    credential,
  };
}

function readUrl(written: string): URL {
  const hint = "write it like http://127.0.0.1:8000/upload.";
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw invalid(`${quoteSeen(written)} is not an http or https URL; ${hint}`);
  if (url.username !== "" || url.password !== "")
    throw invalid("A password in the URL ends up in logs; send it with --header 'Authorization: Basic …'.");
  return url;
}

function readMethod(written: string): string {
  const method = written.toUpperCase();
  if (METHODS.includes(method)) return method;
  throw invalid(`${quoteSeen(written)} is no method that uploads have; write POST, PUT or PATCH.`);
}

/** The value may be a secret, so it is never repeated. */
function readHeader(line: string): { readonly header: string; readonly value: string } {
  const colon = line.indexOf(":");
  const [header, value] = [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()];
  if (TOKEN.test(header) && /^[\x20-\x7e\x80-\xff]+$/.test(value)) return { header, value };
  throw invalid("A header is written as --header 'Name: value'; one of those given is not.");
}

function readTypes(written: UrlTargetInput["types"]): UrlRequest["types"] {
  if (written === null || written === "any") return written;
  return written.map((each) => {
    const word = each.trim().toLowerCase().replace(/^\./, "");
    const names = (type: (typeof FILE_TYPES)[number]): readonly string[] => [
      type.mediaType,
      ...type.aliases,
      ...type.extensions,
    ];
    const type = FILE_TYPES.find((known) => names(known).includes(word));
    if (type !== undefined) return type.mediaType;
    const known = FILE_TYPES.flatMap(names);
    throw invalid(
      `${quoteSeen(each)} is no type that is known here.${didYouMean(word, known)} Write it like image/png or png, or --types any.`,
    );
  });
}

/** Nothing can be checked with what was given. */
export function invalid(message: string): GateError {
  return new GateError("CHECK_TARGET_INVALID", { message });
}
