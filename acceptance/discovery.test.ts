/**
 * A gate with no flows in front of a real service names the upload routes that pass, and `init --from-traffic` writes them down.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { restartGate, startGate } from "./gate-under-test.ts";
import { startService } from "./service-under-test.ts";

test("upload routes seen in traffic become drafts, also after a restart, and nothing of the files is kept", async (t) => {
  const service = await startService();
  t.after(() => service.stop());
  const options = { upstream: service.origin, flows: [], passThrough: true };
  let gate = await startGate(options);
  t.after(() => gate.stop());
  const png = await readFile(join(import.meta.dirname, "../fixtures/files/good/png-rgb.png"));
  for (const user of [17, 18, 19]) {
    const form = new FormData();
    form.set("title", "a secret title");
    form.set("picture", new Blob([png], { type: "image/png" }), "my-secret-name.png");
    const answer = await fetch(`${gate.origin}/checked/forward/${user}`, {
      method: "POST",
      body: form,
      headers: { authorization: "Bearer secret-token" },
    });
    await answer.arrayBuffer();
    assert.ok(answer.status < 300, String(answer.status));
  }
  await (
    await fetch(`${gate.origin}/any/notes`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    })
  ).arrayBuffer();
  assert.match(gate.log(), /POST \/checked\/forward\/\{id\} looks like an upload route/);

  gate.signal("SIGTERM");
  await gate.ended();
  gate = await restartGate(gate, options);
  const drafts = join(gate.folder, "drafted");
  const drafted = await gate.run("init", "--from-traffic", "--into", drafts);
  assert.equal(drafted.exitCode, 0, drafted.err);
  assert.match(drafted.out, /POST \/checked\/forward\/\{id\} drafted/);
  assert.doesNotMatch(drafted.out, /notes/);
  const flow = await readFile(join(drafts, "checked-forward/flow.yaml"), "utf8");
  assert.match(flow, /types: \[image\/png\]/);
  assert.match(flow, /seen: Authorization: Bearer each time/);
  const notes = await readFile(join(gate.folder, "data/traffic.json"), "utf8");
  for (const secret of ["a secret title", "my-secret-name", "secret-token"])
    assert.ok(!`${flow}${notes}`.includes(secret), secret);

  const again = await gate.run("init", "--from-traffic", "--into", drafts);
  assert.match(again.out, /is there already, left as it is/);
});

test("without traffic there is nothing to draft, and the command says what is expected", async (t) => {
  const service = await startService();
  t.after(() => service.stop());
  const gate = await startGate({ upstream: service.origin, flows: [], passThrough: true });
  t.after(() => gate.stop());
  const drafted = await gate.run("init", "--from-traffic", "--into", join(gate.folder, "drafted"));
  assert.equal(drafted.exitCode, 1);
  assert.match(drafted.err, /has seen no upload/);
});
