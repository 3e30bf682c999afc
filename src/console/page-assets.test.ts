import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type PageAssets, readPageAssets } from "./page-assets.ts";
import { sendPage } from "./send-page.ts";

/** The page has to come quickly over a slow line too. */
const FIRST_LOAD_BYTES_MAX = 60_000;

let assets: PageAssets;
let server: Server;
let origin: string;

before(async () => {
  assets = await readPageAssets();
  server = createServer((req, res) => {
    if (!sendPage(assets, req, res)) res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => server.close());

test("the page names every script, and every import between them leads to one", () => {
  const page = assets.get("/")?.bytes.toString() ?? "";
  for (const { path, bytes } of assets.values()) {
    if (!path.endsWith(".js")) continue;
    assert.ok(page.includes(`"${path}"`), path);
    for (const [, target = ""] of bytes.toString().matchAll(/from "([^"]+)";/g))
      assert.ok(assets.has(new URL(target, `http://gate${path}`).pathname), `${path} imports ${target}`);
  }
});

test("scripts hold neither types nor comments, and nothing in strings was taken for one", () => {
  for (const { path, bytes } of assets.values()) {
    if (!path.endsWith(".js")) continue;
    assert.doesNotMatch(bytes.toString(), /^\s*(\/\*|\*|\/\/|import type|interface )/m, path);
    assert.doesNotMatch(bytes.toString(), /\.ts"/, path);
  }
});

test("both encodings hold the same bytes, and together they are small", () => {
  let total = 0;
  for (const { bytes, gzip, brotli } of assets.values()) {
    assert.deepEqual(gunzipSync(gzip), bytes);
    assert.deepEqual(brotliDecompressSync(brotli), bytes);
    total += brotli.length;
  }
  assert.ok(total < FIRST_LOAD_BYTES_MAX, `${total} bytes`);
});

test("nothing of the page makes markup or code from text", () => {
  for (const { path, bytes } of assets.values())
    if (path.endsWith(".js"))
      assert.doesNotMatch(
        bytes.toString(),
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc/,
        path,
      );
  assert.doesNotMatch(assets.get("/")?.bytes.toString() ?? "", /<style|style=|<script>|\son[a-z]+=/);
});

test("reading the page from its sources says nothing on the terminal", async () => {
  const program = `await (await import(${JSON.stringify(join(import.meta.dirname, "page-assets.ts"))})).readPageAssets();`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    program,
  ]);
  assert.equal(stdout + stderr, "");
});

test("deep links give the page, with its policy; files and the API do not", async () => {
  for (const path of [
    "/",
    "/held",
    "/flows/a.b?range=7d",
    "/flows/a/changes/0001-x.y",
    "/requests/1.2",
    "/sign-in?next=/",
  ]) {
    const answer = await fetch(origin + path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/html/);
    assert.match(
      answer.headers.get("content-security-policy") ?? "",
      /default-src 'none'; script-src 'self'/,
    );
    assert.equal(answer.headers.get("cache-control"), "no-cache");
  }
  for (const path of ["/api/console/front", "/robots.txt", "/assets/none.js", "/typed"])
    assert.equal((await fetch(origin + path)).status, 404, path);
  assert.equal((await fetch(`${origin}/typed`, { headers: { accept: "text/html" } })).status, 200);
  assert.equal((await fetch(`${origin}/assets/x`, { headers: { accept: "text/html" } })).status, 404);
  assert.equal((await fetch(`${origin}/`, { method: "POST" })).status, 404);
});

test("an asset is sent compressed as the browser understands it, kept for ever, and not sent twice", async () => {
  const path = [...assets.keys()].find((each) => each.endsWith("/main.js")) ?? "";
  const plain = await fetch(origin + path, { headers: { "accept-encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.match(plain.headers.get("cache-control") ?? "", /immutable/);
  const gzip = await fetch(origin + path, { headers: { "accept-encoding": "br;q=0, gzip" } });
  assert.equal(gzip.headers.get("content-encoding"), "gzip");
  assert.equal(await gzip.text(), await plain.text());
  const etag = plain.headers.get("etag") ?? "";
  const again = await fetch(origin + path, { headers: { "if-none-match": `"other", W/${etag}` } });
  assert.equal(again.status, 304);
  const head = await fetch(origin + path, { method: "HEAD" });
  assert.ok(Number(head.headers.get("content-length")) > 0);
});
