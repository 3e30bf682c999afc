/**
 * Reads the header lines of one part of a multipart/form-data body into its `PartHead`.
 *
 * In: complete lines, without CRLF, as byte strings, each with its place in the body. Out: name, file name, media type.
 * Holds: a line is `token ":" OWS value OWS`; a header that changes what the part is (RFC 7578 section 4.8 knows three) is there at
 * most once and fully understood; one that looks like such a header but is not is refused.
 * Does not: count bytes or lines, or look at the part's content: the parser does the first, the gate the second.
 */

import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError, type GateErrorInit, quoteSeen } from "../../problems/gate-error.ts";
import { readContentDisposition } from "../content-disposition.ts";
import { findControl, type HeaderFault, type Refuse, readToken, skipSpace } from "../header-text.ts";
import { readMediaType } from "../media-type.ts";

/** What a part says of itself. */
export interface PartHead {
  /** The form field; never empty. */
  readonly name: string;
  /** As sent and decoded, not made safe; `""` where a browser sends a file field without a file; `null` for a text field. */
  readonly fileName: string | null;
  /** Media type in lower case, without parameters; `null` where the part declares none. */
  readonly contentType: string | null;
  /** Where in the body the part's first header begins. */
  readonly byteOffset: number;
}

/** One header line: `text` without its CRLF, `byteOffset` of its first byte in the body. */
export interface HeaderLine {
  readonly text: string;
  readonly byteOffset: number;
}

interface Header {
  readonly name: string;
  readonly value: string;
  readonly nameOffset: number;
  readonly valueOffset: number;
}

/** What has been read of the current part's headers so far. */
interface Draft {
  name?: string;
  fileName?: string | null;
  contentType?: string;
  isEncodingRead?: boolean;
  isLengthRead?: boolean;
}

const CODE_OF_FAULT: Readonly<Record<HeaderFault, ErrorCode>> = {
  malformed: "PROTOCOL_PART_HEADER_MALFORMED",
  duplicated: "PROTOCOL_PART_HEADER_DUPLICATED",
  extended: "PROTOCOL_EXTENDED_PARAMETER",
  encoding: "PROTOCOL_PART_ENCODING_UNSUPPORTED",
  nested: "PROTOCOL_PART_NESTED",
  nameless: "PROTOCOL_PART_NAME_MISSING",
};

/** What each header that has a meaning does to the draft. All others are in `checkMeaningless`. */
const READERS: Readonly<Record<string, (header: Header, draft: Draft) => void>> = {
  "content-disposition": readDisposition,
  "content-type": readType,
  "content-transfer-encoding": readTransferEncoding,
  "content-length": readLength,
};

/**
 * Takes the header lines of one part as they arrive, and gives its head when the blank line is there.
 * @see RFC 7578 sections 4.2 to 4.8
 */
export class PartHeaderReader {
  readonly #byteOffset: number;
  readonly #draft: Draft = {};

  /** @param byteOffset where in the body the part's first header begins. */
  constructor(byteOffset: number) {
    this.#byteOffset = byteOffset;
  }

