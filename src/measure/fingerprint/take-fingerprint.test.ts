import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { flowWith } from "../../checks/sight/sample-flow.ts";
import type { FlowMeasure } from "../../flows/flow.ts";
import { UNWRITTEN_MEASURE } from "../../flows/measure/unwritten.ts";
import { listening } from "../load/sample-route.ts";
import { takeFingerprint } from "./take-fingerprint.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "sluicegate-fingerprint-")));
const flowFolder = join(root, "flows/avatars");
mkdirSync(flowFolder, { recursive: true });
writeFileSync(join(root, "requirements.txt"), "fastapi==1\n");
writeFileSync(join(root, "app.py"), "print()\n");
writeFileSync(join(flowFolder, "flow.yaml"), "flow: avatars\n");
const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
    encoding: "utf8",
  });
git("init", "-q");
git("add", ".");
git("commit", "-q", "-m", "one");
after(() => rmSync(root, { recursive: true }));

type Seen = Readonly<Record<string, string | null>>;

async function seen(
  told: Partial<FlowMeasure["fingerprint"]> = {},
  origin = "http://127.0.0.1:1",
): Promise<Seen> {
  const flow = {
    ...flowWith({}, flowFolder),
    measure: { ...UNWRITTEN_MEASURE, fingerprint: { ...UNWRITTEN_MEASURE.fingerprint, ...told } },
  };
  const { values } = await takeFingerprint({
    flow,
    origin,
    program: "sluicegate 0",
    settings: null,
    front: "unknown",
    askingLines: async () => [],
    answer: { status: 201, headers: [["x-commit", "3c4d"]], body: new Uint8Array() },
    payloadSet: "abc",
    plan: null,
  });
  return values;
}

test("commit, flow, lockfile and machine are seen, and what cannot be seen is null", async () => {
  const values = await seen();
  assert.equal(values["git.commit"], git("rev-parse", "HEAD").trim());
  assert.equal(values["git.dirty"], "no");
  assert.match(values["lockfile.requirements.txt"] ?? "", /^[0-9a-f]{16}$/);
  assert.ok((values["host.cores"] ?? "") !== "");
  assert.equal(values.load, null);
  const elsewhere = await seen({}, "http://192.0.2.1");
  assert.equal(elsewhere["host.cpu"], null);
  assert.ok(typeof elsewhere["sender.cores"] === "string");
});

test("one change is one key: what has a key of its own does not make the repository dirty", async () => {
  const before = await seen();
  writeFileSync(join(root, "requirements.txt"), "fastapi==2\n");
  writeFileSync(join(flowFolder, "baseline.json"), "{}\n");
  const locked = await seen();
  const differing = Object.keys(locked).filter((key) => locked[key] !== before[key]);
  assert.deepEqual(differing, ["lockfile.requirements.txt"]);
  writeFileSync(join(root, "app.py"), "print(1)\n");
  const one = await seen();
  assert.match(one["git.dirty"] ?? "", /^yes, [0-9a-f]{16}$/);
  writeFileSync(join(root, "new.py"), "print(2)\n");
  assert.notEqual((await seen())["git.dirty"], one["git.dirty"], "another difference is another state");
});

test("what the service tells by path, command and header is there, and stands in place of the repository", async () => {
  const { origin, server } = await listening((request, response) => {
    if (request.url !== "/version") response.writeHead(404).end();
    else response.end(JSON.stringify({ workers: 4, data: { rows: 7 }, "git.commit": "aa11" }));
  });
  const values = await seen({ path: "/version", headers: ["x-commit", "x-none"] }, origin);
  server.close();
  assert.equal(values["service.workers"], "4");
  assert.equal(values["data.rows"], "7");
  assert.equal(values["git.commit"], "aa11");
  assert.ok(!("git.dirty" in values));
  assert.deepEqual([values["service.x-commit"], values["service.x-none"]], ["3c4d", null]);
  assert.equal((await seen({ path: "/version" }))["service.version"], null, "nobody answers");
  assert.equal((await seen({ command: "echo '  v 1.2 '" }))["service.version"], "v 1.2");
  assert.equal((await seen({ command: "exit 3" }))["service.version"], null);
});

test("files and variables count by their digests, never by their content", async () => {
  process.env.FINGERPRINT_TEST = "very secret";
  const values = await seen({
    files: [join(root, "app.py"), join(root, "missing.txt")],
    environment: ["FINGERPRINT_TEST", "FINGERPRINT_NOT_SET"],
  });
  delete process.env.FINGERPRINT_TEST;
  const name = `${root.split("/").at(-1)}/app.py`;
  assert.match(values[`file.${name}`] ?? "", /^[0-9a-f]{16}$/);
  assert.equal(values[`file.${name.replace("app.py", "missing.txt")}`], null);
  assert.match(values["env.FINGERPRINT_TEST"] ?? "", /^[0-9a-f]{16}$/);
  assert.equal(values["env.FINGERPRINT_NOT_SET"], "not set");
  assert.ok(!JSON.stringify(values).includes("very secret"));
});
