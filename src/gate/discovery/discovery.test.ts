import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { draftFlow } from "../../flows/openapi/draft-flow.ts";
import { operationOf } from "./draft-route.ts";
import type { SeenRequest } from "./route-notes.ts";
import { openLastSegment, templateOf } from "./route-path.ts";
import { uploadReason } from "./see-upload.ts";
import { type SeenPart, watchBody } from "./seen-body.ts";
import { readTraffic, SeenRoutes, trafficPath } from "./seen-routes.ts";
import { Spread } from "./spread.ts";

const log = { warn: () => {} };
const PNG = Buffer.from("\x89PNG\r\n\x1a\n and more of it", "latin1");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-traffic-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const withHeaders = (headers: Record<string, string>, method = "POST") =>
  ({ method, headers }) as unknown as IncomingMessage;

const picture: SeenPart = {
  name: "picture",
  isFile: true,
  declaredType: "image/png",
  extension: "png",
  sizeBytes: 3_400_000,
  content: "image/png",
};
const title: SeenPart = { ...picture, name: "title", isFile: false, sizeBytes: 12, content: null };

const request = (more: Partial<SeenRequest> = {}): SeenRequest => ({
  method: "POST",
  path: "/api/pictures",
  protocol: "multipart",
  reason: "its body is multipart/form-data",
  atMs: 1_000,
  durationMs: 20,
  status: 201,
  bytes: 3_500_000,
  parts: [picture, title],
  credentials: "Authorization: Bearer",
  isFromPage: false,
  ...more,
});

test("identifiers and names of a client's choice become open segments, all else stays", () => {
  assert.equal(templateOf("POST", "/users/17/avatar"), "/users/{id}/avatar");
  assert.equal(templateOf("POST", "/a/0192f0c1-2b7e-7cc0-9a53-1f2e3d4c5b6a/b/9"), "/a/{id}/b/{id2}");
  assert.equal(templateOf("PUT", "/files/report 2024.pdf"), "/files/{name}");
  assert.equal(templateOf("POST", "/upload.php"), "/upload.php");
  assert.equal(openLastSegment("/files/one"), "/files/{name}");
  assert.equal(openLastSegment("/files/{name}"), null);
});

test("forms and raw files look like uploads; messages and reads do not", () => {
  const looks = (method: string, type: string, length = 10): boolean =>
    uploadReason(withHeaders({ "content-type": type, "content-length": String(length) }, method)) !== null;
  assert.ok(looks("POST", "multipart/form-data; boundary=x"));
  assert.ok(looks("PUT", "image/png"));
  assert.ok(looks("PUT", "text/csv", 100_000));
  assert.ok(!looks("PUT", "text/csv"));
  assert.ok(!looks("POST", "application/json", 1_000_000));
  assert.ok(!looks("POST", "application/x-www-form-urlencoded", 1_000_000));
  assert.ok(!looks("GET", "image/png", 1_000_000));
});

test("a form is read as it passes, however it is cut; of a file its size and what it begins with", () => {
  const body = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'),
    Buffer.from('--b\r\nContent-Disposition: form-data; name="picture"; filename="a.PNG"\r\n'),
    Buffer.from("Content-Type: image/png\r\n\r\n"),
    PNG,
    Buffer.from("\r\n--b--\r\n"),
  ]);
  for (const step of [1, 7, body.length]) {
    const seen = watchBody(withHeaders({ "content-type": "multipart/form-data; boundary=b" }));
    for (let at = 0; at < body.length; at += step) seen.see(body.subarray(at, at + step));
    seen.end(true);
    assert.equal(seen.bytes, body.length);
    assert.deepEqual(seen.parts, [
      { name: "title", isFile: false, declaredType: null, extension: null, sizeBytes: 5, content: null },
      {
        name: "picture",
        isFile: true,
        declaredType: "image/png",
        extension: "png",
        sizeBytes: PNG.length,
        content: "image/png",
      },
    ]);
  }
});

test("what cannot be read, or breaks off, is not described and disturbs nobody", () => {
  for (const type of ["multipart/form-data", "multipart/form-data; boundary=b"]) {
    const seen = watchBody(withHeaders({ "content-type": type }));
    seen.see(Buffer.from("no form at all"));
    seen.end(true);
    assert.equal(seen.parts, null);
  }
  const raw = watchBody(withHeaders({ "content-type": "image/png" }));
  raw.see(PNG);
  raw.end(false);
  assert.equal(raw.parts, null);
});

