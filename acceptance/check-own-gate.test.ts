/**
 * What a run of checks sees and does on a gate of one's own, on the gate's machine: against a running gate with a real service behind it, whose own
 * account of what it got is compared.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { CATALOGUE } from "../src/checks/catalogue.ts";
import type { Probe, Target } from "../src/checks/check.ts";
import { controlProbe } from "../src/checks/payloads/upload.ts";
import { runCheck } from "../src/checks/run-check.ts";
import { sendProbe } from "../src/checks/send-probe.ts";
import { openSight, type Sight } from "../src/checks/sight/open-sight.ts";
import { targetAs } from "../src/checks/target-as.ts";
import type { Flow } from "../src/flows/flow.ts";
import { loadFlows } from "../src/flows/load-flows.ts";
import { loadSettings } from "../src/settings/load-settings.ts";
import type { Settings } from "../src/settings/settings.ts";
import { SECRETS } from "./caller-tokens.ts";
import type { CheckedFlow } from "./checked-callers.ts";
import { type CheckedRoutes, startChecked } from "./checked-routes.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const FLOWS = ["key", "key-raw", "jwt", "grant-raw", "public", "asked"] as const;

let routes: CheckedRoutes;
let settings: Settings;
let flows: ReadonlyMap<string, Flow>;
let runs = 0;
const open: Sight[] = [];

before(async () => {
  routes = await startChecked(FLOWS, SEED);
  const read = await loadSettings(join(routes.gate.folder, "sluicegate.yaml"), SECRETS);
  assert.ok(read.ok);
  settings = read.settings;
  const loaded = await loadFlows({ folder: settings.flowsFolder, upstreams: new Set(["service"]) });
  assert.ok(loaded.ok);
  flows = new Map(loaded.set.flows.map((flow) => [flow.name, flow]));
});

after(() => routes?.stop());

afterEach(async () => {
  for (const sight of open.splice(0)) await sight.close();
});

/** As `targets/` would put it together. */
async function look(name: CheckedFlow): Promise<{ sight: Sight; target: Target; runId: string }> {
  const { identities: _, promises: __, ...bare } = await routes.targetOf(name);
  runs += 1;
  const runId = `r${runs}`;
  const flow = flows.get(`checked-${name}`) ?? null;
  const { origin } = routes.gate;
  const sight = await openSight({ flow, target: { ...bare, origin }, origin, runId, settings });
  open.push(sight);
  const { identities, promises } = sight;
  return {
    sight,
    runId,
    target: { ...bare, origin, promises, ...(identities === null ? {} : { identities }) },
  };
}

async function send(sight: Sight, target: Target, probe: Probe) {
  await sight.evidence?.clear();
  await routes.service.clear();
  const exchange = await sendProbe(target.origin, probe, { deadlineMs: 10_000, lingerMs: 0 });
  const received = (await sight.evidence?.received(exchange, probe.content)) ?? null;
  return { status: exchange.answers[0]?.status, received, behind: await routes.service.received() };
}

