/**
 * What is judged of a request's head before a byte of its body is read: one reading, one protocol, a size that can fit.
 */
import type { IncomingMessage } from "node:http";
import type { Flow } from "../flows/flow.ts";
import { judgeDeclared } from "../inspection/declared.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import { readBoundary } from "../protocols/multipart/content-type.ts";
import { readRawHead } from "../protocols/raw/raw-head.ts";
import type { ReceivedFile } from "../uploads/stages.ts";
import { type BodyDigest, readBodyDigests } from "./body-digests.ts";
import { gateErrorOf } from "./refusal.ts";

/** Bytes that one part's headers and boundary may take. */
export const PART_HEADER_BYTES_MAX = 8 * 1024;
const PART_FRAME_BYTES_MAX = PART_HEADER_BYTES_MAX + 80;
const BYTES_PER_CHAR_MAX = 4;
/** Parts beyond what the flow can take that are still read: a wrong field is better told by its name than by a count. */
const PARTS_SLACK = 4;

/** How the body will be read, and the digests that it must have. */
export type BodyPlan = ProtocolPlan & { readonly digests: readonly BodyDigest[] };

type ProtocolPlan =
  | {
      readonly protocol: "multipart";
      readonly boundary: string;
      readonly bodyBytesMax: number;
      readonly partsMax: number;
    }
  | { readonly protocol: "raw"; readonly file: ReceivedFile; readonly bodyBytesMax: number };

/** Headers that name one thing only; two of them would leave open which one counts. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-type",
  "content-length",
  "content-encoding",
  "content-disposition",
  "transfer-encoding",
  "authorization",
  "expect",
]);

const VERSIONS: ReadonlySet<string> = new Set(["1.0", "1.1", "2.0"]);
const HOST = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?$/;

/**
 * Holds for every request, whatever its route.
 * @throws REQUEST_HEADER_DUPLICATED, METHOD_NOT_SUPPORTED, REQUEST_MALFORMED
 * @see RFC 9110 section 5.3; RFC 9112 sections 2.3, 3.2 and 6.3
 */
export function judgeFraming(req: IncomingMessage): void {
  judgeVersion(req);
  const seen = new Set<string>();
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    const name = (req.rawHeaders[index] ?? "").toLowerCase();
    if (SINGLE_HEADERS.has(name) && seen.has(name)) {
      throw new GateError("REQUEST_HEADER_DUPLICATED", {
        expected: `one ${name} header`,
        seen: "more than one",
        details: { header: name },
      });
    }
    seen.add(name);
  }
  judgeHost(req, seen.has("host"));
  if (req.method === "TRACE" || req.method === "CONNECT")
    throw new GateError("METHOD_NOT_SUPPORTED", { seen: req.method });
  judgeTransferCoding(req, seen);
}

/**
 * The HTTP/1 parser lets `HTTP/2.0` and `HTTP/0.9` pass in a request line; servers behind it read them as they like.
 * @see RFC 9112 section 2.3
 */
function judgeVersion(req: IncomingMessage): void {
  if (VERSIONS.has(req.httpVersion) && (req.httpVersion !== "2.0" || isStream(req))) return;
  throw new GateError("REQUEST_MALFORMED", {
    expected: "HTTP/1.1 or HTTP/1.0",
    seen: `HTTP/${req.httpVersion}`,
  });
}

/** Whether a request came over HTTP/2: then its headers have no line, and its version is not the client's to say. */
const isStream = (req: IncomingMessage): boolean => "isHttp2" in req && req.isHttp2 === true;

/**
 * A name or an address, and a port that there is. What else the grammar of RFC 3986 section 3.2.2 allows (percent-encoding, sub-delimiters) no
 * host has, and two servers would take it for different ones.
 * @see RFC 9112 section 3.2; RFC 9110 section 7.2
 */
function judgeHost(req: IncomingMessage, isThere: boolean): void {
  if (!isThere && req.httpVersion === "1.0") return;
  const host = isThere ? (req.headers.host ?? "") : null;
  const [, port] = HOST.exec(host ?? "") ?? [];
  if (
    host !== null &&
    HOST.test(host) &&
    (port === undefined || (Number(port) > 0 && Number(port) <= 65_535))
  )
    return;
  throw new GateError("REQUEST_MALFORMED", {
    message: "The request does not say for which host it is.",
    expected: "a Host header with a name or an address, and a port or none",
    seen: host === null ? "none" : quoteSeen(host),
    details: { header: "host" },
  });
}

