/**
 * Downloads by links that the service signed: RS-04, RS-05 and RS-07 of the checklist, each with its benign twin, and who gets nothing.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { pngOfSize } from "../src/checks/payloads/image-files.ts";
import { type Answered, ask, begin, problemCode } from "./ask.ts";
import { GRANT_SECRET, mintLinks, type WantedLink } from "./download-links.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { UpstreamRecorder } from "./upstream-recorder.ts";

const MIB = 1024 * 1024;
const PICTURE = pngOfSize(5000);
const SHA256 = createHash("sha256").update(PICTURE).digest("hex");
const upstream = new UpstreamRecorder();
let gate: GateUnderTest;
/** Of a picture that is kept, and a good link to it. */
let uploadId: string;
let link: string;

before(async () => {
  // For the gate and for its commands.
  process.env.GRANT_SECRET = GRANT_SECRET;
  gate = await startGate({
    upstream: await upstream.listen(),
    flows: ["pictures-receipt", "films", "raw"],
    limits: "idle: 1s",
    settings: "callers: { grant: { secret: env:GRANT_SECRET } }",
  });
  uploadId = await uploadPicture("By the sea.png");
  link = await linkTo(uploadId);
});

after(async () => {
  await gate?.stop();
  await upstream.stop();
});

function idOf({ status, headers, body }: Answered): string {
  assert.equal(status, 201, body.toString());
  return String(headers["sluicegate-upload"]);
}

async function sendPicture(name: string, bytes: Uint8Array): Promise<Answered> {
  const form = new FormData();
  form.set("caption", "By the sea");
  form.set("picture", new Blob([Buffer.from(bytes)], { type: "image/png" }), name);
  const answer = await fetch(`${gate.origin}/pictures-receipt`, { method: "POST", body: form });
  const body = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
}

const uploadPicture = async (name: string, bytes: Uint8Array = PICTURE): Promise<string> =>
  idOf(await sendPicture(name, bytes));

async function uploadRaw(path: string, body: Uint8Array): Promise<string> {
  return idOf(await ask(gate.origin, { method: "PUT", path, body }));
}

async function linkTo(upload: string, more: Partial<WantedLink> = {}): Promise<string> {
  const [url] = await mintLinks([{ gate: gate.origin, upload_id: upload, ...more }]);
  return url ?? "";
}

const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answered> =>
  ask(gate.origin, { method, path, headers });

/** Without what differs between any two answers. */
function lasting({ date: _, "x-request-id": __, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers;
}

test("RS-04: a kept file comes as an attachment that nothing opens, runs, embeds or keeps", async () => {
  const answer = await get(link);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, Buffer.from(PICTURE));
  const { connection: _, "keep-alive": __, ...headers } = lasting(answer.headers);
  assert.deepEqual(headers, {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-disposition": 'attachment; filename="By the sea.png"',
    "content-length": String(PICTURE.length),
    "content-security-policy": "sandbox; default-src 'none'",
    "content-type": "image/png",
    "cross-origin-resource-policy": "same-origin",
    etag: `"${SHA256}"`,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
});

test("RS-04: opaque bytes that are a page come as opaque bytes", async () => {
  const page = Buffer.from("<!doctype html><script>alert(1)</script>");
  const answer = await get(await linkTo(await uploadRaw("/films/page.html", page), { name: "page.html" }));
  assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/octet-stream"]);
  assert.match(String(answer.headers["content-disposition"]), /^attachment; /);
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
});

/** RFC 6266 section 4.1, as strict as it can be; the name that a browser takes. */
function offeredName(header: string): string {
  const match =
    /^attachment; filename="([^"\\%]*)"(?:; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+))?$/.exec(header);
  assert.ok(match, header);
  return match[2] === undefined ? (match[1] ?? "") : decodeURIComponent(match[2]);
}

test("RS-05: whatever name was sent or signed, one clean name goes out, with the verified extension", async () => {
  const signed = [
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1.png",
    'x"; filename=evil.exe; y=".png',
    "invoice\u202egnp.exe",
    "page.html",
    "Übersicht 図.png",
    "%2e%2e%2fx.png",
    "con",
    ".htaccess",
    "=cmd|' /C calc'!A0.png",
    "x".repeat(255),
    "\u{e0041}\ufeff",
  ];
  const links = await mintLinks(signed.map((name) => ({ gate: gate.origin, upload_id: uploadId, name })));
  for (const [at, path] of links.entries()) {
    const { status, headers } = await get(path);
    assert.equal(status, 200);
    const name = offeredName(String(headers["content-disposition"]));
    assert.match(name, /^[^\p{Cc}\p{Cf}/\\:*?"<>|%=.][^\p{Cc}\p{Cf}/\\:*?"<>|%]*\.png$/u, signed[at] ?? "");
    assert.ok(Buffer.byteLength(name) <= 200);
    assert.equal(headers["set-cookie"], undefined);
  }
  const uploaded = await linkTo(await uploadPicture("<img src=x onerror=alert(1)>.png"));
  assert.equal(
    offeredName(String((await get(uploaded)).headers["content-disposition"])),
    "_img src_x onerror_alert(1)_.png",
  );
  assert.equal(
    offeredName(
      String(
        (await get(await linkTo(uploadId, { name: "Übersicht 図.pdf" }))).headers["content-disposition"],
      ),
    ),
    "Übersicht 図.png",
  );
});