for (const name of ["key", "key-raw", "jwt", "grant-raw", "public"] as const) {
  describe(`on ${name}`, () => {
    test("an accepted upload is seen as the service got it, and nothing of a refused one", async () => {
      const { sight, target } = await look(name);
      const accepted = await send(sight, target, controlProbe(await targetAs(target, "main")));
      assert.equal(accepted.status, 201);
      assert.deepEqual(
        accepted.received?.map(({ files }) =>
          files.map(({ field, sizeBytes, sha256 }) => ({ field, sizeBytes, sha256 })),
        ),
        accepted.behind.map(({ files }) =>
          files.map(({ field, sizeBytes, sha256 }) => ({ field, sizeBytes, sha256 })),
        ),
      );
      const { control, sizeBytesMax } = target.file;
      const bytes = Buffer.concat([control.bytes, Buffer.alloc(sizeBytesMax)]);
      const refused = await send(sight, target, controlProbe(await targetAs(target, "main"), { bytes }));
      assert.deepEqual([refused.status, refused.received, refused.behind], [413, [], []]);
      assert.match(sight.readBack ?? "", /the gate's own records/);
    });
  });
}

test("everybody whom a flow with keys knows is there, named after the run, and revoked with it", async () => {
  const { sight, target, runId } = await look("key");
  const statuses: Record<string, number | undefined> = {};
  for (const who of ["main", "other", "readOnly", "expired", "forged", "nobody"] as const)
    statuses[who] = (await send(sight, target, controlProbe(await targetAs(target, who)))).status;
  assert.deepEqual(statuses, {
    main: 201,
    other: 201,
    readOnly: 403,
    expired: 401,
    forged: 401,
    nobody: 401,
  });
  const newest = (await routes.gate.uploads()).find(({ state }) => state === "delivered");
  const left = await sight.cleanUp();
  assert.equal(left.length, 2);
  assert.ok(left.includes(`upload ${newest?.id}`), JSON.stringify(left));
  const main = controlProbe(await targetAs(target, "main"));
  await sight.close();
  const late = await sendProbe(target.origin, main, { deadlineMs: 10_000, lingerMs: 0 });
  assert.equal(late.answers[0]?.status, 401);
  const keys = await routes.gate.run("key", "list", "--json");
  assert.ok(keys.out.includes(`flowcheck-${runId}-main`), keys.out);
});

test("everybody whom a flow with tokens knows is there", async () => {
  const { sight, target } = await look("jwt");
  const statuses: Record<string, number | undefined> = {};
  for (const who of ["main", "other", "readOnly", "expired", "forged"] as const)
    statuses[who] = (await send(sight, target, controlProbe(await targetAs(target, who)))).status;
  assert.deepEqual(statuses, { main: 201, other: 201, readOnly: 403, expired: 401, forged: 401 });
});

test("where the service says who may, credentials must be given, and their uploads are known by the first one", async () => {
  const { sight, target } = await look("asked");
  assert.equal(sight.identities, null);
  const known = { ...target, credential: ["Cookie: session=of-ann"] };
  const accepted = await send(sight, known, controlProbe(known));
  assert.deepEqual([accepted.status, accepted.received?.length], [201, 1]);
});

test("uploads of others at the same time are not taken for those of the run", async () => {
  const { sight, target } = await look("key");
  const { target: others } = await look("key");
  await sight.evidence?.clear();
  const probe = controlProbe(await targetAs(others, "main"));
  await sendProbe(others.origin, probe, { deadlineMs: 10_000, lingerMs: 0 });
  assert.deepEqual(await sight.evidence?.received(), []);
  assert.deepEqual(await sight.cleanUp(), []);
  const own = await send(sight, target, controlProbe(await targetAs(target, "main")));
  assert.equal(own.received?.length, 1);
});

test("what is made for a run is kept to be redacted", async () => {
  const { sight, target } = await look("grant-raw");
  const [line = ""] = (await targetAs(target, "main")).credential ?? [];
  const token = line.replace("Authorization: Bearer ", "");
  assert.ok(token.length > 20);
  assert.ok(sight.secrets().includes(token));
});

test("a gate at another address is not looked into", async () => {
  const flow = flows.get("checked-key") ?? null;
  const { identities: _, ...target } = await routes.targetOf("key");
  const origin = routes.service.origin;
  const sight = await openSight({
    flow,
    target: { ...target, origin },
    origin,
    runId: "elsewhere",
    settings,
  });
  open.push(sight);
  assert.deepEqual([sight.identities, sight.readBack, sight.hooks], [null, null, {}]);
});

/** Checks that need what only an operator can do or see. */
const WITH_HOOKS: Readonly<Partial<Record<CheckedFlow, readonly string[]>>> = {
  key: ["UPL-PM-01", "UPL-PM-02", "UPL-PM-03", "UPL-PM-08", "UPL-RT-01", "UPL-VO-06"],
  jwt: ["UPL-PM-01", "UPL-RS-04", "UPL-VO-06"],
  "grant-raw": ["UPL-PM-07", "UPL-RS-07"],
  public: ["UPL-RT-04", "UPL-RS-02"],
};

for (const [name, ids] of Object.entries(WITH_HOOKS)) {
  for (const check of CATALOGUE.filter(({ id }) => ids.includes(id))) {
    test(`${check.id} on ${name} is carried out, and holds`, async () => {
      const { sight, target } = await look(name as CheckedFlow);
      const results = await runCheck(check, target, sight.evidence, sight.hooks);
      const told = results.filter(({ state }) => state !== "pass" && state !== "not-applicable");
      assert.deepEqual(
        told.map(({ case: of, state, reasons }) => ({ of, state, reasons })),
        [],
      );
      assert.ok(results.some(({ state }) => state === "pass"));
    });
  }
}

test("the log's place is taken by records, audit, folders and readiness", async () => {
  const { sight, target, runId } = await look("key");
  await send(sight, target, controlProbe(await targetAs(target, "main")));
  const decisions = (await sight.hooks.decisions?.()) ?? "";
  assert.ok(decisions.includes(`flowcheck-${runId}-main`));
  assert.ok(
    decisions
      .trimEnd()
      .split("\n")
      .every((line) => JSON.parse(line).seq > 0),
  );
  const stored = await sight.hooks.stored?.();
  assert.deepEqual(stored?.temporary, []);
  assert.deepEqual([...(stored?.kept ?? [])].sort(), [...(await routes.gate.stored())].sort());
  assert.equal((await sight.hooks.readiness?.())?.status, 200);
  assert.equal(sight.hooks.log, undefined);
});