test("a route is told of once, and its notes are there again after a restart", async () => {
  const path = trafficPath(folder);
  const first = new SeenRoutes({ path, log });
  assert.equal(first.note(request())?.path, "/api/pictures");
  assert.equal(first.note(request({ atMs: 2_000, status: 413, parts: null })), null);
  await first.close();
  const again = new SeenRoutes({ path, log });
  assert.deepEqual(again.list(), readTraffic(path));
  assert.equal(again.note(request({ atMs: 3_000 })), null);
  const [route] = again.list();
  assert.deepEqual([route?.requests, route?.read, route?.firstAtMs, route?.lastAtMs], [3, 2, 1_000, 3_000]);
  assert.deepEqual(route?.statuses, { 201: 2, 413: 1 });
  assert.equal(route?.files[0]?.sizeBytes.max, 3_400_000);
  await again.close();
});

test("notes that are damaged count as none", () => {
  for (const text of ["", "{", '{"version":2,"routes":[]}', "null"]) {
    writeFileSync(trafficPath(folder), text);
    assert.deepEqual(readTraffic(trafficPath(folder)), []);
  }
});

test("many routes that differ in a name of the client's choice become one", () => {
  const routes = new SeenRoutes({ path: trafficPath(folder), log, saveEveryMs: 1e6 });
  for (let number = 0; number < 20; number++)
    routes.note(request({ method: "PUT", path: `/files/name-${number}`, protocol: "raw" }));
  routes.note(request());
  assert.deepEqual(
    routes.list().map(({ path, requests }) => [path, requests]),
    [
      ["/files/{name}", 20],
      ["/api/pictures", 1],
    ],
  );
});

test("routes, fields and names are bounded, whatever clients send", () => {
  const routes = new SeenRoutes({ path: trafficPath(folder), log, saveEveryMs: 1e6 });
  for (let number = 0; number < 500; number++) routes.note(request({ path: `/${number}a/x` }));
  assert.equal(routes.list().length, 200);
  for (let number = 0; number < 500; number++) {
    const field = { ...title, name: `field-${number}` };
    const file = { ...picture, declaredType: `x/${number}`, name: `file-${number}` };
    routes.note(request({ path: "/0a/x", parts: [field, file, { ...field, name: "n".repeat(1000) }] }));
  }
  const [route] = routes.list();
  assert.equal(route?.fields.length, 50);
  assert.equal(route?.files.length, 50);
});

test("a draft says what is there now, and marks what only a person knows", () => {
  const routes = new SeenRoutes({ path: trafficPath(folder), log, saveEveryMs: 1e6 });
  routes.note(request());
  routes.note(request({ parts: [{ ...picture, content: "a HEIC image", sizeBytes: 9_000_000 }] }));
  const [route] = routes.list();
  assert.ok(route !== undefined);
  const text = draftFlow("pictures", operationOf(route), "service");
  assert.match(text, /types: \[image\/png\] +# also seen, and not to be verified by the gate: a HEIC image/);
  assert.match(text, /max-size: 10 MiB +# largest seen: 9\.0 MB/);
  assert.match(text, /title:\n +max-length: 50 +# longest seen: 12 bytes\n +optional: true/);
  assert.match(text, /caller: STILL-TO-WRITE +# seen: Authorization: Bearer each time/);
  assert.match(text, /^ {2}status: 201$/m);
  assert.doesNotMatch(text, /[ \t]$/m);
});

test("a spread keeps its extremes, and its quantile within an eighth, also after it was saved", () => {
  const spread = new Spread();
  for (let value = 1; value <= 1000; value++) spread.add(value);
  const { count, min, max, p95 } = spread.toJSON();
  assert.deepEqual([count, min, max], [1000, 1, 1000]);
  assert.ok(p95 >= 950 && p95 <= 950 * 1.125, String(p95));
  assert.deepEqual(new Spread(spread.toJSON()).toJSON(), {
    count,
    min,
    max,
    p95: new Spread(spread.toJSON()).toJSON().p95,
  });
});
