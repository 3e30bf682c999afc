import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Flow } from "../flow.ts";
import { readFlow } from "../read-flow.ts";
import { type AsvsRow, asvsCoverage } from "./asvs-coverage.ts";
import { asvsSentences } from "./asvs-sentences.ts";

const root = mkdtempSync(join(tmpdir(), "sluicegate-asvs-"));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

interface Keys {
  readonly mode?: string;
  readonly types?: string;
  readonly permissions?: string;
  readonly deliver?: string;
  readonly inspect?: string;
}

async function flowWith(keys: Keys): Promise<Flow> {
  const { mode = "enforce", types = "[image/png]", permissions = "{ caller: public }" } = keys;
  const { deliver = "receipt", inspect = "{ malware: off }" } = keys;
  const folder = join(root, String(folders++), "avatars");
  mkdirSync(folder, { recursive: true });
  const text = `flow: avatars
summary: Profile picture
owner: a team
mode: ${mode}
route: { method: POST, path: /api/avatars, protocols: [multipart] }
accept: { files: { picture: { types: ${types}, max-size: 5 MiB } } }
permissions: ${permissions}
deliver: ${deliver}
upstream: accounts
inspect: ${inspect}
`;
  writeFileSync(join(folder, "flow.yaml"), text);
  const reading = await readFlow(join(folder, "flow.yaml"), { upstreams: "any" });
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.flow;
}

async function states(keys: Keys): Promise<Readonly<Record<string, string>>> {
  const rows = asvsCoverage(await flowWith(keys));
  return Object.fromEntries(rows.map(({ requirement, state }) => [requirement, state]));
}

test("each requirement of the chapter has a row, in order, with a reason", async () => {
  const rows: readonly AsvsRow[] = asvsCoverage(await flowWith({}));
  assert.deepEqual(
    rows.map(({ requirement }) => requirement),
    [
      "5.1.1",
      "5.2.1",
      "5.2.2",
      "5.2.3",
      "5.2.4",
      "5.2.5",
      "5.2.6",
      "5.3.1",
      "5.3.2",
      "5.3.3",
      "5.4.1",
      "5.4.2",
      "5.4.3",
    ],
  );
  for (const { how, asks } of rows) assert.match(`${asks}${how}`, /^[^.]{10,}$/);
});

test("pictures by receipt in mode enforce: the gate keeps what it does, and what it does not do is open", async () => {
  assert.deepEqual(await states({}), {
    "5.1.1": "gate",
    "5.2.1": "gate",
    "5.2.2": "gate",
    "5.2.3": "not-applicable",
    "5.2.4": "open",
    "5.2.5": "not-applicable",
    "5.2.6": "open",
    "5.3.1": "gate",
    "5.3.2": "gate",
    "5.3.3": "not-applicable",
    "5.4.1": "gate",
    "5.4.2": "gate",
    "5.4.3": "open",
  });
});

test("archives forwarded in mode enforce: links and names inside are the gate's, the unpacked size is open", async () => {
  const found = await states({ types: "[application/zip]", deliver: "forward" });
  for (const [requirement, state] of [
    ["5.1.1", "open"],
    ["5.2.3", "open"],
    ["5.2.5", "gate"],
    ["5.2.6", "not-applicable"],
    ["5.3.1", "service"],
    ["5.3.3", "gate"],
    ["5.4.2", "service"],
  ] as const)
    assert.equal(found[requirement], state, requirement);
});

test("in the other modes the gate keeps nothing", async () => {
  const inspect =
    "{ malware: required, images: { max-pixels: 40 MP }, archives: { max-unpacked: 1 GiB }, documents: { active-content: refuse } }";
  const all = { types: "[image/png, application/zip]", inspect };
  const { "5.1.1": documented, ...others } = await states({
    ...all,
    mode: "off",
    permissions: "{ caller: api-key, quota: { files: 5, every: 1h } }",
  });
  assert.equal(documented, "gate", "the file says it in any mode");
  assert.deepEqual(new Set(Object.values(others)), new Set(["service"]));
  const observed = Object.values(await states({ mode: "observe" }));
  assert.equal(observed.filter((state) => state === "gate").length, 1);
});

test("where any bytes are taken, nobody knows what is inside", async () => {
  const found = await states({ types: "any" });
  for (const requirement of ["5.1.1", "5.2.2", "5.2.3", "5.2.5", "5.2.6", "5.3.3"])
    assert.equal(found[requirement], "open", requirement);
});

test("a quota for each principal is one for each user, and one for each address is told as that", async () => {
  const quota = (caller: string) => ({
    permissions: `{ caller: ${caller}, quota: { files: 5, every: 1h } }`,
  });
  assert.equal((await states(quota("api-key")))["5.2.4"], "gate");
  const row = asvsCoverage(await flowWith(quota("public"))).find(
    ({ requirement }) => requirement === "5.2.4",
  );
  assert.match(row?.how ?? "", /users are not told apart/);
  assert.equal((await states({ permissions: "{ caller: public, rate: 1/min }" }))["5.2.4"], "open");
});

test("the lines are one a requirement, and say what the words mean", async () => {
  const lines = asvsSentences(await flowWith({}));
  assert.equal(lines.length, 14);
  assert.equal(
    lines[1],
    "5.2.1  gate     only sizes that do no harm: 5 MiB a file, counted while it arrives (UPL-TR-01, UPL-TR-02)",
  );
  assert.match(lines.at(-1) ?? "", /^gate: kept by the gate\./);
});
