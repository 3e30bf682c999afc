import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { withId } from "./clean-up.ts";
import { FileService } from "./file-service.ts";
import type { Sight } from "./open-sight.ts";
import { sightOf, upload, type Written } from "./sample-flow.ts";

const READ_BACK = { id: { header: "Location" }, url: "/files/{id}" } as const;

let service: FileService;
const open: Sight[] = [];

async function look(written: Written): Promise<Sight> {
  const sight = await sightOf(service.origin, written);
  open.push(sight);
  return sight;
}

beforeEach(async () => {
  service = await FileService.start();
});

afterEach(async () => {
  for (const sight of open.splice(0)) await sight.close();
  await service.stop();
});

test("what was stored is removed by method and path, and nothing else", async () => {
  const sight = await look({ readBack: READ_BACK, cleanup: { method: "DELETE", path: "/files/{id}" } });
  const others = service.store("by somebody else", Buffer.from("x"));
  await upload(sight, service.origin);
  assert.equal(service.files.length, 2);
  assert.deepEqual(await sight.cleanUp(), []);
  assert.deepEqual(service.files, [others]);
});

test("what was stored and not looked at is removed, where a list shows its mark", async () => {
  const cleanup = { method: "DELETE", path: "/files/{id}" };
  const sight = await look({ readBack: { ...READ_BACK, list: "/list" }, cleanup });
  await upload(sight, service.origin);
  service.store("flowcheck-unseen.bin", Buffer.from("x"));
  const others = service.store("holiday.jpg", Buffer.from("y"));
  // It may be ours, so it is told; it may be somebody else's, so it stays.
  assert.deepEqual(await sight.cleanUp(), ["holiday.jpg"]);
  assert.deepEqual(service.files, [others]);
});

test("what was stored is removed by a command", async () => {
  const ask = "fetch(process.env.SLUICEGATE_CHECK_ORIGIN + '/files/{id}', { method: 'DELETE' })";
  const command = `${process.execPath} -e "${ask}"`;
  const sight = await look({ readBack: READ_BACK, cleanup: { command } });
  await upload(sight, service.origin);
  assert.deepEqual(await sight.cleanUp(), []);
  assert.deepEqual(service.files, []);
});

test("what cannot be removed is told by its address", async () => {
  const sight = await look({ readBack: READ_BACK, cleanup: { command: "exit 1" } });
  const { exchange } = await upload(sight, service.origin);
  const location = exchange.answers[0]?.headers.find(([name]) => name === "location")?.[1];
  assert.deepEqual(await sight.cleanUp(), [service.origin + location]);
});

test("where nothing could be removed, not found is no removal", async () => {
  const sight = await look({ readBack: READ_BACK, cleanup: { method: "DELETE", path: "/nowhere/x{id}" } });
  await upload(sight, service.origin);
  assert.equal((await sight.cleanUp()).length, 1);
});

test("uploads whose answers name nothing are counted, and removed by a command for all", async () => {
  service.habits.saysNothing = true;
  const sight = await look({});
  for (let count = 0; count < 2; count += 1) await upload(sight, service.origin);
  assert.deepEqual(await sight.cleanUp(), ["2 uploads whose answers named nothing to find them by"]);
  const cleaned = await look({ cleanup: { command: "true" } });
  await upload(cleaned, service.origin);
  assert.deepEqual(await cleaned.cleanUp(), []);
});

test("without a clean-up everything is told, and how much more there is", async () => {
  const sight = await look({ readBack: READ_BACK });
  for (let count = 0; count < 23; count += 1) await upload(sight, service.origin);
  const left = await sight.cleanUp();
  assert.equal(left.length, 21);
  assert.equal(left.at(-1), "and 3 more");
});

test("an id that a shell could take for more than a word is not put into a command", () => {
  assert.equal(withId("rm {id}", "abc-1.png"), "rm abc-1.png");
  for (const id of ["a;b", "$(x)", "-rf", "../a", "a b", ""])
    assert.throws(() => withId("rm {id}", id), /\$SLUICEGATE_CHECK_UPLOAD/);
});
