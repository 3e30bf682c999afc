/**
 * Digests that a client sends along with its upload: what arrives is compared with them.
 *
 * In: the headers `Content-Digest` and `Repr-Digest` (RFC 9530, sha-256 and sha-512) and `Content-MD5` (RFC 1864), then the body as it comes. Out:
 * a refusal where a digest is not that of the body. Always holds: without such a header nothing is hashed; a header that cannot be read is refused
 * before the body, never ignored, because its sender counts on the comparison; algorithms that are not known here are ignored.
 * A body is taken neither coded nor in parts, so that its content and its representation are the same bytes.
 */
import { createHash, type Hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import type { BodyReader } from "./body-reader.ts";

/** One digest that the body must have. */
export interface BodyDigest {
  /** Lower-case name of the header that says so. */
  readonly header: string;
  readonly algorithm: Algorithm;
  readonly value: Buffer;
}

type Algorithm = "sha256" | "sha512" | "md5";

const ALGORITHMS: Readonly<Record<string, Algorithm>> = { "sha-256": "sha256", "sha-512": "sha512" };
const LENGTHS: Readonly<Record<Algorithm, number>> = { sha256: 32, sha512: 64, md5: 16 };
const FIELDS = ["content-digest", "repr-digest"] as const;

// RFC 9651: a member's key, its value with parameters, and what separates it from the next one. Nothing in it can match in two ways.
const ITEM = String.raw`(?::[A-Za-z0-9+/]*={0,2}:|"(?:[ !#-\[\]-~]|\\["\\])*"|\?[01]|-?\d{1,15}(?:\.\d{1,3})?|[A-Za-z*][!#$%&'*+\-.^_\x60|~0-9A-Za-z:/]*)`;
const KEY = String.raw`[a-z*][a-z0-9_\-.*]*`;
const MEMBER = new RegExp(`(${KEY})(?:=(${ITEM}))?(?:; *${KEY}(?:=${ITEM})?)*`, "y");
const BETWEEN = /[ \t]*,[ \t]*/y;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The digests that a request's body must have; none where its headers name none that is known.
 * @throws BODY_DIGEST_INVALID
 */
export function readBodyDigests(headers: IncomingHttpHeaders): readonly BodyDigest[] {
  const md5 = headers["content-md5"];
  return [
    ...FIELDS.flatMap((header) => readField(header, headers[header])),
    ...(md5 === undefined ? [] : [digest("content-md5", "md5", md5)]),
  ];
}

/** The reader with its bytes hashed on the way; at the end they are compared. The same reader where there is nothing to compare. */
export function withDigests(reader: BodyReader, digests: readonly BodyDigest[]): BodyReader {
  if (digests.length === 0) return reader;
  const hashes = new Map<Algorithm, Hash>(digests.map(({ algorithm }) => [algorithm, createHash(algorithm)]));
  return {
    get bytesRead() {
      return reader.bytesRead;
    },
    write(chunk) {
      for (const hash of hashes.values()) hash.update(chunk);
      reader.write(chunk);
    },
    end() {
      reader.end();
      compare(digests, hashes);
    },
  };
}

/** @throws BODY_DIGEST_MISMATCH */
function compare(digests: readonly BodyDigest[], hashes: ReadonlyMap<Algorithm, Hash>): void {
  const found = new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest()]));
  for (const { header, algorithm, value } of digests) {
    const actual = found.get(algorithm);
    if (actual?.equals(value) === true) continue;
    throw new GateError("BODY_DIGEST_MISMATCH", {
      expected: `a body with the ${algorithm} ${value.toString("base64")}, as ${header} says`,
      seen: `a body with the ${algorithm} ${actual?.toString("base64")}`,
      details: { header },
    });
  }
}

function readField(header: string, value: string | string[] | undefined): BodyDigest[] {
  if (value === undefined) return [];
  const members = readMembers(header, Array.isArray(value) ? value.join(", ") : value);
  return [...members].flatMap(([name, item]) => {
    const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (algorithm === undefined) return [];
    if (item === undefined || !/^:.*:$/.test(item)) throw invalid(header, `${name} without a byte sequence`);
    return [digest(header, algorithm, item.slice(1, -1))];
  });
}

/** A dictionary's members by key; of one key the last (RFC 9651 section 4.2.2). */
function readMembers(header: string, text: string): ReadonlyMap<string, string | undefined> {
  const members = new Map<string, string | undefined>();
  const value = text.trim();
  for (let at = 0; at < value.length; ) {
    MEMBER.lastIndex = at;
    const match = MEMBER.exec(value);
    if (match === null) throw invalid(header, quoteSeen(value.slice(at)));
    members.set(match[1] ?? "", match[2]);
    at = MEMBER.lastIndex;
    if (at === value.length) return members;
    BETWEEN.lastIndex = at;
    if (!BETWEEN.test(value) || BETWEEN.lastIndex === value.length)
      throw invalid(header, quoteSeen(value.slice(at)));
    at = BETWEEN.lastIndex;
  }
  throw invalid(header, "nothing");
}

function digest(header: string, algorithm: Algorithm, base64: string | string[]): BodyDigest {
  const text = typeof base64 === "string" ? base64.trim() : "";
  const value = Buffer.from(text, "base64");
  if (!BASE64.test(text) || value.length !== LENGTHS[algorithm])
    throw invalid(header, `${quoteSeen(text)}, which is not the base64 of ${LENGTHS[algorithm]} bytes`);
  return { header, algorithm, value };
}

function invalid(header: string, seen: string): GateError {
  return new GateError("BODY_DIGEST_INVALID", {
    expected: header === "content-md5" ? "Content-MD5: BASE64" : `${header}: sha-256=:BASE64:`,
    seen,
    details: { header },
  });
}
