import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { GateError } from "../problems/gate-error.ts";
import { knownCallers } from "./callers-schema.ts";
import { loadSettings, settingsForUpstream, withOverrides } from "./load-settings.ts";
import type { Settings } from "./settings.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/settings");
const SECRET = "hunter2";
const LONG_SECRET = SECRET.repeat(6);
const ENVIRONMENT = {
  SLUICEGATE_TEST_URL: "http://127.0.0.1:8000",
  SLUICEGATE_TEST_WRONG: SECRET,
  SLUICEGATE_TEST_SECRET: LONG_SECRET,
};
const folder = mkdtempSync(join(tmpdir(), "sluicegate-settings-"));
after(() => rmSync(folder, { recursive: true }));

async function loadText(text: string, beside: Readonly<Record<string, string>> = {}): Promise<Settings> {
  const file = join(folder, "sluicegate.yaml");
  writeFileSync(file, text);
  for (const [name, content] of Object.entries(beside)) writeFileSync(join(folder, name), content);
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
    listen: {
      public: { host: "127.0.0.1", port: 8080, tls: null },
      operator: { host: "127.0.0.1", port: 8081 },
    },
    flowsFolder: at("flows"),
    records: { driver: "sqlite", path: at("data/records.sqlite"), keepMs: 7_776_000_000 },
    storage: { driver: "disk", path: at("data") },
    receipts: { issuer: "https://uploads.example.com", keysFolder: at("data/keys"), lifetimeMs: 3_600_000 },
    callers: { jwt: null, grant: null },
    trustProxy: [],
    limits: {
      connections: 1000,
      uploads: 200,
      requestHeaderBytesMax: 16_384,
      idleMs: 60_000,
      bodyBytesPerSecondMin: 256,
      headersMs: 30_000,
      stopGraceMs: 15_000,
    },
    signals: { log: "stdout", metrics: true, serverTiming: false, history: true, otlp: null },
  });
  assert.deepEqual(
    [...upstreams],
    [["accounts", { name: "accounts", url: "http://127.0.0.1:8000", passThrough: true, timeoutMs: 30_000 }]],
  );
});

test("everything that can be written reaches the settings, in base units and with absolute paths", async () => {
  const load = await loadSettings(join(FIXTURES, "good-everything-built.yaml"));
  assert.ok(load.ok);
  const { listen, records, callers, limits, signals } = load.settings;
  const at = (path: string): string => join(FIXTURES, path);
  assert.deepEqual(listen.public, {
    host: "0.0.0.0",
    port: 443,
    tls: { certificate: at("tls/cert.pem"), key: at("tls/key.pem") },
  });
  assert.equal(records.keepMs, 2_592_000_000);
  assert.deepEqual(callers, {
    jwt: {
      issuer: "https://id.example.com/",
      audience: "uploads",
      keys: { secret: null, jwksFile: null, jwksUrl: "https://id.example.com/.well-known/jwks.json" },
      algorithms: ["ES256", "RS256"],
      clockSkewMs: 10_000,
      principalClaim: "email",
    },
    grant: {
      keys: { secret: null, jwksFile: at("keys/grants.json"), jwksUrl: null },
      lifetimeMaxMs: 300_000,
      clockSkewMs: 0,
    },
  });
  assert.deepEqual(limits, {
    connections: 500,
    uploads: 50,
    requestHeaderBytesMax: 32_768,
    idleMs: 20_000,
    bodyBytesPerSecondMin: 1024,
    headersMs: 10_000,
    stopGraceMs: 60_000,
  });
  assert.deepEqual(signals, {
    log: "stderr",
    metrics: false,
    serverTiming: true,
    history: false,
    otlp: null,
  });
});

