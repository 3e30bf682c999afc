import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { explainFlow } from "./explain-flow.ts";
import { loadFlows } from "./load-flows.ts";

const DOCS = resolve(import.meta.dirname, "../../docs");
const folder = mkdtempSync(join(tmpdir(), "sluicegate-documented-"));
after(() => rmSync(folder, { recursive: true }));

for (const page of ["permissions.md", "flow-file.md"]) {
  test(`the flows that docs/${page} shows load together, each as it is written`, async () => {
    const text = readFileSync(join(DOCS, page), "utf8");
    const shown = [...text.matchAll(/^```yaml\n(flow: ([a-z-]+)\n[^`]*)^```$/gm)];
    assert.ok(shown.length > 0);
    const flows = join(folder, page);
    for (const [, content = "", name = ""] of shown) {
      mkdirSync(join(flows, name), { recursive: true });
      writeFileSync(join(flows, name, "flow.yaml"), content);
    }
    const load = await loadFlows({ folder: flows, upstreams: new Set(["service", "accounts"]) });
    assert.deepEqual(load.problems, []);
    assert.ok(load.ok);
    assert.equal(load.set.flows.length, shown.length, "each has a name of its own");
    for (const flow of load.set.flows) assert.ok(explainFlow(flow).startsWith(`${flow.name}: `));
  });
}

test("docs/permissions.md shows each kind of caller", () => {
  const text = readFileSync(join(DOCS, "permissions.md"), "utf8");
  for (const caller of ["public", "api-key", "jwt", "grant", "upstream"])
    assert.match(text, new RegExp(`^  caller: ${caller}$`, "m"));
});
