import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { readBodyDigests, withDigests } from "./body-digests.ts";
import type { BodyReader } from "./body-reader.ts";

const BODY = Buffer.from('{"hello": "world"}\n');
/** From RFC 9530, appendix B.1: the body without the line feed is another one. */
const RFC_SHA256 = "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=";

const base64 = (algorithm: string, body = BODY): string =>
  createHash(algorithm).update(body).digest("base64");
const sf = (algorithm: string, name: string): string => `${name}=:${base64(algorithm)}:`;

const codeOf = (error: unknown): string => (error instanceof GateError ? error.code : String(error));

/** Feeds the body byte by byte. @returns `ok`, or the code of the refusal */
function judge(headers: Record<string, string>, body: Uint8Array = BODY): string {
  const taken: number[] = [];
  const inner: BodyReader = {
    get bytesRead() {
      return taken.length;
    },
    write: (chunk) => void taken.push(...chunk),
    end: () => {},
  };
  try {
    const reader = withDigests(inner, readBodyDigests(headers));
    for (const byte of body) reader.write(Uint8Array.of(byte));
    reader.end();
    assert.deepEqual(taken, [...body], "the bytes go on as they are");
    assert.equal(reader.bytesRead, body.length);
    return "ok";
  } catch (error) {
    return codeOf(error);
  }
}

test("a body with the digest that was sent passes, by each header and algorithm", () => {
  assert.equal(judge({ "content-digest": `sha-256=:${RFC_SHA256}:` }), "ok");
  for (const header of ["content-digest", "repr-digest"]) {
    assert.equal(judge({ [header]: sf("sha256", "sha-256") }), "ok");
    assert.equal(judge({ [header]: sf("sha512", "sha-512") }), "ok");
    assert.equal(judge({ [header]: `${sf("sha256", "sha-256")} ,\t${sf("sha512", "sha-512")}` }), "ok");
    assert.equal(judge({ [header]: `${sf("sha256", "sha-256")};note="a, b"; n=1` }), "ok");
  }
  assert.equal(judge({ "content-md5": base64("md5") }), "ok");
  assert.equal(
    judge({ "content-digest": `sha-256=:${base64("sha256", Buffer.alloc(0))}:` }, Buffer.alloc(0)),
    "ok",
  );
});

test("a body with another digest is refused, also where only one of several is wrong", () => {
  const other = Buffer.from('{"hello": "worle"}\n');
  for (const [algorithm, name] of [
    ["sha256", "sha-256"],
    ["sha512", "sha-512"],
  ] as const) {
    for (const header of ["content-digest", "repr-digest"])
      assert.equal(judge({ [header]: sf(algorithm, name) }, other), "BODY_DIGEST_MISMATCH");
  }
  assert.equal(judge({ "content-md5": base64("md5") }, other), "BODY_DIGEST_MISMATCH");
  const wrong = `sha-512=:${base64("sha512", other)}:`;
  assert.equal(judge({ "content-digest": `${sf("sha256", "sha-256")}, ${wrong}` }), "BODY_DIGEST_MISMATCH");
  const both = { "content-digest": sf("sha256", "sha-256"), "repr-digest": wrong };
  assert.equal(judge(both), "BODY_DIGEST_MISMATCH");
});

test("of one algorithm named twice the last counts, as in every structured dictionary", () => {
  const wrong = `sha-256=:${base64("sha256", Buffer.alloc(1))}:`;
  assert.equal(judge({ "content-digest": `${wrong}, ${sf("sha256", "sha-256")}` }), "ok");
  assert.equal(judge({ "content-digest": `${sf("sha256", "sha-256")}, ${wrong}` }), "BODY_DIGEST_MISMATCH");
});

test("an algorithm that is not known is ignored, whatever its value", () => {
  for (const value of ["md5=:AAAA:", "sha=:AAAA:", "unixsum=30637", "x=?1", 'y="z"', "crc32c=:AAAA:;a"])
    assert.equal(judge({ "content-digest": value }), "ok", value);
  assert.equal(judge({ "repr-digest": "md5=:AAAA:, constructor=:AAAA:" }), "ok");
});

test("a header that cannot be read is refused before the body", () => {
  const good = sf("sha256", "sha-256");
  for (const value of [
    "",
    " ",
    `sha-256=${base64("sha256")}`,
    `sha-256="${base64("sha256")}"`,
    "sha-256",
    "sha-256=::",
    "sha-256=:AAAA:",
    `sha-512=:${base64("sha256")}:`,
    `sha-256=:${base64("sha256").slice(0, -1)}:`,
    `sha-256=:${base64("sha256").replace("=", "-")}:`,
    `SHA-256=:${base64("sha256")}:`,
    `${good},`,
    `,${good}`,
    `${good}; ,`,
    `${good} ${good}`,
    "sha-256=(:AAAA: :AAAA:)",
  ])
    assert.throws(
      () => readBodyDigests({ "content-digest": value }),
      (error) => codeOf(error) === "BODY_DIGEST_INVALID",
      value,
    );
  for (const value of [
    "",
    "abc",
    `${base64("md5")}, ${base64("md5")}`,
    base64("sha256"),
    `:${base64("md5")}:`,
  ])
    assert.throws(
      () => readBodyDigests({ "content-md5": value }),
      (error) => codeOf(error) === "BODY_DIGEST_INVALID",
      value,
    );
});

test("a hostile header is read in linear time", () => {
  const long = 60_000;
  for (const value of [
    `a${";a".repeat(long)}!`,
    `a=:${"A".repeat(long)}`,
    `a="${"\\\\".repeat(long)}`,
    `a${" ".repeat(long)}b`,
    `a${",a".repeat(long)},`,
  ]) {
    const startedAt = performance.now();
    assert.throws(() => readBodyDigests({ "content-digest": value }));
    assert.ok(performance.now() - startedAt < 500);
  }
});

test("without such a header nothing is wrapped and nothing hashed", () => {
  const reader: BodyReader = { bytesRead: 0, write: () => {}, end: () => {} };
  assert.equal(withDigests(reader, readBodyDigests({ digest: "sha-256=AAAA" })), reader);
});
