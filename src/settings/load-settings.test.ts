import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { loadSettings, settingsForUpstream, withOverrides } from "./load-settings.ts";
import type { Settings } from "./settings.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/settings");
const SECRET = "hunter2";
const ENVIRONMENT = { SLUICEGATE_TEST_URL: "http://127.0.0.1:8000", SLUICEGATE_TEST_WRONG: SECRET };
const folder = mkdtempSync(join(tmpdir(), "sluicegate-settings-"));
after(() => rmSync(folder, { recursive: true }));

async function loadText(text: string): Promise<Settings> {
  const file = join(folder, "sluicegate.yaml");
  writeFileSync(file, text);
  const load = await loadSettings(file, ENVIRONMENT);
  assert.ok(load.ok, load.ok ? "" : JSON.stringify(load.problems));
  return load.settings;
}

for (const file of readdirSync(FIXTURES)) {
  const content = readFileSync(join(FIXTURES, file), "utf8");
  const expected = [...content.matchAll(/^# expect (\d+):(\d+) (.*)$/gm)].map(([, line, column, text]) => ({
    place: `${line}:${column}`,
    text: text ?? "",
  }));

  test(`settings ${basename(file, ".yaml")}: ${expected.length === 0 ? "load" : "are refused at the right places"}`, async () => {
    const load = await loadSettings(join(FIXTURES, file), ENVIRONMENT);
    const problems = load.ok ? [] : load.problems;
    assert.deepEqual(
      problems.map(({ line, column }) => `${line}:${column}`),
      expected.map(({ place }) => place),
      problems.map(({ message }) => message).join("\n"),
    );
    for (const [index, { text }] of expected.entries()) {
      assert.ok(problems[index]?.message.startsWith(text), `${problems[index]?.message}\n${text}`);
      assert.doesNotMatch(problems[index]?.message ?? "", new RegExp(SECRET));
    }
    assert.equal(file.startsWith("good-"), load.ok);
  });
}

test("the settings of the design load as they are written, paths counted from the file", async () => {
  const file = join(FIXTURES, "good-as-in-the-design.yaml");
  const load = await loadSettings(file);
  assert.ok(load.ok);
  const { upstreams, ...rest } = load.settings;
  const at = (path: string): string => join(FIXTURES, path);
  assert.deepEqual(rest, {
    file,
    listen: { public: { host: "127.0.0.1", port: 8080 }, operator: { host: "127.0.0.1", port: 8081 } },
    flowsFolder: at("flows"),
    records: { driver: "sqlite", path: at("data/records.sqlite") },
    storage: { driver: "disk", path: at("data") },
    receipts: { issuer: "https://uploads.example.com", keysFolder: at("data/keys"), lifetimeMs: 3_600_000 },
    trustProxy: [],
    limits: { connections: 1000, uploads: 200, requestHeaderBytesMax: 16_384, idleMs: 60_000 },
    signals: { log: "stdout", metrics: true, serverTiming: false },
  });
  assert.deepEqual(
    [...upstreams],
    [["accounts", { name: "accounts", url: "http://127.0.0.1:8000", passThrough: true, timeoutMs: 30_000 }]],
  );
});

test("an empty file is a file of defaults, and nothing passes through unless it is written", async () => {
  const settings = await loadText("upstreams: { a: { url: http://h:1 } }");
  assert.deepEqual(settings.upstreams.get("a"), {
    name: "a",
    url: "http://h:1",
    passThrough: false,
    timeoutMs: 30_000,
  });
  assert.equal(settings.receipts.issuer, "http://127.0.0.1:8080");
  assert.equal((await loadText("")).upstreams.size, 0);
});

test("values come from the environment and from files, which count from the settings' folder", async () => {
  writeFileSync(join(folder, "issuer.txt"), "https://uploads.example.com/\nanother line\n");
  const settings = await loadText(
    "upstreams: { a: { url: env:SLUICEGATE_TEST_URL } }\nreceipts: { issuer: file:issuer.txt }",
  );
  assert.equal(settings.upstreams.get("a")?.url, "http://127.0.0.1:8000");
  assert.equal(settings.receipts.issuer, "https://uploads.example.com");
});

