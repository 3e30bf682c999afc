import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerReader } from "./answer-reader.ts";

const LENGTH = "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nabc";
const CHUNKED =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nX-Trailer: t\r\n\r\n";
const INTERIM = "HTTP/1.1 100 Continue\r\n\r\n";

/** Reads `text` in pieces of `size` bytes and ends. */
function read(text: string, size = text.length): AnswerReader {
  const reader = new AnswerReader();
  for (let start = 0; start < text.length; start += size)
    reader.push(Buffer.from(text.slice(start, start + size), "latin1"));
  reader.end();
  return reader;
}

const summary = (reader: AnswerReader) =>
  reader.answers.map(({ status, body }) => `${status} ${Buffer.from(body)}`);

for (const [name, text, expected] of [
  ["a body of a stated length", LENGTH, ["400 abc"]],
  ["a chunked body with extension and trailer", CHUNKED, ["200 abc"]],
  ["two answers in a row", LENGTH + CHUNKED, ["400 abc", "200 abc"]],
  ["an interim answer before the final one", INTERIM + LENGTH, ["400 abc"]],
  ["an answer without a body", `HTTP/1.1 204 No Content\r\n\r\n${LENGTH}`, ["204 ", "400 abc"]],
  ["a body that the close ends", "HTTP/1.1 200 OK\r\n\r\nabc", ["200 abc"]],
] as const) {
  test(`reads ${name}, whole and byte by byte`, () => {
    assert.deepEqual(summary(read(text)), expected);
    assert.deepEqual(summary(read(text, 1)), expected);
    assert.equal(read(text, 1).malformed, null);
  });
}

test("tells interim answers apart", () => {
  assert.deepEqual(read(INTERIM + LENGTH).interimStatuses, [100]);
});

test("says when the connection closes in the middle of an answer", () => {
  for (const text of [LENGTH, CHUNKED])
    assert.match(read(text.slice(0, -1)).malformed ?? "", /middle of an answer/);
});

test("says when what comes back is no HTTP", () => {
  assert.match(read("SSH-2.0-server\r\n\r\n").malformed ?? "", /no status line/);
});

test("knows of an answer as soon as its head is there", () => {
  const reader = new AnswerReader();
  reader.push(Buffer.from(LENGTH.slice(0, -2)));
  assert.equal(reader.hasAnswered, true);
  assert.equal(reader.answers.length, 0);
});