  /**
   * Takes one line.
   * @throws PROTOCOL_PART_HEADER_MALFORMED, PROTOCOL_PART_HEADER_DUPLICATED, PROTOCOL_EXTENDED_PARAMETER,
   *         PROTOCOL_PART_ENCODING_UNSUPPORTED, PROTOCOL_PART_NESTED, PROTOCOL_PART_NAME_MISSING; all with details.byteOffset.
   */
  take(line: HeaderLine): void {
    const header = splitLine(line);
    const read = Object.hasOwn(READERS, header.name) ? READERS[header.name] : undefined;
    if (read === undefined) checkMeaningless(header);
    else read(header, this.#draft);
  }

  /**
   * The head, once all lines were taken.
   * @throws PROTOCOL_PART_NAME_MISSING where there was no Content-Disposition.
   */
  finish(): PartHead {
    const { name, fileName = null, contentType = null } = this.#draft;
    if (name === undefined) {
      throw faultAt(this.#byteOffset)("nameless", 0, "The part has no Content-Disposition.", {
        expected: 'Content-Disposition: form-data; name="field"',
      });
    }
    return { name, fileName, contentType, byteOffset: this.#byteOffset };
  }
}

function faultAt(byteOffset: number): Refuse {
  return (fault, index, problem, init: GateErrorInit = {}) =>
    new GateError(CODE_OF_FAULT[fault], {
      message: problem,
      ...init,
      details: { byteOffset: byteOffset + index },
    });
}

// RFC 9112 section 5: no space before the colon, no line that goes on in the next one (section 5.2, obs-fold).
function splitLine({ text, byteOffset }: HeaderLine): Header {
  const refuse = faultAt(byteOffset);
  const name = readToken(text, 0);
  if (name.text === "" || text[name.end] !== ":") {
    throw refuse("malformed", name.end, "A part header does not begin with a name and a colon.", {
      expected: "Name: value, without space before the colon and without folded lines",
      seen: quoteSeen(text),
    });
  }
  const control = findControl(text);
  if (control !== -1) throw refuse("malformed", control, "A part header has a control character.");
  const valueIndex = skipSpace(text, name.end + 1);
  return {
    name: name.text.toLowerCase(),
    value: trimEnd(text, valueIndex),
    nameOffset: byteOffset,
    valueOffset: byteOffset + valueIndex,
  };
}

// By hand: / +$/ looks at a run of spaces once for each of its characters.
function trimEnd(text: string, from: number): string {
  let end = text.length;
  while (end > from && text[end - 1] === " ") end--;
  return text.slice(from, end);
}

function readDisposition(header: Header, draft: Draft): void {
  checkOnce(header, draft.name !== undefined);
  const refuse = faultAt(header.valueOffset);
  const { type, name, fileName } = readContentDisposition(header.value, false, refuse);
  if (type !== "form-data") {
    throw refuse("malformed", 0, "The part's Content-Disposition is not form-data.", {
      expected: "form-data",
      seen: quoteSeen(type),
    });
  }
  if (name === null || name === "") {
    throw refuse("nameless", 0, "The part's Content-Disposition has no name, or an empty one.");
  }
  // HTML's way to announce a charset for all parts: RFC 7578 section 4.6.
  if (name.toLowerCase() === "_charset_") {
    throw refuse("encoding", 0, "A _charset_ field is not taken.", { expected: "text in UTF-8" });
  }
  draft.name = name;
  draft.fileName = fileName;
}

const TEXT_CHARSETS: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii"]);

function readType(header: Header, draft: Draft): void {
  checkOnce(header, draft.contentType !== undefined);
  const refuse = faultAt(header.valueOffset);
  const { type, parameters } = readMediaType(header.value, refuse);
  if (type.startsWith("multipart/")) throw refuse("nested", 0, "The part is itself multipart.");
  for (const { name, value, index } of parameters.values()) {
    if (name.startsWith("charset*")) throw refuse("extended", index, "The charset is an extended parameter.");
    if (name === "charset" && !TEXT_CHARSETS.has(value.toLowerCase())) {
      throw refuse("encoding", index, "The part has a charset that is not taken.", {
        expected: "charset=utf-8 or none",
        seen: quoteSeen(value),
      });
    }
  }
  draft.contentType = type;
}

const IDENTITY_ENCODINGS: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);

// RFC 7578 section 4.7 deprecates it; OkHttp 2 and Retrofit still send `binary`. The three below leave the bytes as they are.
function readTransferEncoding(header: Header, draft: Draft): void {
  checkOnce(header, draft.isEncodingRead === true);
  if (!IDENTITY_ENCODINGS.has(header.value.toLowerCase())) {
    throw faultAt(header.valueOffset)("encoding", 0, "The part's Content-Transfer-Encoding is not taken.", {
      expected: "7bit, 8bit, binary or none",
      seen: quoteSeen(header.value),
    });
  }
  draft.isEncodingRead = true;
}

// OkHttp 3 and 4 send one in each part. RFC 7578 section 4.8: ignored; the boundary alone ends a part.
function readLength(header: Header, draft: Draft): void {
  checkOnce(header, draft.isLengthRead === true);
  if (!/^[0-9]{1,19}$/.test(header.value)) {
    throw faultAt(header.valueOffset)("malformed", 0, "The part's Content-Length is not a number.", {
      seen: quoteSeen(header.value),
    });
  }
  draft.isLengthRead = true;
}

function checkOnce(header: Header, isAlreadyRead: boolean): void {
  if (!isAlreadyRead) return;
  throw faultAt(header.nameOffset)("duplicated", 0, `The part has two headers ${header.name}.`);
}

// RFC 7578 section 4.8: other headers are ignored; curl and others send what the user names. But `Content_-Type`, `Content-Encoding`,
// `Content-Disposition2` are meant for a reader who takes them for more than nothing (MP-09).
function checkMeaningless(header: Header): void {
  if (!header.name.startsWith("content")) return;
  if (header.name === "content-id" || header.name === "content-description") return;
  const fault = header.name === "content-encoding" ? "encoding" : "malformed";
  throw faultAt(header.nameOffset)(fault, 0, `A form part has no header ${quoteSeen(header.name)}.`, {
    expected: "Content-Disposition, Content-Type, Content-Length, Content-Transfer-Encoding",
  });
}
