import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, test } from "node:test";
import { loadFlows, readFlowFolder } from "./load-flows.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/flows");
const UPSTREAMS = new Set(["accounts"]);
const root = mkdtempSync(join(tmpdir(), "sluicegate-flows-"));
after(() => rmSync(root, { recursive: true }));

let folders = 0;

/** A flows folder with the given files, by path. */
function flowsFolder(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function flowText(name: string, route: string, method = "POST"): string {
  const good = readFileSync(join(FIXTURES, "good-smallest.yaml"), "utf8");
  return good.replace("avatars", name).replace("/api/avatars", `"${route}"`).replace("POST", method);
}

for (const file of readdirSync(FIXTURES)) {
  const content = readFileSync(join(FIXTURES, file));
  const expected = [...content.toString().matchAll(/^# expect (\d+):(\d+) (.*)$/gm)].map(
    ([, line, column, text]) => ({
      place: `${line}:${column}`,
      text: text ?? "",
    }),
  );

  test(`flow file ${basename(file, ".yaml")}: ${expected.length === 0 ? "loads" : "is refused at the right places"}`, async () => {
    const folder = flowsFolder({
      "avatars/flow.yaml": content,
      "avatars/expected/created.schema.json": "{}",
    });
    const load = await loadFlows({ folder, upstreams: UPSTREAMS });
    assert.deepEqual(
      load.problems.map((problem) => `${problem.line}:${problem.column}`),
      expected.map(({ place }) => place),
      load.problems.map(({ message }) => message).join("\n"),
    );
    for (const [index, { text }] of expected.entries()) {
      assert.ok(load.problems[index]?.message.startsWith(text), `${load.problems[index]?.message}\n${text}`);
      assert.equal(load.problems[index]?.file, join(folder, "avatars", "flow.yaml"));
    }
    assert.equal(load.ok, expected.length === 0);
    assert.equal(file.startsWith("good-"), load.ok);
  });
}

test("a loaded flow has what the file says, in base units, with defaults filled in", async () => {
  const content = readFileSync(join(FIXTURES, "good-everything-built.yaml"));
  const folder = flowsFolder({ "avatars/flow.yaml": content, "avatars/expected/created.schema.json": "{}" });
  const load = await loadFlows({ folder, upstreams: UPSTREAMS });
  assert.ok(load.ok);
  const [flow] = load.set.flows;
  assert.ok(flow !== undefined);
  const { files, fields, policyVersion, ...rest } = flow;
  assert.deepEqual(
    [...files],
    [
      [
        "picture",
        { types: ["image/jpeg", "image/png"], sizeBytesMax: 1_610_612_736, countMax: 1, optional: false },
      ],
    ],
  );
  assert.deepEqual(
    [...fields],
    [["caption", { lengthCharsMin: 0, lengthCharsMax: 200, countMax: 3, optional: true }]],
  );
  assert.match(policyVersion, /^[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    name: "avatars",
    folder: join(folder, "avatars"),
    summary: "Profile picture chosen on the account page",
    owner: "accounts team <accounts@example.com>",
    noticed: "Account → Edit profile; the picture stays grey",
    mode: "observe",
    route: { method: "POST", path: "/api/avatars", protocols: ["multipart", "raw"] },
    permissions: { caller: "public" },
    deliver: "receipt",
    upstream: "accounts",
    forwardCredentials: false,
    notes: {
      expect: {
        status: 201,
        body: "expected/created.schema.json",
        p95: 800,
        "error-rate": 0.1,
        "database-calls": 4,
      },
      failure: { "upstream-down": "refuse", "storage-full": "refuse" },
      rollback: {
        note: "Set mode to observe and reload; nothing else depends on it.",
        command: "sluicegate mode avatars observe",
        tried: "2026-11-22",
      },
    },
  });
});

test("nobody can change a loaded flow", async () => {
  const load = await loadFlows({
    folder: flowsFolder({ "a/flow.yaml": flowText("a", "/a") }),
    upstreams: UPSTREAMS,
  });
  assert.ok(load.ok);
  const [flow] = load.set.flows as unknown as [
    { mode: string; files: Map<string, unknown>; route: { path: string } },
  ];
  assert.throws(() => {
    flow.mode = "off";
  }, TypeError);
  assert.throws(() => {
    flow.route.path = "/";
  }, TypeError);
  assert.throws(() => flow.files.clear(), TypeError);
});

test("the policy version changes with everything in the file but the mode", async () => {
  const versionOf = async (text: string): Promise<string> => {
    const load = await loadFlows({ folder: flowsFolder({ "a/flow.yaml": text }), upstreams: UPSTREAMS });
    assert.ok(load.ok);
    return load.set.flows[0]?.policyVersion ?? "";
  };
  const text = flowText("a", "/a");
  const version = await versionOf(text);
  assert.equal(await versionOf(text.replace("mode: enforce", "mode: off")), version);
  assert.equal(await versionOf(text), version);
  assert.notEqual(await versionOf(text.replace("5 MiB", "6 MiB")), version);
  assert.notEqual(await versionOf(`${text}# a comment\n`), version);
});

test("a folder that is missing, or empty, is an empty set with a warning", async () => {
  for (const folder of [join(root, "nowhere"), flowsFolder({})]) {
    const load = await loadFlows({ folder, upstreams: UPSTREAMS });
    assert.ok(load.ok);
    assert.deepEqual(load.set.flows, []);
    assert.deepEqual(load.set.match("POST", "/"), { kind: "none" });
    assert.deepEqual(
      load.problems.map(({ severity, code }) => [severity, code]),
      [["warning", "FLOWS_NONE"]],
    );
  }
});

test("a flows folder that is a file does not load", async () => {
  const load = await loadFlows({ folder: join(flowsFolder({ file: "x" }), "file"), upstreams: UPSTREAMS });
  assert.equal(load.ok, false);
});

test("what looks like a flow and is none is told, so that nobody believes that it is enforced", async () => {
  const folder = flowsFolder({
    "a/flow.yaml": flowText("a", "/a"),
    "b/flow.yml": flowText("b", "/b"),
    "c/notes.md": "x",
    "flow.yaml": flowText("d", "/d"),
    "README.md": "x",
    ".git/flow.yaml": "x",
  });
  const load = await loadFlows({ folder, upstreams: UPSTREAMS });
  assert.ok(load.ok);
  assert.deepEqual(
    load.problems.map(({ file, severity }) => [file.slice(folder.length + 1), severity]),
    [
      ["b/flow.yml", "warning"],
      ["c", "warning"],
      ["flow.yaml", "warning"],
    ],
  );
});

test("two flows that one request could match do not load together, and both are named", async () => {
  const folder = flowsFolder({
    "a/flow.yaml": flowText("a", "/api/users/{user}/avatar"),
    "b/flow.yaml": flowText("b", "/api/users/me/{what}"),
    "c/flow.yaml": flowText("c", "/api/users/me/{what}", "PUT"),
  });
  const load = await loadFlows({ folder, upstreams: UPSTREAMS });
  assert.equal(load.ok, false);
  assert.equal(load.problems.length, 1);
  assert.deepEqual(
    { ...load.problems[0], file: "" },
    {
      code: "FLOW_OVERLAP",
      severity: "error",
      file: "",
      line: 7,
      column: 9,
      path: "route.path",
      message:
        'route.path: the flows "a" (/api/users/{user}/avatar) and "b" (/api/users/me/{what}) could both match POST /api/users/me/avatar; change the path or the method of one of them.',
    },
  );
  const { fine } = await readFlowFolder({ folder, upstreams: UPSTREAMS });
  assert.deepEqual(
    fine.map(({ name }) => name),
    ["a", "c"],
  );
});

test("one flow with a problem keeps the whole set from loading, and the others are known to be fine", async () => {
  const folder = flowsFolder({
    "a/flow.yaml": flowText("a", "/a"),
    "b/flow.yaml": flowText("b", "/b").replace("mode: enforce", "mode: on"),
    "c/flow.yaml": Buffer.from([0xff, 0xfe]),
  });
  const load = await loadFlows({ folder, upstreams: UPSTREAMS });
  assert.equal(load.ok, false);
  assert.deepEqual(
    load.problems.map(({ file }) => file.slice(folder.length + 1)),
    ["b/flow.yaml", "c/flow.yaml"],
  );
  const reading = await readFlowFolder({ folder, upstreams: UPSTREAMS });
  assert.deepEqual(reading.names, ["a", "b", "c"]);
  assert.deepEqual(
    reading.fine.map(({ name }) => name),
    ["a"],
  );
});

test("names of upstreams are not checked where there are no settings", async () => {
  const folder = flowsFolder({ "a/flow.yaml": flowText("a", "/a") });
  assert.equal((await loadFlows({ folder, upstreams: "any" })).ok, true);
  assert.equal((await loadFlows({ folder, upstreams: new Set() })).ok, false);
});
