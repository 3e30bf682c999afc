import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { ByteSource } from "../../uploads/byte-source.ts";
import { acceptFile, type QuarantinedFile, type ReleasedFile } from "../../uploads/stages.ts";
import { newUploadId } from "../../uploads/upload-id.ts";
import { connectUpstream } from "../../upstream/connect-upstream.ts";
import type { UpstreamRequest } from "../../upstream/upstream.ts";
import type { DeliveryInput, DeliveryPart } from "../delivery-input.ts";
import { buildForwardRequest } from "./forward-request.ts";

const fileName = ({ accepted }: ReleasedFile): string => accepted.file.declaredName ?? "upload.bin";

interface FileInit extends Partial<QuarantinedFile> {
  readonly verifiedType?: string | null;
  /** Kept in "storage": handed out by a source that uses one buffer for all its reads, and spoils it when closed. */
  readonly onDisk?: boolean;
  readonly bytes: Buffer;
  readonly opened?: ByteSource[];
}

function released(init: FileInit): ReleasedFile {
  const { bytes, verifiedType = "image/png", onDisk = false, opened = [], ...rest } = init;
  const file: QuarantinedFile = {
    index: 0,
    field: "picture",
    declaredName: "cat.png",
    declaredType: "image/png",
    key: "ab".repeat(20),
    sizeBytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    inline: onDisk ? null : bytes,
    ...rest,
  };
  const verdict = { outcome: "accept", findings: [] } as const;
  const accepted = acceptFile({ file, verifiedType, stepsDone: new Set(), findings: [], verdict }, []);
  const open = async (): Promise<ByteSource> => {
    const source = oneBufferSource(bytes);
    opened.push(source);
    return source;
  };
  return { accepted, open, localPath: null };
}

interface OneBufferSource extends ByteSource {
  isClosed: boolean;
}

function oneBufferSource(bytes: Buffer): OneBufferSource {
  const buffer = Buffer.alloc(256 * 1024);
  return {
    sizeBytes: bytes.length,
    isClosed: false,
    async read(offset, lengthBytes) {
      await new Promise(setImmediate);
      const copied = bytes.copy(buffer, 0, offset, Math.min(offset + lengthBytes, bytes.length));
      return buffer.subarray(0, copied);
    },
    async close() {
      this.isClosed = true;
      buffer.fill(0xee);
    },
  };
}

function inputOf(parts: readonly DeliveryPart[], over: Partial<DeliveryInput> = {}): DeliveryInput {
  return {
    uploadId: newUploadId(),
    flow: "avatars",
    policyVersion: "p1",
    principal: "public",
    protocol: "multipart",
    method: "POST",
    route: "/api/avatars",
    target: "/api/avatars?size=2",
    audience: "http://127.0.0.1:8000",
    headers: ["Host", "h", "Authorization", "Bearer x"],
    parts,
    ...over,
  };
}

