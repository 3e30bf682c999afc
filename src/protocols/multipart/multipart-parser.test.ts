import assert from "node:assert/strict";
import { test } from "node:test";
import { byteByByte, readChunks, TEST_LIMITS } from "../../../test/protocols/multipart-reading.ts";
import { GateError } from "../../problems/gate-error.ts";
import { DEFAULT_PART_HEADER_LIMITS, MultipartParser, type MultipartSink } from "./multipart-parser.ts";

const HEAD = 'Content-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n';
const IDLE: MultipartSink = { partBegin() {}, partData() {}, partEnd() {}, bodyEnd() {} };

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

function errorOf(work: () => void): GateError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof GateError, String(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

test("a body gives its parts in wire order, with what their headers say", () => {
  const body = bytes(
    '--b\r\nContent-Disposition: form-data; name="caption"\r\n\r\nhello\r\n' +
      '--b\r\ncontent-type: IMAGE/PNG\r\nCONTENT-DISPOSITION: Form-Data; filename="a.png"; NAME=pic\r\n\r\n\x89PNG\r\n--b--\r\n',
  );
  assert.deepEqual(readChunks("b", [body]), {
    parts: [
      { name: "caption", fileName: null, contentType: null, byteOffset: 5, content: bytes("hello") },
      {
        name: "pic",
        fileName: "a.png",
        contentType: "image/png",
        byteOffset: body.indexOf("content-type"),
        content: bytes("\x89PNG"),
      },
    ],
  });
});

test("file bytes are views of the chunk that was written, or of nothing longer than the delimiter", () => {
  const body = bytes(`--b\r\n${HEAD}some file \r\n-- bytes\r\n--b--`);
  for (let cut = 0; cut <= body.length; cut++) {
    const chunks = [Buffer.from(body.subarray(0, cut)), Buffer.from(body.subarray(cut))];
    const arenas = new Set(chunks.map((chunk) => chunk.buffer));
    const parser = new MultipartParser("b", TEST_LIMITS, {
      ...IDLE,
      partData(view) {
        assert.ok(arenas.has(view.buffer as ArrayBuffer) || view.length < "\r\n--b".length);
      },
    });
    for (const chunk of chunks) parser.write(chunk);
    parser.end();
  }
});

test("a plain Uint8Array that is a window of a larger buffer is read where it lies", () => {
  const body = bytes(`--b\r\n${HEAD}x\r\n--b--`);
  const arena = new Uint8Array(body.length + 20);
  arena.set(body, 10);
  const reading = readChunks("b", [new Uint8Array(arena.buffer, 10, body.length)]);
  assert.ok("parts" in reading);
  assert.deepEqual(reading.parts[0]?.content, bytes("x"));
});

test("a part is told as begun before its content is there, and as ended only when its delimiter line is whole", () => {
  const seen: string[] = [];
  const parser = new MultipartParser("b", TEST_LIMITS, {
    partBegin: (head) => seen.push(`begin ${head.name}`),
    partData: (chunk) => seen.push(Buffer.from(chunk).toString("latin1")),
    partEnd: () => seen.push("end"),
    bodyEnd: () => seen.push("whole"),
  });
  const after = (text: string): string[] => {
    parser.write(bytes(text));
    return seen.splice(0);
  };
  assert.deepEqual(after(`--b\r\n${HEAD}`), ["begin f"]);
  assert.deepEqual(after("abc\r\n--"), ["abc"]);
  assert.deepEqual(after("b"), []);
  assert.deepEqual(after("-"), []);
  assert.deepEqual(after("-"), ["end"]);
  parser.end();
  assert.deepEqual(seen, ["whole"]);
});

test("after an error the parser throws the very same error again and tells the sink nothing more", () => {
  let events = 0;
  const count = (): void => {
    events++;
  };
  const parser = new MultipartParser("b", TEST_LIMITS, {
    partBegin: count,
    partData: count,
    partEnd: count,
    bodyEnd: count,
  });
  const first = errorOf(() => parser.write(bytes("preamble")));
  assert.equal(first.code, "PROTOCOL_PREAMBLE_NOT_EMPTY");
  assert.equal(
    errorOf(() => parser.write(bytes(`--b\r\n${HEAD}x\r\n--b--`))),
    first,
  );
  assert.equal(
    errorOf(() => parser.end()),
    first,
  );
  assert.equal(events, 0);
});

test("what the sink throws passes through as it is, and the parser is dead after it", () => {
  const full = new Error("disk full");
  const parser = new MultipartParser("b", TEST_LIMITS, {
    ...IDLE,
    partData() {
      throw full;
    },
  });
  const isFull = (error: unknown): boolean => error === full;
  assert.throws(() => parser.write(bytes(`--b\r\n${HEAD}x\r\n--b--`)), isFull);
  assert.throws(() => parser.write(bytes("y")), isFull);
  assert.throws(() => parser.end(), isFull);
});

test("end() may be called again, and nothing may be written after it", () => {
  const parser = new MultipartParser("b", TEST_LIMITS, IDLE);
  parser.write(bytes("--b--"));
  parser.end();
  parser.end();
  assert.equal(errorOf(() => parser.write(bytes("\r"))).code, "PROTOCOL_EPILOGUE_NOT_EMPTY");
});

test("a body cut at any byte is truncated, or refused, but never whole", () => {
  const body = bytes(`--b\r\n${HEAD}x\r\n--b--`);
  for (let cut = 0; cut < body.length; cut++) {
    const reading = readChunks("b", [body.subarray(0, cut)]);
    assert.deepEqual(reading, { code: "PROTOCOL_BODY_TRUNCATED", byteOffset: cut });
  }
});

test("an error says the byte, what was expected, and in which part of the grammar", () => {
  const parser = new MultipartParser("b", TEST_LIMITS, IDLE);
  parser.write(bytes(`--b\r\n${HEAD}x`));
  const error = errorOf(() => parser.end());
  assert.equal(error.message, "The body ended in the content of a part.");
  assert.equal(error.expected, "CRLF and the boundary after the content");
  assert.deepEqual(error.details, { byteOffset: 5 + HEAD.length + 1 });
});

test("the header limits hold to the byte and to the header, whole and byte by byte", () => {
  const headerBytes = HEAD.length;
  const body = bytes(`--b\r\n${HEAD}x\r\n--b--`);
  const limits = { partsMax: 1, partHeaderBytesMax: headerBytes, partHeadersMax: 1 };
  for (const chunks of [[body], [...byteByByte(body)]]) {
    assert.ok("parts" in readChunks("b", chunks, limits));
    assert.deepEqual(readChunks("b", chunks, { ...limits, partHeaderBytesMax: headerBytes - 1 }), {
      code: "PROTOCOL_PART_HEADER_TOO_LARGE",
      byteOffset: 5 + headerBytes - 1,
    });
    assert.deepEqual(readChunks("b", chunks, { ...limits, partHeadersMax: 0 }), {
      code: "PROTOCOL_PART_HEADER_TOO_LARGE",
      byteOffset: 5,
    });
    assert.deepEqual(readChunks("b", chunks, { ...limits, partsMax: 0 }), {
      code: "PROTOCOL_TOO_MANY_PARTS",
      byteOffset: 5,
    });
  }
});

test("an endless header line is refused at the limit, while its bytes still arrive", () => {
  const parser = new MultipartParser("b", TEST_LIMITS, IDLE);
  parser.write(bytes("--b\r\nX-Long: "));
  const piece = bytes("a".repeat(100));
  let written = 0;
  const error = errorOf(() => {
    for (;;) {
      parser.write(piece);
      written += piece.length;
    }
  });
  assert.equal(error.code, "PROTOCOL_PART_HEADER_TOO_LARGE");
  assert.ok(written <= DEFAULT_PART_HEADER_LIMITS.partHeaderBytesMax);
  assert.equal(error.details.limitBytes, DEFAULT_PART_HEADER_LIMITS.partHeaderBytesMax);
});

/** Content that makes a parser look again at what it has seen: T6, MP-12. */
const DENSE_CONTENT: Readonly<Record<string, string>> = {
  "CR only": "\r",
  "LF only": "\n",
  CRLF: "\r\n",
  "boundary but its last byte": `\r\n--${"b".repeat(69)}`,
  "two hyphens": "\r\n--",
  hyphens: "-",
  "boundary without line": `--${"b".repeat(70)}`,
};

for (const [what, unit] of Object.entries(DENSE_CONTENT)) {
  test(`content of nothing but ${what} passes unchanged, in at most three views a chunk`, () => {
    const boundary = "b".repeat(70);
    const content = bytes(`.${unit.repeat(Math.ceil(50_000 / unit.length))}`);
    const body = Buffer.concat([bytes(`--${boundary}\r\n${HEAD}`), content, bytes(`\r\n--${boundary}--`)]);
    for (const chunkBytes of [1, 7, 64, 1000, 16_384]) {
      const views: Uint8Array[] = [];
      const parser = new MultipartParser(boundary, TEST_LIMITS, {
        ...IDLE,
        partData: (view) => views.push(view),
      });
      let chunks = 0;
      for (let at = 0; at < body.length; at += chunkBytes, chunks++) {
        parser.write(body.subarray(at, at + chunkBytes));
      }
      parser.end();
      assert.ok(content.equals(Buffer.concat(views)), `chunks of ${chunkBytes}`);
      assert.ok(views.length <= 3 * chunks, `${views.length} views of ${chunks} chunks`);
    }
  });
}

test("four times the dense content takes about four times the processor time, not sixteen", () => {
  const boundary = "b".repeat(70);
  const secondsFor = (units: number, unit: string): number => {
    const body = bytes(`--${boundary}\r\n${HEAD}.${unit.repeat(units)}\r\n--${boundary}--`);
    const runs = [1, 2, 3].map(() => {
      const parser = new MultipartParser(boundary, TEST_LIMITS, IDLE);
      const from = process.cpuUsage();
      parser.write(body);
      parser.end();
      const { user, system } = process.cpuUsage(from);
      return (user + system) / 1e6;
    });
    return Math.min(...runs);
  };
  for (const unit of ["\r\n", `\r\n--${"b".repeat(69)}`]) {
    const units = Math.ceil(4_000_000 / unit.length);
    secondsFor(units, unit);
    const ratio = secondsFor(4 * units, unit) / Math.max(secondsFor(units, unit), 0.001);
    assert.ok(ratio < 12, `ratio ${ratio} for ${JSON.stringify(unit.slice(0, 8))}`);
  }
});
