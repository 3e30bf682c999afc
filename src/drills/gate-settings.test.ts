import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Flow } from "../flows/flow.ts";
import { loadSettings, settingsForUpstream } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { drillSettings, NO_WISHES, sayChanges, writtenSettings } from "./gate-settings.ts";

const SECRET = "a-secret-of-production-that-is-long-enough-0123456789";
const FLOW = { name: "a", folder: "/srv/flows/a", upstream: "service", verify: null } as unknown as Flow;
const PLACE = { folder: "/tmp/drill", port: 4001, operatorPort: 4002, upstreamUrl: "http://127.0.0.1:4003" };

const settings: Settings = {
  ...settingsForUpstream("http://127.0.0.1:8000"),
  callers: {
    jwt: {
      issuer: "i",
      audience: "a",
      keys: { secret: SECRET, jwksFile: null, jwksUrl: null },
      algorithms: ["HS256"],
      clockSkewMs: 30_000,
      principalClaim: "sub",
    },
    grant: {
      keys: { secret: null, jwksFile: null, jwksUrl: "https://id.example.com/jwks.json" },
      lifetimeMaxMs: 3_600_000,
      clockSkewMs: 30_000,
    },
  },
};

test("nothing of the gate in production is named: neither ports nor folders nor keys", () => {
  const own = drillSettings(settings, FLOW, PLACE, NO_WISHES);
  const { text } = writtenSettings(own, "/tmp/drill/flows");
  for (const path of [settings.records.path, settings.storage.path, settings.receipts.keysFolder])
    assert.ok(!text.includes(`"${path}"`), path);
  assert.ok(!text.includes(":8080") && !text.includes(":8000"));
});

test("secrets go by the environment and are in no file; keys that nobody can sign with are replaced", () => {
  const own = drillSettings(settings, FLOW, PLACE, NO_WISHES);
  const { text, environment } = writtenSettings(own, "/tmp/drill/flows");
  assert.ok(!text.includes(SECRET));
  assert.equal(environment.SLUICEGATE_DRILL_JWT, SECRET);
  assert.ok((environment.SLUICEGATE_DRILL_GRANT ?? "").length >= 32);
  assert.ok(!text.includes("id.example.com"));
});

test("what is written loads, with the limits as they were but for those that are named", async (t) => {
  const own = drillSettings(settings, FLOW, PLACE, { ...NO_WISHES, idleMs: 1200, uploadsMax: 2 });
  const { text, environment } = writtenSettings(own, "/tmp/drill/flows");
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-settings-of-drill-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "sluicegate.yaml");
  await writeFile(file, text);
  const load = await loadSettings(file, environment);
  assert.ok(load.ok, JSON.stringify(load));
  assert.deepEqual(load.settings.limits, own.limits);
  assert.deepEqual(load.settings.callers, own.callers);
  assert.deepEqual({ ...load.settings.listen.public }, { host: "127.0.0.1", port: 4001, tls: null });
  assert.equal(load.settings.limits.bodyBytesPerSecondMin, settings.limits.bodyBytesPerSecondMin);
  assert.deepEqual(sayChanges(settings, own, FLOW), [
    "In the drill's gate the upstream's timeout is 1 s instead of 30 s; limits.idle is 1200 ms instead of 1 min; limits.uploads is 2 instead of 200.",
  ]);
});
