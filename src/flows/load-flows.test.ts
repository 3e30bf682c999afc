import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, test } from "node:test";
import type { Flow } from "./flow.ts";
import { loadFlows, readFlowFolder } from "./load-flows.ts";
import { UNWRITTEN_MEASURE, UNWRITTEN_WATCH } from "./measure/unwritten.ts";
import { readFlow } from "./read-flow.ts";

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
      "avatars/samples/photo.png": "x".repeat(20),
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
  const { files, fields, permissions, policyVersion, measure, watch, ...rest } = flow;
  assert.deepEqual({ measure, watch }, { measure: UNWRITTEN_MEASURE, watch: UNWRITTEN_WATCH });
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
  const { require: required, ...others } = permissions;
  assert.deepEqual(
    [...required],
    [
      ["scope", ["avatars:write"]],
      ["tenant", ["a", "b"]],
    ],
  );
  assert.deepEqual(others, {
    caller: "jwt",
    askPath: null,
    origins: ["https://app.example.com"],
    shares: [
      { kind: "rate", name: "rate", per: "principal", requestsMax: 10, windowMs: 60_000 },
      { kind: "concurrent", name: "concurrent", per: "principal", uploadsMax: 4 },
      {
        kind: "quota",
        name: "quota",
        per: "address",
        windowMs: 86_400_000,
        bytesMax: 209_715_200,
        filesMax: 50,
      },
    ],
  });
  assert.deepEqual(rest, {
    name: "avatars",
    folder: join(folder, "avatars"),
    summary: "Profile picture chosen on the account page",
    owner: "accounts team <accounts@example.com>",
    noticed: "Account → Edit profile; the picture stays grey",
    mode: "observe",
    route: { method: "POST", path: "/api/avatars", protocols: ["multipart", "raw"] },
    retry: { idempotencyKey: "required", keepMs: 43_200_000 },
    failure: {
      upstreamDown: "retry",
      upstreamUnknown: "keep",
      upstreamError: "pass",
      retryForMs: 259_200_000,
      storageFull: "refuse",
    },
    deliver: "receipt",
    upstream: "accounts",
    forwardCredentials: false,
    inspect: { malware: false, images: null, archives: null, documents: null },
    verify: null,
    notes: {
      expect: {
        status: 201,
        body: "expected/created.schema.json",
        p95: 800,
        "error-rate": 0.1,
        "database-calls": 4,
      },
      rollback: {
        note: "Set mode to observe and reload; nothing else depends on it.",
        command: "sluicegate mode avatars observe",
        tried: "2026-11-22",
      },
    },
  });
});

async function loadFixture(file: string): Promise<Flow> {
  const content = readFileSync(join(FIXTURES, file));
  const load = await loadFlows({
    folder: flowsFolder({ "avatars/flow.yaml": content, "avatars/samples/photo.png": "x" }),
    upstreams: UPSTREAMS,
  });
  assert.ok(load.ok);
  const [flow] = load.set.flows;
  assert.ok(flow !== undefined);
  return flow;
}

test("what check is told is complete, paths are absolute, and secrets are only named", async () => {
  const { verify, folder } = await loadFixture("good-verify.yaml");
  assert.ok(verify !== null);
  const { samples, fields, path, hooks, faults, manual, ...rest } = verify;
  assert.deepEqual([...samples], [["picture", join(folder, "samples/photo.png")]]);
  assert.deepEqual(
    [...fields, ...path],
    [
      ["caption", "Sea"],
      ["user", "42"],
    ],
  );
  assert.deepEqual(
    [...hooks],
    [
      ["log", "tail -n 1000 service.log"],
      ["mint-grant", "./grant.sh"],
    ],
  );
  assert.deepEqual([...faults], [["service-down", { inject: "./down.sh", heal: "./up.sh" }]]);
  assert.deepEqual(
    manual.map(({ check, result, when }) => [check, result, when]),
    [
      ["UPL-FM-04", "pass", "2026-11-22"],
      ["UPL-FM-08", "fail", "2026-11-22"],
    ],
  );
  assert.deepEqual(rest, {
    headers: ["X-Tenant: test"],
    credentials: {
      header: "Authorization",
      main: "env:UPLOAD_TOKEN",
      other: `file:${join(folder, "secrets/other.txt")}`,
      readOnly: "command:./token.sh reader",
      expired: "env:OLD_TOKEN",
      forged: "env:FORGED_TOKEN",
    },
    readBack: {
      id: { pointer: "/upload/id" },
      url: "/api/users/{user}/avatar/{id}",
      state: { path: "/api/uploads/{id}", sha256: "/sha256", size: "/size" },
      list: "/api/received?count=100",
      command: "ls -1 store",
    },
    cleanup: { method: "DELETE", path: "/api/uploads/{id}" },
    framework: "fastapi",
    behind: "http://127.0.0.1:8000",
    requestIdHeader: "X-Request-Id",
    pageOrigin: "https://app.example.com",
  });
});

