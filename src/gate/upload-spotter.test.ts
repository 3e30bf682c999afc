import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { UploadSpotter } from "./upload-spotter.ts";

const request = (method: string, headers: Record<string, string>): IncomingMessage =>
  ({ method, headers }) as unknown as IncomingMessage;

test("a multipart form is an upload route, named once, with its identifiers left out", () => {
  const spotter = new UploadSpotter();
  const form = request("POST", { "content-type": "multipart/form-data; boundary=x" });
  assert.deepEqual(spotter.spot(form, "/users/17/avatar"), {
    method: "POST",
    path: "/users/{…}/avatar",
    reason: "its body is multipart/form-data",
  });
  assert.equal(spotter.spot(form, "/users/18/avatar"), null);
});

test("raw files are spotted by type or size; messages and reads are not", () => {
  const spot = (method: string, type: string, length = 10): boolean =>
    new UploadSpotter().spot(
      request(method, { "content-type": type, "content-length": String(length) }),
      "/x",
    ) !== null;
  assert.ok(spot("PUT", "image/png"));
  assert.ok(spot("PUT", "text/csv", 100_000));
  assert.ok(!spot("PUT", "text/csv"));
  assert.ok(!spot("POST", "application/json", 1_000_000));
  assert.ok(!spot("POST", "application/x-www-form-urlencoded", 1_000_000));
  assert.ok(!spot("GET", "image/png", 1_000_000));
});