test("RS-05: parameters other than the token change nothing, and a second token spoils the link", async () => {
  const expected = lasting((await get(link)).headers);
  for (const more of [
    "&response-content-disposition=inline",
    "&response-content-type=text%2Fhtml&rsct=text/html",
    "&filename=evil.html&download=0&Token=x",
  ]) {
    const answer = await get(link + more);
    assert.equal(answer.status, 200);
    assert.deepEqual(lasting(answer.headers), expected);
  }
  const token = link.split("token=")[1] ?? "";
  for (const more of [`&token=${token}`, "&token=", "&%74oken=x"]) {
    const answer = await get(link + more);
    assert.deepEqual([answer.status, problemCode(answer)], [403, "LINK_INVALID"], more);
  }
});

for (const [header, first, last] of [
  ["bytes=0-99", 0, 99],
  ["bytes=4990-", 4990, 4999],
  ["bytes=-10", 4990, 4999],
  ["bytes=4000-99999999999999999999", 4000, 4999],
  ["bytes=-99999999999999999999", 0, 4999],
] as const) {
  test(`RS-07: ${header} is answered with that part`, async () => {
    const answer = await get(link, { range: header });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers["content-range"], `bytes ${first}-${last}/5000`);
    assert.equal(answer.headers["content-length"], String(last - first + 1));
    assert.deepEqual(answer.body, Buffer.from(PICTURE).subarray(first, last + 1));
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  });
}

test("RS-07: a thousand ranges, overlapping ones and nonsense cost no more than the file", async () => {
  for (const range of [
    `bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(",")}`,
    `bytes=${Array.from({ length: 1000 }, () => "0-").join(",")}`,
    "bytes=0-4999,0-4999",
    "bytes=5-1",
    "bytes=abc",
    "rows=0-1",
  ]) {
    const answer = await get(link, { range });
    assert.equal(answer.status, 200, range.slice(0, 40));
    assert.deepEqual(answer.body, Buffer.from(PICTURE));
    assert.equal(answer.headers["content-range"], undefined);
  }
});

test("RS-07: a range beyond the end is a 416 that says how long the file is", async () => {
  for (const range of ["bytes=5000-", "bytes=99999999999999999999-", "bytes=-0"]) {
    const answer = await get(link, { range });
    assert.deepEqual([answer.status, problemCode(answer)], [416, "RANGE_NOT_SATISFIABLE"], range);
    assert.equal(answer.headers["content-range"], "bytes */5000");
  }
});

test("RS-07: If-Range with another validator gives the whole file, with the file's own the part", async () => {
  const range = "bytes=0-9";
  for (const ifRange of ['"other"', `W/"${SHA256}"`, new Date().toUTCString()])
    assert.equal((await get(link, { range, "if-range": ifRange })).status, 200, ifRange);
  assert.equal((await get(link, { range, "if-range": `"${SHA256}"` })).status, 206);
});

test("RS-07: HEAD has the headers of GET and no body, with a range too", async () => {
  const whole = lasting((await get(link)).headers);
  for (const headers of [{}, { range: "bytes=0-9" }]) {
    const head = await get(link, headers, "HEAD");
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    assert.deepEqual(lasting(head.headers), whole);
  }
});

test("what is known already is not sent again, and only to who may have it", async () => {
  const known = { "if-none-match": `"${SHA256}"` };
  const answer = await get(link, known);
  assert.deepEqual([answer.status, answer.body.length, answer.headers.etag], [304, 0, `"${SHA256}"`]);
  assert.equal((await get(link, { "if-none-match": '"other"' })).status, 200);
  assert.equal((await get(`${link}x`, known)).status, 403);
  assert.equal((await get(link, { "if-match": '"other"' })).status, 412);
});