test("what a service promises about the inside of files is there in mode off", async () => {
  assert.deepEqual((await loadFixture("good-inspect-promised.yaml")).inspect, {
    malware: true,
    images: { pixelsMax: 40_000_000, framesMax: 1, reEncode: true, keepMetadata: false },
    archives: { unpackedBytesMax: 104_857_600, entriesMax: 1000, depthMax: 2 },
    documents: { activeContent: "refuse" },
  });
});

test("a secret that was written is in no sentence", async () => {
  const content = readFileSync(join(FIXTURES, "verify-secrets-written.yaml"));
  const load = await loadFlows({ folder: flowsFolder({ "avatars/flow.yaml": content }), upstreams: "any" });
  assert.equal(load.ok, false);
  assert.doesNotMatch(JSON.stringify(load.problems), /eyJ|0123456789|TOKEN/);
});

test("what a flow does not say refuses nothing and keeps nothing", async () => {
  const { permissions, retry, failure } = await loadFixture("good-smallest.yaml");
  assert.deepEqual(
    { ...permissions, require: [...permissions.require] },
    {
      caller: "public",
      require: [],
      askPath: null,
      origins: [],
      shares: [],
    },
  );
  assert.deepEqual(retry, { idempotencyKey: "off", keepMs: 86_400_000 });
  assert.deepEqual(failure, {
    upstreamDown: "refuse",
    upstreamUnknown: "keep",
    upstreamError: "pass",
    retryForMs: 86_400_000,
    storageFull: "refuse",
  });
});

test("shares of a list are numbered, each with its own subject", async () => {
  const { permissions } = await loadFixture("good-shares-in-lists.yaml");
  assert.deepEqual(
    permissions.shares.map(({ name, per }) => `${name} per ${per}`),
    [
      "rate-1 per principal",
      "rate-2 per address",
      "concurrent-1 per principal",
      "concurrent-2 per flow",
      "quota-1 per principal",
      "quota-2 per address",
    ],
  );
});

test("a share is each address's where everybody is one principal", async () => {
  const folder = flowsFolder({
    "a/flow.yaml": flowText("a", "/a").replace("caller: public", "caller: public, rate: 1/s"),
  });
  const load = await loadFlows({ folder, upstreams: UPSTREAMS });
  assert.ok(load.ok);
  assert.equal(load.set.flows[0]?.permissions.shares[0]?.per, "address");
});

test("the service is asked at the path that is written", async () => {
  assert.equal((await loadFixture("good-caller-upstream.yaml")).permissions.askPath, "/auth/upload");
});

test("tokens and grants are asked for only where the settings say whose are taken", async () => {
  for (const caller of ["jwt", "grant"] as const) {
    const folder = flowsFolder({
      "a/flow.yaml": flowText("a", "/a").replace("caller: public", `caller: ${caller}`),
    });
    const known = ["public", "api-key", "upstream"] as const;
    const without = await loadFlows({ folder, upstreams: "any", callers: new Set(known) });
    const [problem, ...others] = without.problems;
    assert.deepEqual([problem?.line, problem?.column, others.length], [14, 24, 0]);
    assert.match(problem?.message ?? "", new RegExp(`write callers.${caller} in sluicegate.yaml`));
    const withIt = await loadFlows({ folder, upstreams: "any", callers: new Set([...known, caller]) });
    assert.equal(withIt.ok, true);
  }
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

test("a gate that serves does not need the samples that checks send", async () => {
  const name = "verify-samples-that-cannot-pass.yaml";
  const checked = await readFlow(join(FIXTURES, name), { upstreams: "any" });
  const serving = await readFlow(join(FIXTURES, name), { upstreams: "any", needsSamples: false });
  const about = (reading: typeof checked) =>
    reading.ok ? [] : reading.problems.filter(({ path }) => path.startsWith("verify.samples"));
  assert.ok(about(checked).length > 0);
  assert.deepEqual(about(serving), []);
});