async function wholeBody(request: UpstreamRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request.body ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function headerOf(request: UpstreamRequest, name: string): string | undefined {
  const at = request.headers.indexOf(name);
  return at < 0 ? undefined : request.headers[at + 1];
}

/** What `Response.formData` of the platform reads: a parser that is not ours. */
async function parsed(request: UpstreamRequest): Promise<[string, string | File][]> {
  const type = headerOf(request, "Content-Type") ?? "";
  const body = new Uint8Array(await wholeBody(request));
  const form = await new Response(body, { headers: { "Content-Type": type } }).formData();
  const entries: [string, string | File][] = [];
  form.forEach((value, name) => void entries.push([name, value]));
  return entries;
}

test("fields and files are written in the client's order, with clean names and verified types", async () => {
  const parts: DeliveryPart[] = [
    { kind: "field", name: "caption", value: "Gr\u00fc\u00dfe \ud83d\ude00\r\nsecond line" },
    {
      kind: "file",
      name: "picture",
      file: released({ bytes: Buffer.from("PNG"), declaredType: "image/gif" }),
    },
    { kind: "field", name: "empty", value: "" },
    {
      kind: "file",
      name: "picture",
      file: released({ bytes: Buffer.from("two"), declaredName: "\u00e9t\u00e9.png" }),
    },
  ];
  const entries = await parsed(await buildForwardRequest(inputOf(parts), { fileName }));
  assert.deepEqual(
    entries.map(([name]) => name),
    ["caption", "picture", "empty", "picture"],
  );
  assert.equal(entries[0]?.[1], "Gr\u00fc\u00dfe \ud83d\ude00\r\nsecond line");
  const [first, second] = [entries[1]?.[1], entries[3]?.[1]];
  assert.ok(first instanceof File && second instanceof File);
  assert.deepEqual([first.name, first.type, await first.text()], ["cat.png", "image/png", "PNG"]);
  assert.equal(second.name, "\u00e9t\u00e9.png");
  assert.equal(entries[2]?.[1], "");
});

test("names cannot end their header or their quotes", async () => {
  const evil = 'a"\r\nContent-Type: text/html\r\n\r\nx; filename="b';
  const parts: DeliveryPart[] = [
    { kind: "field", name: evil, value: "v" },
    { kind: "file", name: "f", file: released({ bytes: Buffer.from("x"), declaredName: evil }) },
  ];
  const request = await buildForwardRequest(inputOf(parts), { fileName });
  const text = (await wholeBody(request)).toString();
  assert.equal(text.match(/Content-Type:/g)?.length, 3, "one real header, two inside names");
  assert.ok(
    text.includes('name="a%22%0D%0AContent-Type: text/html%0D%0A%0D%0Ax; filename=%22b"\r\n\r\nv\r\n'),
  );
});

test("the request says its kind, its upload and an exact length, and keeps method, target and headers", async () => {
  const input = inputOf([{ kind: "field", name: "a", value: "b" }], { method: "PUT" });
  const request = await buildForwardRequest(input, { fileName });
  assert.equal(request.method, "PUT");
  assert.equal(request.target, "/api/avatars?size=2");
  assert.deepEqual(request.headers.slice(0, 4), input.headers);
  assert.equal(headerOf(request, "Sluicegate-Delivery"), "forward");
  assert.equal(headerOf(request, "Sluicegate-Upload"), input.uploadId);
  assert.equal((await wholeBody(request)).length, request.bodyBytes);
});

test("each body has a boundary of its own", async () => {
  const input = inputOf([{ kind: "field", name: "a", value: "b" }]);
  const types = await Promise.all([1, 2].map(() => buildForwardRequest(input, { fileName })));
  assert.notEqual(
    headerOf(types[0] as UpstreamRequest, "Content-Type"),
    headerOf(types[1] as UpstreamRequest, "Content-Type"),
  );
});

test("a small upload is one chunk, and a large file is read in bounded chunks", async () => {
  const small = inputOf([
    { kind: "field", name: "a", value: "b" },
    { kind: "file", name: "f", file: released({ bytes: randomBytes(5_000) }) },
    { kind: "file", name: "f", file: released({ bytes: randomBytes(100_000), onDisk: true }) },
  ]);
  const sizes: number[] = [];
  for await (const chunk of (await buildForwardRequest(small, { fileName })).body ?? [])
    sizes.push(chunk.length);
  assert.equal(sizes.length, 1);
  const large = inputOf([
    { kind: "file", name: "f", file: released({ bytes: randomBytes(3_000_000), onDisk: true }) },
  ]);
  for await (const chunk of (await buildForwardRequest(large, { fileName })).body ?? []) {
    assert.ok(chunk.length <= 256 * 1024, `${chunk.length} bytes at once`);
  }
});

test("a raw body is the bytes, with the verified type and the clean name", async () => {
  const bytes = randomBytes(1_000);
  const cases: [FileInit, string, string | undefined][] = [
    [{ bytes }, "image/png", 'attachment; filename="cat.png"'],
    [{ bytes, declaredName: null }, "image/png", undefined],
    [{ bytes, declaredName: null, verifiedType: null, declaredType: "text/csv" }, "text/csv", undefined],
    [
      { bytes, declaredName: null, verifiedType: null, declaredType: "no type" },
      "application/octet-stream",
      undefined,
    ],
    [
      { bytes, declaredName: null, verifiedType: null, declaredType: null },
      "application/octet-stream",
      undefined,
    ],
    [
      { bytes, declaredName: "\u00e9 (1)'s.png" },
      "image/png",
      "attachment; filename=\"_ (1)'s.png\"; filename*=UTF-8''%C3%A9%20%281%29%27s.png",
    ],
  ];
  for (const [init, type, disposition] of cases) {
    const parts: DeliveryPart[] = [{ kind: "file", name: "f", file: released(init) }];
    const request = await buildForwardRequest(inputOf(parts, { protocol: "raw" }), { fileName });
    assert.equal(headerOf(request, "Content-Type"), type);
    assert.equal(headerOf(request, "Content-Disposition"), disposition);
    assert.equal(request.bodyBytes, 1_000);
    assert.deepEqual(await wholeBody(request), bytes);
  }
});

test("a raw upload has exactly one file", async () => {
  await assert.rejects(buildForwardRequest(inputOf([], { protocol: "raw" }), { fileName }), {
    code: "GATE_FAILED",
  });
});

test("a stored file that is not as long as its record says breaks the body off", async () => {
  for (const sizeBytes of [99, 1_000_001]) {
    const opened: ByteSource[] = [];
    const file = released({ bytes: randomBytes(1_000_000), onDisk: true, sizeBytes, opened });
    const request = await buildForwardRequest(inputOf([{ kind: "file", name: "f", file }]), { fileName });
    await assert.rejects(wholeBody(request), { code: "STORAGE_READ_FAILED" });
    assert.ok(opened.every((source) => (source as OneBufferSource).isClosed));
  }
});

test("files of all sizes arrive whole at a real service, from a source that uses its buffer again", async () => {
  const service = createServer((req: IncomingMessage, res) => {
    const hash = createHash("sha256");
    req.on("data", (chunk) => hash.update(chunk)).on("end", () => res.end(hash.digest("hex")));
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const upstream = connectUpstream({ name: "service", url, timeoutMs: 10_000 });
  let file = released({ bytes: Buffer.alloc(0) });
  const gate = createServer(async (_req, res) => {
    const parts: DeliveryPart[] = [{ kind: "file", name: "f", file }];
    const request = await buildForwardRequest(inputOf(parts, { protocol: "raw" }), { fileName });
    await upstream.send(request, res, {});
  }).listen(0, "127.0.0.1");
  await once(gate, "listening");
  for (const size of [0, 1, 65_535, 262_143, 262_144, 262_145, 300_000, 8_000_000]) {
    file = released({ bytes: randomBytes(size), onDisk: true });
    const answer = await fetch(`http://127.0.0.1:${(gate.address() as AddressInfo).port}/`);
    assert.equal(await answer.text(), file.accepted.file.sha256, `${size} bytes`);
  }
  await upstream.close();
  for (const server of [gate, service]) server.close().closeAllConnections();
});