test("without a good link the answer is the same whether there is such a file or not", async () => {
  const other = await uploadPicture("other.png", pngOfSize(4000));
  const unknown = "0".repeat(26);
  const [short = "", foreign = "", late = ""] = await mintLinks([
    { gate: "https://other.example.com", upload_id: uploadId },
    { gate: gate.origin, upload_id: uploadId, secret: "the secret of somebody else entirely" },
    { gate: gate.origin, upload_id: uploadId, lifetime: 86_400 },
  ]);
  const tokenOf = (path: string): string => path.split("token=")[1] ?? "";
  const tokens = [
    "",
    "x",
    "a.b.c",
    tokenOf(link).slice(0, -2),
    tokenOf(foreign),
    tokenOf(short),
    tokenOf(late),
  ];
  for (const token of [...tokens, tokenOf(await linkTo(unknown))]) {
    const bodies = [];
    for (const id of [other, "1".repeat(26)]) {
      const answer = await get(`/.sluicegate/files/${id}?token=${token}`);
      assert.deepEqual([answer.status, problemCode(answer)], [403, "LINK_INVALID"], token);
      bodies.push(answer.body.toString().replace(/"requestId":"[^"]*"/, ""));
    }
    assert.equal(bodies[0], bodies[1]);
  }
  const noToken = await get(`/.sluicegate/files/${uploadId}`);
  assert.deepEqual([noToken.status, problemCode(noToken)], [403, "LINK_INVALID"]);
  assert.equal((await get(link.replace(uploadId, other))).status, 403);
  assert.equal((await get(link, {}, "DELETE")).status, 405);
});

test("a good link to what the gate does not keep is a 404", async () => {
  const forwarded = await uploadRaw("/raw/bytes.bin", randomBytes(100));
  const passedOn = await get(await linkTo(forwarded));
  assert.deepEqual([passedOn.status, problemCode(passedOn)], [404, "STORAGE_OBJECT_MISSING"]);
  assert.match(passedOn.body.toString(), /kept no copy/);
  const refused = await sendPicture("page.png", Buffer.from("<!doctype html><script>alert(1)</script>"));
  assert.equal(refused.status, 415);
  const { uploadId: refusedId } = JSON.parse(refused.body.toString()) as { uploadId: string };
  for (const path of [
    await linkTo("0".repeat(26)),
    await linkTo(refusedId),
    await linkTo(uploadId, { file: 1 }),
  ]) {
    const answer = await get(path);
    assert.deepEqual([answer.status, problemCode(answer)], [404, "STORAGE_OBJECT_MISSING"], path);
  }
});

test("a file that is gone from the store is a 404", async () => {
  const id = await uploadRaw("/films/gone.bin", randomBytes(2 * MIB));
  const path = await linkTo(id);
  assert.equal((await get(path)).status, 200);
  for (const file of await gate.stored()) await rm(join(gate.folder, "data/store", file));
  const answer = await get(path);
  assert.deepEqual([answer.status, problemCode(answer)], [404, "STORAGE_OBJECT_MISSING"]);
});

test("a reader that stops reading is cut off, and one that goes on gets all of it", async () => {
  const film = randomBytes(48 * MIB);
  const id = await uploadRaw("/films/film.bin", film);
  const path = await linkTo(id);
  const stopped = await begin(gate.origin, { path });
  // The log line comes when the answer has ended, however it did.
  const deadline = performance.now() + 20_000;
  while (!gate.log().includes(`/.sluicegate/files/${id}`)) {
    assert.ok(performance.now() < deadline, "the reader was not cut off");
    await wait(50);
  }
  await assert.rejects(async () => {
    for await (const _ of stopped);
  });
  assert.equal(stopped.complete, false);
  const whole = await get(path);
  assert.ok(whole.body.equals(film));
});

test("the audit has one entry for a link, however often it is used", async () => {
  const id = await uploadPicture("audited.png");
  const path = await linkTo(id);
  for (const range of ["bytes=1-5", "bytes=0-", "bytes=7-"]) await get(path, { range });
  await get(path.slice(0, -1));
  const { exitCode, out, err } = await gate.run("audit", "list", "--upload", id, "--json");
  assert.equal(exitCode, 0, err);
  const entries = (JSON.parse(out) as { event: string; rule: string; detail: object }[]).filter(
    ({ event }) => event === "download",
  );
  assert.deepEqual(
    entries.map(({ rule, detail }) => ({ rule, detail })),
    [{ rule: "download-link", detail: { file: 0, sha256: SHA256 } }],
  );
});

test("no token is in the log", async () => {
  await get(link);
  const token = link.split("token=")[1] ?? "";
  const log = gate.log();
  assert.ok(log.includes(`/.sluicegate/files/${uploadId}`));
  for (const part of token.split(".")) assert.ok(!log.includes(part));
});

test("without keys for links in the settings there are no links", async () => {
  const plain = await startGate({ upstream: "http://127.0.0.1:9", flows: ["films"] });
  try {
    const answer = await ask(plain.origin, { path: link });
    assert.deepEqual([answer.status, problemCode(answer)], [404, "ROUTE_UNKNOWN"]);
  } finally {
    await plain.stop();
  }
});