function judgeTransferCoding(req: IncomingMessage, seen: ReadonlySet<string>): void {
  const coding = req.headers["transfer-encoding"];
  if (coding === undefined) return;
  if (coding.toLowerCase() !== "chunked") {
    throw new GateError("REQUEST_MALFORMED", {
      expected: "Transfer-Encoding: chunked",
      seen: quoteSeen(coding),
    });
  }
  if (seen.has("content-length") || req.httpVersion === "1.0") {
    throw new GateError("REQUEST_MALFORMED", {
      message: "The request says its length in two ways.",
      expected: "Content-Length or Transfer-Encoding, not both",
      seen: req.httpVersion === "1.0" ? "Transfer-Encoding in HTTP/1.0" : "both",
    });
  }
}

/** Whether a request says that it has a body. @see RFC 9112 section 6.3 */
export function declaresBody(req: IncomingMessage): boolean {
  return req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
}

/**
 * Decides how a flow's body is read, or that it is not.
 * @throws CONTENT_ENCODING_UNSUPPORTED, CONTENT_RANGE_UNSUPPORTED, CONTENT_TYPE_UNSUPPORTED, PROTOCOL_BOUNDARY_INVALID, BODY_TOO_LARGE,
 *   FILE_TOO_LARGE, BODY_DIGEST_INVALID, and for raw bodies the codes of a declared name or type that the flow does not allow.
 */
export function planBody(req: IncomingMessage, flow: Flow): BodyPlan {
  judgeCoding(req);
  const plan =
    isMultipart(req) && flow.route.protocols.includes("multipart")
      ? planMultipart(req, flow)
      : planRaw(req, flow);
  const declared = Number(req.headers["content-length"] ?? 0);
  if (declared > plan.bodyBytesMax) {
    throw new GateError(plan.protocol === "raw" ? "FILE_TOO_LARGE" : "BODY_TOO_LARGE", {
      expected: `at most ${plan.bodyBytesMax} bytes`,
      seen: `Content-Length: ${declared}`,
      details: { limitBytes: plan.bodyBytesMax },
    });
  }
  return { ...plan, digests: readBodyDigests(req.headers) };
}

function judgeCoding(req: IncomingMessage): void {
  const coding = req.headers["content-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "identity") {
    throw new GateError("CONTENT_ENCODING_UNSUPPORTED", {
      expected: "no Content-Encoding",
      seen: quoteSeen(coding),
    });
  }
  if (req.headers["content-range"] !== undefined) {
    throw new GateError("CONTENT_RANGE_UNSUPPORTED", {
      expected: "no Content-Range",
      seen: quoteSeen(req.headers["content-range"]),
    });
  }
}

/** Whether a request says that its body is multipart of some kind. */
export const isMultipart = (req: IncomingMessage): boolean =>
  /^\s*multipart\//i.test(req.headers["content-type"] ?? "");

function planMultipart(req: IncomingMessage, flow: Flow): ProtocolPlan {
  const boundary = readBoundary(req.headers["content-type"] ?? "");
  const files = [...flow.files.values()];
  const fields = [...flow.fields.values()];
  const partsMax = [...files, ...fields].reduce((sum, rule) => sum + rule.countMax, PARTS_SLACK);
  const contentBytesMax =
    files.reduce((sum, rule) => sum + rule.countMax * rule.sizeBytesMax, 0) +
    fields.reduce((sum, rule) => sum + rule.countMax * rule.lengthCharsMax * BYTES_PER_CHAR_MAX, 0);
  return {
    protocol: "multipart",
    boundary,
    partsMax,
    bodyBytesMax: contentBytesMax + (partsMax + 1) * PART_FRAME_BYTES_MAX,
  };
}

function planRaw(req: IncomingMessage, flow: Flow): ProtocolPlan {
  const [field, rule] = [...flow.files][0] ?? [];
  if (!flow.route.protocols.includes("raw") || field === undefined || rule === undefined)
    throw wrongContentType(req, flow);
  const head = readRawHead({
    contentType: req.headers["content-type"],
    contentDisposition: req.headers["content-disposition"],
  });
  const file: ReceivedFile = {
    index: 0,
    field,
    declaredName: head.declaredName,
    declaredType: head.declaredType,
  };
  const finding = judgeDeclared(file, rule, { nameRequired: false });
  if (finding?.severity === "refuse") throw gateErrorOf(finding, file);
  return { protocol: "raw", file, bodyBytesMax: rule.sizeBytesMax };
}

function wrongContentType(req: IncomingMessage, flow: Flow): GateError {
  const seen = req.headers["content-type"];
  return new GateError("CONTENT_TYPE_UNSUPPORTED", {
    expected: flow.route.protocols.includes("multipart") ? "multipart/form-data" : "the bytes of one file",
    seen: seen === undefined ? "no Content-Type" : quoteSeen(seen),
  });
}
