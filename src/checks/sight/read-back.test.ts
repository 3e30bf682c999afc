import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CATALOGUE } from "../catalogue.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { runCheck } from "../run-check.ts";
import { FileService } from "./file-service.ts";
import { listedEntries } from "./listed-entries.ts";
import { ListingWatch } from "./listing-watch.ts";
import type { Sight } from "./open-sight.ts";
import { sightOf, targetAt, upload, type Written } from "./sample-flow.ts";
import { SightEvidence } from "./sight-evidence.ts";
import { sha256Of } from "./whose-entry.ts";

const TOO_LARGE = seededBytes("large", 2000);
const CONTROL_SHA256 = sha256Of(targetAt("http://127.0.0.1:9").file.control.bytes);
const BY_URL = { id: { header: "Location" }, url: "/files/{id}" };

let service: FileService;
const open: Sight[] = [];

async function look(readBack: NonNullable<Written["readBack"]> | null): Promise<Sight> {
  const sight = await sightOf(service.origin, readBack === null ? null : { readBack });
  open.push(sight);
  return sight;
}

const send = (sight: Sight, changed = {}) => upload(sight, service.origin, changed);

beforeEach(async () => {
  service = await FileService.start();
});

afterEach(async () => {
  for (const sight of open.splice(0)) await sight.close();
  await service.stop();
});

describe("the bytes at a URL", () => {
  test("are those of the upload whose id stands at the end of Location", async () => {
    const { received } = await send(await look(BY_URL));
    assert.deepEqual(received?.[0]?.files, [
      {
        field: null,
        name: "control.bin",
        mediaType: "application/octet-stream",
        sizeBytes: 500,
        sha256: CONTROL_SHA256,
        bytes: Buffer.from(targetAt(service.origin).file.control.bytes),
      },
    ]);
  });

  test("say nothing of a refusal", async () => {
    const sight = await look(BY_URL);
    await send(sight);
    assert.equal((await send(sight, { bytes: TOO_LARGE })).received, null);
  });

  test("that are not there show an upload that was not stored, once others were found", async () => {
    const sight = await look(BY_URL);
    service.habits.losesAll = true;
    assert.equal((await send(sight)).received, null);
    service.habits.losesAll = false;
    await send(sight);
    service.habits.losesAll = true;
    assert.deepEqual((await send(sight)).received, []);
  });

  test("are not fetched from elsewhere", async () => {
    const sight = await look({ id: { pointer: "/id" }, url: "/elsewhere/{id}" });
    assert.equal((await send(sight)).received, null);
  });

  test("are missed also where the upload is still listed", async () => {
    const sight = await look({ ...BY_URL, list: "/list" });
    await send(sight);
    service.habits.losesAll = true;
    const listed = service.habits.list;
    const ghost = { id: "ghost", name: "control.bin", bytes: Buffer.of() };
    const hasSent = () => service.requests.filter((line) => line.startsWith("PUT")).length === 2;
    service.habits.list = (files) => listed(hasSent() ? [...files, ghost] : files);
    assert.deepEqual((await send(sight)).received, []);
  });

  test("are found by themselves where the answer's address leads to what was sent", async () => {
    const sight = await look(null);
    assert.equal(sight.readBack, null);
    const { received } = await send(sight);
    assert.equal(received?.[0]?.files[0]?.sha256, CONTROL_SHA256);
    assert.match(sight.readBack ?? "", /the header Location/);
  });
});

test("retries with one key are one upload, also where only the answers tell the id", async () => {
  const sight = await look(BY_URL);
  const check = CATALOGUE.find(({ id }) => id === "UPL-RT-01");
  const promises = { ...sight.promises, idempotencyKey: "optional" } as const;
  const target = { ...targetAt(service.origin), promises };
  assert.ok(check);
  const results = await runCheck(check, target, sight.evidence);
  assert.deepEqual([...new Set(results.map(({ state }) => state))], ["pass"], JSON.stringify(results));
});

test("a state tells the digest and the size", async () => {
  const state = { path: "/state/{id}", sha256: "/file/sha256", size: "/file/size" };
  const sight = await look({ id: { pointer: "/id" }, state });
  const { received } = await send(sight);
  assert.deepEqual(received?.[0]?.files[0], {
    field: null,
    name: null,
    mediaType: null,
    sizeBytes: 500,
    sha256: CONTROL_SHA256,
  });
  assert.deepEqual(sight.promises, { id: { pointer: "/id" }, state });
});

