import { createHash } from "node:crypto";
import type { Check, CheckCase, Refusal, Target } from "../check.ts";
import { accepts, refuses, whereAll } from "../define-case.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";

const mismatch: Refusal = { statuses: [400, 409, 422, 460], gateCodes: ["BODY_DIGEST_MISMATCH"] };
const unreadable: Refusal = { statuses: [400, 422], gateCodes: ["BODY_DIGEST_INVALID"] };

function compares(field: string): (target: Target) => true | string {
  return ({ promises }) =>
    promises?.digests?.includes(field) === true || `the route does not promise to compare ${field}`;
}

const structured = (target: Target): true | string =>
  whereAll(compares("content-digest"), compares("repr-digest"))(target);

const base64 = (algorithm: string, body: Uint8Array): string =>
  createHash(algorithm).update(body).digest("base64");

/** A header line about a body. */
type LineOf = (body: Uint8Array) => string;

const digestLine =
  (field: string, name: string): LineOf =>
  (body) =>
    `${field}: ${name}=:${base64(name.replace("sha-", "sha"), body)}:`;

/** The control with a digest of other bytes; the twin has the digest of its own. */
function wrong(name: string, line: LineOf, appliesTo: (target: Target) => true | string): CheckCase {
  const withLine = (target: Target, of: (body: Uint8Array) => Uint8Array) => {
    const request = controlRequest(target);
    return probeOf(withLines(request, line(of(request.body))));
  };
  const otherBytes = (body: Uint8Array): Uint8Array => Buffer.concat([body, Uint8Array.of(0)]);
  return refuses(name, (target) => withLine(target, otherBytes), mismatch, {
    appliesTo,
    twin: (target) => withLine(target, (body) => body),
  });
}

function malformed(name: string, line: string): CheckCase {
  return refuses(name, (target) => probeOf(withLines(controlRequest(target), line)), unreadable, {
    appliesTo: structured,
  });
}

/** UPL-RT-06: bytes that changed on the way. */
export const digestMismatch: Check = {
  id: "UPL-RT-06",
  title: "A body that is not the one its digest was made of is refused",
  why: "A client that sends a digest believes that a 2xx means these very bytes; a server that ignores it stores what a broken proxy made of them.",
  standards: ["CWE-354"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Hash while reading and compare with `Content-Digest`, `Repr-Digest` or `Content-MD5`, where sent; 400 where they differ.",
    django: "Hash in an upload handler and compare; 400.",
    flask: "Hash while reading and compare; 400.",
    gate: "Nothing to write: the gate compares them.",
  },
  cases: [
    wrong("Content-Digest, sha-256", digestLine("Content-Digest", "sha-256"), compares("content-digest")),
    wrong("Content-Digest, sha-512", digestLine("Content-Digest", "sha-512"), compares("content-digest")),
    wrong("Repr-Digest, sha-256", digestLine("Repr-Digest", "sha-256"), compares("repr-digest")),
    wrong("Content-MD5", (body) => `Content-MD5: ${base64("md5", body)}`, compares("content-md5")),
    wrong(
      "one good digest and a wrong one",
      (body) => `Content-Digest: sha-512=:${base64("sha512", body)}:, sha-256=:${base64("sha256", body)}:`,
      compares("content-digest"),
    ),
    malformed("a digest that is no byte sequence", "Content-Digest: sha-256=abcdef"),
    malformed("a digest of the wrong length", "Content-Digest: sha-256=:AAAA:"),
    malformed("a dictionary that breaks off", "Repr-Digest: sha-256=:AAAA"),
    accepts(
      "an algorithm that nobody knows",
      (target) => probeOf(withLines(controlRequest(target), "Content-Digest: x-unheard-of=:AAAA:")),
      { appliesTo: structured },
    ),
  ],
};
