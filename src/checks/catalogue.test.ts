import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, inflateSync } from "node:zlib";
import { CATALOGUE } from "./catalogue.ts";
import type { Check, Probe, Target } from "./check.ts";
import { pdfBytes, pdfOfSize } from "./payloads/document-files.ts";
import { formBytes, formOf } from "./payloads/form.ts";
import { pngBytes, pngOfSize } from "./payloads/image-files.ts";
import { controlProbe, controlRequest } from "./payloads/upload.ts";
import { KNOWN_CALLERS, OCTETS, PICTURES } from "./sample-targets.ts";
import { targetAs } from "./target-as.ts";

const TARGETS: readonly Target[] = [PICTURES, OCTETS, KNOWN_CALLERS];
const BYTES_MAX = 8 * 1024 * 1024;

/** Digest of the first megabytes and pauses of a probe. */
function digest(probe: Probe): string {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const step of probe.steps()) {
    hash.update(step instanceof Uint8Array ? step : JSON.stringify(step));
    bytes += step instanceof Uint8Array ? step.length : 0;
    if (bytes > BYTES_MAX) break;
  }
  return hash.digest("hex");
}

function casesFor(target: Target) {
  return CATALOGUE.flatMap((check) =>
    check.cases.filter((each) => each.appliesTo(target) === true).map((each) => ({ check, each })),
  );
}

test("every file of the folder is one check of the catalogue, named by its id", () => {
  const files = readdirSync(join(import.meta.dirname, "catalogue")).map((file) =>
    file.slice(0, 5).toUpperCase(),
  );
  assert.deepEqual(files.toSorted(), CATALOGUE.map((check) => check.id.slice(4)).toSorted());
  assert.equal(new Set(files).size, files.length);
});

test("every check says why, by which standards, and names each of its cases differently", () => {
  for (const check of CATALOGUE) {
    assert.match(check.id, /^UPL-[A-Z]{2}-\d\d$/);
    assert.match(check.why, /\.$/, check.id);
    const names = [...check.cases, ...(check.scenarios ?? [])].map((each) => each.name);
    assert.ok(check.standards.length > 0 && names.length > 0, check.id);
    assert.equal(new Set(names).size, names.length, check.id);
  }
});

test("every check has a case for a form, for a raw body, or for known callers", () => {
  const covered = new Set(TARGETS.flatMap((target) => casesFor(target).map(({ check }) => check.id)));
  for (const { id, scenarios = [] } of CATALOGUE) {
    if (scenarios.some((each) => TARGETS.some((target) => each.appliesTo(target) === true))) covered.add(id);
  }
  const needOtherTypes: readonly Check["id"][] = ["UPL-TY-07", "UPL-MP-12", "UPL-CT-07"];
  assert.deepEqual(
    CATALOGUE.map((check) => check.id).filter((id) => !covered.has(id) && !needOtherTypes.includes(id)),
    [],
  );
});

test("a probe is the same bytes each time it is made, and another than its twin", async () => {
  for (const target of TARGETS) {
    for (const { check, each } of casesFor(target)) {
      const twin = each.twin === "control" ? controlProbe(target) : each.twin(target);
      const sender = await targetAs(target, each.as ?? "main");
      const first = digest(each.probe(sender));
      assert.equal(digest(each.probe(sender)), first, `${check.id} ${each.name}`);
      assert.notEqual(digest(twin), first, `${check.id} ${each.name}`);
    }
  }
});

test("every refusal names statuses of the client's errors, and codes of the gate", () => {
  for (const { expect } of CATALOGUE.flatMap((check) => check.cases)) {
    if (expect.outcome === "accepted") continue;
    assert.ok(
      expect.statuses.every((status) => (status >= 400 && status < 500) || status === 501 || status === 505),
    );
    assert.ok(expect.gateCodes.length > 0);
  }
});

test("the control form is read by another parser as it was meant", async () => {
  const request = controlRequest(PICTURES);
  const type =
    request.headers.find((line) => line.startsWith("Content-Type: "))?.slice("Content-Type: ".length) ?? "";
  const form = await new Response(formBytes(formOf(request.content)), {
    headers: { "Content-Type": type },
  }).formData();
  const picture = form.get("picture");
  assert.ok(picture instanceof File);
  assert.equal(form.get("title"), "Sea");
  assert.equal(picture.name, "picture.png");
  assert.deepEqual(new Uint8Array(await picture.arrayBuffer()), PICTURES.file.control.bytes);
});

test("padded files have exactly the size asked for and stay whole", () => {
  assert.equal(pngOfSize(5000).length, 5000);
  for (const size of [2000, 9999, 10_000, 99_999, 100_000]) assert.equal(pdfOfSize(size).length, size);
  const startsAt = Number(/startxref\n(\d+)/.exec(Buffer.from(pdfBytes(50)).toString("latin1"))?.[1]);
  assert.equal(Buffer.from(pdfBytes(50)).toString("latin1", startsAt, startsAt + 4), "xref");
});

test("the chunks of a padded PNG have right checksums and its image data inflates", () => {
  const bytes = Buffer.from(pngOfSize(3000));
  const types: string[] = [];
  for (let offset = 8; offset < bytes.length; ) {
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString("latin1", offset + 4, offset + 8);
    const data = bytes.subarray(offset + 8, offset + 8 + length);
    assert.equal(
      bytes.readUInt32BE(offset + 8 + length),
      crc32(bytes.subarray(offset + 4, offset + 8 + length)),
    );
    if (type === "IDAT") assert.deepEqual([...inflateSync(data)], [0, 128]);
    types.push(type);
    offset += 12 + length;
  }
  assert.deepEqual(types, ["IHDR", "tEXt", "IDAT", "IEND"]);
  assert.ok(pngBytes().length < 100);
});