describe("a list", () => {
  const LISTED = { list: "/list" };

  test("says nothing before an accepted upload has appeared in it", async () => {
    const sight = await look(LISTED);
    assert.equal((await send(sight, { bytes: TOO_LARGE })).received, null);
  });

  test("shows that a refusal has stored nothing", async () => {
    const sight = await look(LISTED);
    await send(sight);
    assert.deepEqual((await send(sight, { bytes: TOO_LARGE })).received, []);
  });

  test("shows what was refused and stored all the same", async () => {
    const sight = await look(LISTED);
    await send(sight);
    service.habits.storesRefused = true;
    assert.equal((await send(sight, { bytes: TOO_LARGE })).received?.length, 1);
  });

  test("does not show the bytes of what was accepted, where no address is known", async () => {
    service.habits.saysNothing = true;
    const sight = await look(LISTED);
    assert.equal((await send(sight)).received, null);
  });

  test("shows, beside the bytes at a URL, that more was stored than was sent", async () => {
    const sight = await look({ ...LISTED, ...BY_URL });
    assert.equal((await send(sight)).received?.[0]?.files.length, 1);
    await sight.evidence?.clear();
    const { exchange, content } = await send(sight);
    service.store("hidden.bin", Buffer.from("hidden"));
    assert.equal((await sight.evidence?.received(exchange, content))?.[0]?.files.length, 2);
  });

  test("shows several uploads, one by one", async () => {
    const sight = await look(LISTED);
    await send(sight);
    await sight.evidence?.clear();
    for (const name of ["flowcheck-1.bin", "flowcheck-2.bin"]) service.store(name, Buffer.from(name));
    assert.equal((await sight.evidence?.received())?.length, 2);
  });

  test("that tells names, sizes and digests does not take somebody else's upload for ours", async () => {
    service.habits.list = (files) => ({
      type: "application/json",
      text: JSON.stringify(
        files.map(({ name, bytes }) => ({ name, size: bytes.length, sha256: sha256Of(bytes) })),
      ),
    });
    const sight = await look(LISTED);
    await send(sight);
    await sight.evidence?.clear();
    service.store("holiday.jpg", Buffer.from("by somebody else"));
    assert.deepEqual(await sight.evidence?.received(), []);
  });

  test("of lines, of links and of an object are read alike", async () => {
    const forms: readonly ((names: readonly string[]) => { type: string; text: string })[] = [
      (names) => ({ type: "text/plain", text: names.join("\n") }),
      (names) => ({ type: "text/html", text: names.map((name) => `<a href="${name}">x</a>`).join("") }),
      (names) => ({
        type: "application/json",
        text: JSON.stringify({ files: Object.fromEntries(names.map((name) => [name, { size: 1 }])) }),
      }),
      (names) => ({ type: "application/json", text: JSON.stringify(names) }),
    ];
    for (const form of forms) {
      service.habits.list = (files) => form(files.map(({ id }) => id));
      const sight = await look(LISTED);
      await send(sight);
      assert.deepEqual((await send(sight, { bytes: TOO_LARGE })).received, []);
      service.habits.storesRefused = true;
      assert.equal((await send(sight, { bytes: TOO_LARGE })).received?.length, 1);
      service.habits.storesRefused = false;
    }
  });

  test("that changes by itself says nothing", async () => {
    let asked = 0;
    service.habits.list = () => {
      asked += 1;
      return { type: "text/plain", text: `asked ${asked} times` };
    };
    const sight = await look(LISTED);
    await send(sight);
    assert.equal((await send(sight, { bytes: TOO_LARGE })).received, null);
  });

  test("in which equal uploads are one says nothing of an upload that does not appear", async () => {
    service.habits.storesOnce = true;
    service.habits.saysNothing = true;
    const sight = await look(LISTED);
    await send(sight);
    assert.equal((await send(sight)).received, null);
    assert.equal((await send(sight, { bytes: TOO_LARGE })).received, null);
  });

  test("with links that are signed anew each time is the same list", async () => {
    let asked = 0;
    service.habits.list = (files) => {
      asked += 1;
      const items = files.map(({ id, name }) => ({ id, name, url: `/files/${id}?signature=${asked}` }));
      return { type: "application/json", text: JSON.stringify({ items, asked }) };
    };
    const sight = await look(LISTED);
    assert.equal((await send(sight)).received?.[0]?.files[0]?.sha256, CONTROL_SHA256);
    assert.deepEqual((await send(sight, { bytes: TOO_LARGE })).received, []);
  });

  test("of paths below a folder of the service tells the names within it", async () => {
    service.habits.list = (files) => ({
      type: "application/json",
      text: JSON.stringify(files.map(({ id, name }) => ({ id, name: `uploads/2026/${name}` }))),
    });
    const sight = await look({ ...LISTED, id: { pointer: "/id" }, url: "/files/{id}" });
    const { received } = await send(sight);
    assert.equal(received?.[0]?.files[0]?.name, "control.bin");
  });
});

test("on a target that others use, an entry that tells nothing is nobody's", async () => {
  const names = ["one"];
  const evidence = new SightEvidence(targetAt(service.origin), {
    byAnswer: async () => ({ kind: "unknown" }),
    byEntry: async () => ({ kind: "unknown" }),
    idOf: () => null,
    listings: [new ListingWatch(async () => listedEntries(names.join("\n"), "text/plain"))],
    isAlone: false,
    onStored: () => {},
  });
  await evidence.clear();
  names.push("two");
  assert.equal(await evidence.received(), null);
  names.push("flowcheck-three.bin");
  assert.equal((await evidence.received())?.length, 1);
});