test("what callers does not say has defaults that fit the keys", async () => {
  const byKeys = await loadText("callers: { jwt: { issuer: a, audience: b, jwks: keys.json } }");
  const { jwt } = byKeys.callers;
  assert.deepEqual(jwt?.algorithms, ["ES256", "RS256", "EdDSA"]);
  assert.deepEqual([jwt?.clockSkewMs, jwt?.principalClaim], [30_000, "sub"]);
  assert.equal(jwt?.keys.jwksFile, join(folder, "keys.json"));
  const bySecret = await loadText(
    "callers: { jwt: { issuer: a, audience: b, secret: env:SLUICEGATE_TEST_SECRET }, grant: { keys: k } }",
  );
  assert.deepEqual(bySecret.callers.jwt?.algorithms, ["HS256"]);
  assert.deepEqual(
    [bySecret.callers.grant?.lifetimeMaxMs, bySecret.callers.grant?.clockSkewMs],
    [3_600_000, 30_000],
  );
});

test("a secret is there for those who check signatures, and no print of the settings shows it", async () => {
  const settings = await loadText(
    "callers: { jwt: { issuer: a, audience: b, secret: env:SLUICEGATE_TEST_SECRET }, grant: { secret: file:s } }",
    { s: LONG_SECRET },
  );
  const changed = withOverrides(settings, { listen: "9090" });
  for (const { callers } of [settings, changed]) {
    assert.equal(callers.jwt?.keys.secret, LONG_SECRET);
    assert.equal(callers.grant?.keys.secret, LONG_SECRET);
  }
  for (const shown of [JSON.stringify(changed), inspect(changed, { depth: null })]) {
    assert.doesNotMatch(shown, new RegExp(SECRET));
    assert.match(shown, /\(not shown\)/);
  }
});

test("a command that checks no signature runs without the secrets, and nothing is signed with what stands in for them", async () => {
  const file = join(folder, "secrets.yaml");
  const named =
    "callers: { jwt: { issuer: a, audience: b, secret: env:NOT_SET, algorithms: [HS512] }, grant: ";
  writeFileSync(file, `${named}{ secret: file:nowhere } }`);
  const needed = await loadSettings(file, {});
  assert.deepEqual(needed.ok ? [] : needed.problems.map(({ path }) => path), [
    "callers.jwt.secret",
    "callers.grant.secret",
  ]);
  const [one, other] = [await loadSettings(file, {}, "unused"), await loadSettings(file, {}, "unused")];
  assert.ok(one.ok && other.ok);
  const secrets = [one, other].flatMap(({ settings: { callers } }) => [
    callers.jwt?.keys.secret,
    callers.grant?.keys.secret,
  ]);
  assert.equal(new Set(secrets).size, 4);
  writeFileSync(file, `${named}{ secret: short-and-written } }`);
  assert.equal((await loadSettings(file, { NOT_SET: "short" }, "unused")).ok, false);
});

test("flows may ask for the callers that the settings know", async () => {
  const none = await loadText("");
  assert.deepEqual([...knownCallers(none)].sort(), ["api-key", "public", "upstream"]);
  const both = await loadText("callers: { jwt: { issuer: a, audience: b, jwks: k }, grant: { keys: k } }");
  assert.deepEqual([...knownCallers(both)].sort(), ["api-key", "grant", "jwt", "public", "upstream"]);
});

test("with a certificate the gate's own URL is https", async () => {
  const tls = "listen: { public: { address: 127.0.0.1:8443, tls: { certificate: c, key: k } } }";
  const settings = await loadText(tls);
  assert.equal(settings.receipts.issuer, "https://127.0.0.1:8443");
  const changed = withOverrides(settings, { listen: "9443" });
  assert.equal(changed.receipts.issuer, "https://127.0.0.1:9443");
  assert.deepEqual(changed.listen.public.tls, { certificate: join(folder, "c"), key: join(folder, "k") });
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

test("the settings that docs/permissions.md shows load", async () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../docs/permissions.md"), "utf8");
  const shown = [...page.matchAll(/^```yaml\n(# sluicegate\.yaml\n[^`]*)^```$/gm)];
  assert.ok(shown.length > 0);
  for (const [, content = ""] of shown) {
    writeFileSync(join(folder, "shown.yaml"), content);
    const load = await loadSettings(join(folder, "shown.yaml"), { GRANT_SECRET: LONG_SECRET });
    assert.deepEqual(load.ok ? [] : load.problems, []);
  }
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
    public: { host: "127.0.0.1", port: 9090, tls: null },
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