test("nobody can change loaded settings", async () => {
  const settings = await loadText("upstreams: { a: { url: http://h } }");
  assert.throws(() => {
    (settings.limits as { uploads: number }).uploads = 1;
  }, TypeError);
  assert.throws(() => (settings.upstreams as Map<string, unknown>).clear(), TypeError);
  assert.throws(() => {
    (settings.upstreams.get("a") as { url: string }).url = "";
  }, TypeError);
});

test("a settings file that is not there is told apart from one with problems", async () => {
  const load = await loadSettings(join(folder, "nowhere.yaml"));
  assert.equal(!load.ok && load.isMissing, true);
  const broken = await loadSettings(join(FIXTURES, "key-twice.yaml"));
  assert.equal(!broken.ok && broken.isMissing, false);
});

test("an upstream alone makes settings in which everything passes through", () => {
  const settings = settingsForUpstream("http://127.0.0.1:8000/");
  assert.equal(settings.file, null);
  assert.deepEqual(
    [...settings.upstreams.values()],
    [{ name: "service", url: "http://127.0.0.1:8000", passThrough: true, timeoutMs: 30_000 }],
  );
  assert.equal(settings.flowsFolder, resolve("flows"));
  assert.equal(settings.records.path, resolve("data/records.sqlite"));
  assert.deepEqual([...settingsForUpstream("accounts=http://h:1").upstreams.keys()], ["accounts"]);
});

test("the command line overrides addresses, and an issuer that was made of them follows", () => {
  const settings = settingsForUpstream("http://h");
  const changed = withOverrides(settings, { listen: "9090", operator: "[::1]:9091" });
  assert.deepEqual(changed.listen, {
    public: { host: "127.0.0.1", port: 9090 },
    operator: { host: "::1", port: 9091 },
  });
  assert.equal(changed.receipts.issuer, "http://127.0.0.1:9090");
  assert.equal(withOverrides(changed, { operator: "9092" }).listen.operator.host, "::1");
  assert.deepEqual(withOverrides(settings, {}), settings);
});

test("an issuer that is written stays when the address is overridden", async () => {
  const settings = await loadText("receipts: { issuer: https://uploads.example.com }");
  assert.equal(withOverrides(settings, { listen: "1" }).receipts.issuer, "https://uploads.example.com");
});

test("the command line overrides the one upstream, a named one, or adds one", async () => {
  const one = await loadText("upstreams: { a: { url: http://h:1, pass-through: true, timeout: 5s } }");
  const urls = ({ upstreams }: Settings): Record<string, string> =>
    Object.fromEntries([...upstreams].map(([name, { url }]) => [name, url]));
  assert.deepEqual(urls(withOverrides(one, { upstream: ["http://h:2"] })), { a: "http://h:2" });
  assert.equal(withOverrides(one, { upstream: ["http://h:2"] }).upstreams.get("a")?.timeoutMs, 5000);
  const two = withOverrides(one, { upstream: ["b=http://h:3", "a=http://h:4"] });
  assert.deepEqual(urls(two), { a: "http://h:4", b: "http://h:3" });
  assert.equal(two.upstreams.get("b")?.passThrough, false);
  assert.deepEqual(urls(withOverrides(await loadText(""), { upstream: ["http://h:5"] })), {
    service: "http://h:5",
  });
  assert.throws(() => withOverrides(two, { upstream: ["http://h:6"] }), /say which one/);
});

test("overrides that make no sense are told by the option's name", () => {
  const settings = settingsForUpstream("http://h");
  const bad: [() => unknown, RegExp][] = [
    [() => settingsForUpstream("127.0.0.1:8000"), /--upstream 127\.0\.0\.1:8000: this is not the address/],
    [() => settingsForUpstream("my service=http://h"), /--upstream .*a name has letters/],
    [() => withOverrides(settings, { listen: "70000" }), /--listen: /],
    [() => withOverrides(settings, { operator: "nonsense" }), /--operator: /],
    [() => withOverrides(settings, { upstream: ["http://h/path"] }), /no path/],
  ];
  for (const [run, message] of bad) {
    assert.throws(
      run,
      (error) =>
        error instanceof GateError && error.code === "SETTINGS_INVALID" && message.test(error.message),
    );
  }
});
