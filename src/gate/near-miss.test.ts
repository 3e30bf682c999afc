import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flow, FlowMode } from "../flows/flow.ts";
import { nearMiss } from "./near-miss.ts";

const flow = (path: string, mode: FlowMode = "enforce"): Flow =>
  ({ mode, route: { path } }) as unknown as Flow;
const flows = [flow("/api/photos"), flow("/raw/{name}"), flow("/watched", "observe")];

test("spellings that lenient routers take for a flow's path are told", () => {
  for (const path of [
    "/api/photos/",
    "/api//photos",
    "/API/Photos",
    "/api/photos;v=1",
    "/api;x/photos",
    "/api/photos.",
    "/Raw/a",
    "/raw/a/",
  ]) {
    assert.notEqual(nearMiss(flows, path), null, path);
  }
});

test("other paths, and flows that are not enforced, are not", () => {
  for (const path of ["/api/photos/1", "/api/photo", "/raw", "/raw/", "/raw/a/b", "/watched/", "/"]) {
    assert.equal(nearMiss(flows, path), null, path);
  }
});
