/**
 * `sluicegate key add|list|revoke`, beside a gate that has the records open and without one.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { promisify } from "node:util";
import { bearer, flowFor, refusalOf } from "../../test/permissions/caller-requests.ts";
import { apiKeyCaller } from "../permissions/callers/api-key.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { CommandIo } from "./io.ts";
import { type KeyAddArguments, keyAddCommand } from "./key-add.ts";
import { keyListCommand } from "./key-list.ts";
import { keyRevokeCommand } from "./key-revoke.ts";

const run = promisify(execFile);
const MAIN = resolve(import.meta.dirname, "main.ts");
const KEY = /^sgk_([0-9a-z]{12})_([A-Za-z0-9_-]{43})$/;
const DAY_MS = 86_400_000;
let folder = "";
let settings = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-key-"));
  settings = join(folder, "sluicegate.yaml");
  writeFileSync(settings, "upstreams: { accounts: { url: http://127.0.0.1:8000 } }\n");
});

afterEach(() => rmSync(folder, { recursive: true }));

const database = (): string => join(folder, "data/records.sqlite");
const sluicegate = (...args: string[]) =>
  run(process.execPath, [MAIN, "key", ...args, "--settings", settings], { encoding: "utf8" });

function terminal(): CommandIo & { readonly said: string[]; readonly failed: string[] } {
  const said: string[] = [];
  const failed: string[] = [];
  const out = (line: string): void => void said.push(line);
  return { said, failed, isTerminal: false, out, err: (line) => void failed.push(line) };
}

async function add(args: Partial<KeyAddArguments> = {}): Promise<{ text: string; id: string; told: string }> {
  const io = terminal();
  assert.equal(await keyAddCommand({ name: "build server", settings, ...args }, io), 0);
  const [text = ""] = io.said;
  assert.equal(io.said.length, 1, "the key is alone on standard output");
  return { text, id: KEY.exec(text)?.[1] ?? "", told: io.failed.join("\n") };
}

async function list(json = true): Promise<string> {
  const io = terminal();
  assert.equal(await keyListCommand({ settings, json }, io), 0);
  return io.said.join("\n");
}

const revoke = async (id: string, io = terminal()) => ({
  code: await keyRevokeCommand({ id, settings }, io),
  io,
});

test("a key made beside a running gate opens at once, and one revoked closes at once, for uploads under way too", async () => {
  const gate = await openSqliteRecords({ path: database() });
  try {
    const check = apiKeyCaller(gate);
    const flow = flowFor("api-key", { scope: ["upload"] });
    const made = await sluicegate(
      "add",
      "build server",
      "--principal",
      "partner-a",
      "--scope",
      "upload",
      "big",
    );
    const [, id = "", secret = ""] = KEY.exec(made.stdout.trimEnd()) ?? [];
    assert.equal(made.stdout, `sgk_${id}_${secret}\n`);
    assert.match(made.stderr, /not shown again/);
    assert.ok(!made.stderr.includes(secret));
    const admission = await check.admit(flow, bearer(made.stdout.trim()));
    assert.equal(admission.principal, "partner-a");
    await admission.confirm();
    const revoked = await sluicegate("revoke", id);
    assert.match(revoked.stdout, /is revoked, also for uploads that are under way/);
    assert.equal((await refusalOf(() => admission.confirm())).code, "PERMISSION_REVOKED");
    assert.equal(
      (await refusalOf(() => check.admit(flow, bearer(made.stdout.trim())))).code,
      "CREDENTIALS_INVALID",
    );
  } finally {
    await gate.close();
  }
});

test("each key and each end of one is an entry of the audit, without the secret, in a chain that holds", async () => {
  const gate = await openSqliteRecords({ path: database() });
  try {
    const nobody = {
      flow: null,
      policyVersion: null,
      uploadId: null,
      principal: null,
      requestId: null,
      rule: null,
    };
    const notes = Array.from({ length: 30 }, () =>
      gate.note({ audit: [{ atMs: 1, event: "download", ...nobody, detail: {} }] }),
    );
    const keys = await Promise.all([add({ name: "one" }), add({ name: "two" }), add({ name: "three" })]);
    await Promise.all([...notes, ...keys.map(({ id }) => revoke(id))]);
    const trail = await gate.auditTrail({ afterSeq: 0, limit: 100 });
    for (const [index, entry] of trail.entries()) {
      assert.equal(entry.seq, index + 1);
      if (index > 0) assert.equal(entry.previousHash, trail[index - 1]?.hash);
    }
    const count = (event: string): number => trail.filter((entry) => entry.event === event).length;
    assert.deepEqual([count("download"), count("key-added"), count("key-revoked")], [30, 3, 3]);
    const written = JSON.stringify([trail, await gate.apiKeys()]);
    for (const { text, id } of keys) {
      assert.ok(written.includes(id));
      assert.ok(!written.includes(text.split("_").slice(2).join("_")));
    }
  } finally {
    await gate.close();
  }
});

test("a key has what it was made with, and the name stands in where no principal is given", async () => {
  mkdirSync(join(folder, "flows/avatars"), { recursive: true });
  writeFileSync(join(folder, "flows/avatars/flow.yaml"), "flow: avatars\n");
  const before = Date.now();
  const { told } = await add({ scope: ["a", "b", "a"], flow: ["avatars", "reports"], expires: "90d" });
  const [key] = JSON.parse(await list());
  assert.equal(key.principal, "build server");
  assert.deepEqual(key.scopes, ["a", "b"]);
  assert.deepEqual(key.flows, ["avatars", "reports"]);
  assert.equal(key.expiresAtMs - key.createdAtMs, 90 * DAY_MS);
  assert.ok(key.createdAtMs >= before && key.createdAtMs <= Date.now());
  assert.equal(key.state, "active");
  assert.match(told, /no flow reports/);
  assert.doesNotMatch(told, /no flow avatars/);
});

test("without bounds a key opens every flow with api-key and is valid until it is revoked", async () => {
  const { text, told } = await add();
  assert.match(told, /flows all, scopes none, valid until it is revoked/);
  const [key] = JSON.parse(await list());
  assert.deepEqual([key.flows, key.scopes, key.expiresAtMs], [null, [], null]);
  assert.ok(!(await list()).includes(text.slice(17)));
  assert.ok(!("secretSha256" in key));
});

test("the list says the state of each key, as a table and as JSON", async () => {
  const { id } = await add({ name: "old" });
  await revoke(id);
  await add({ name: "new", flow: ["avatars"], expires: "1d" });
  const table = (await list(false)).split("\n");
  assert.match(
    table[0] ?? "",
    /^id +name +principal +scopes +flows +created \(UTC\) +expires \(UTC\) +state$/,
  );
  assert.ok(table.some((line) => /old +old +none +all .* never +revoked$/.test(line)));
  assert.ok(table.some((line) => /new +new +none +avatars .*active$/.test(line)));
  const states = JSON.parse(await list()).map((key: { state: string }) => key.state);
  assert.deepEqual(states.sort(), ["active", "revoked"]);
});

test("before there is any record, there are no keys, and looking makes no database", async () => {
  assert.equal(await list(), "[]");
  assert.match(await list(false), /no API keys/);
  const { code, io } = await revoke("0123456789ab");
  assert.equal(code, 1);
  assert.match(io.failed.join(), /no API key 0123456789ab/);
  assert.ok(!existsSync(database()));
});

test("revoking says whether the key was there, and a second time that it was over already", async () => {
  const { id, text } = await add();
  assert.equal((await revoke("0123456789ab")).code, 1);
  const whole = await revoke(text);
  assert.equal(whole.code, 0, "somebody who found a key can give it as it is");
  assert.ok(!whole.io.said.join().includes(text));
  const again = await revoke(id);
  assert.equal(again.code, 0);
  assert.match(again.io.said.join(), /revoked already, at \d{4}-/);
});

test("what is no id is not repeated, since it may be a secret", async () => {
  const { text } = await add();
  const half = text.slice(0, -5);
  const { code, io } = await revoke(half);
  assert.equal(code, 1);
  assert.ok(!io.failed.join().includes(half));
});

test("names, scopes, flows and lifetimes out of bounds are refused together, before anything is written", async () => {
  const wrong: readonly Partial<KeyAddArguments>[] = [
    { name: "" },
    { name: "a\nb" },
    { name: "a\u001b[31m" },
    { name: "x".repeat(201) },
    { principal: "" },
    { principal: "a\u202eb" },
    { scope: ["two words"] },
    { scope: ['quo"te'] },
    { scope: Array.from({ length: 51 }, (_, index) => `s${index}`) },
    { flow: ["../secrets"] },
    { flow: ["Avatars"] },
    { expires: "soon" },
    { expires: "0s" },
    { expires: "-1d" },
    { expires: "4000d" },
  ];
  for (const args of wrong) {
    const io = terminal();
    assert.equal(await keyAddCommand({ name: "fine", settings, ...args }, io), 2, JSON.stringify(args));
    assert.deepEqual([io.said.length, io.failed.length], [0, 1]);
  }
  const io = terminal();
  await keyAddCommand({ name: "", scope: [""], flow: [""], expires: "", settings }, io);
  assert.equal(io.failed.length, 4);
  assert.ok(!existsSync(database()));
});

test("the help tells API keys from the keys that sign receipts", async () => {
  const { stdout } = await run(process.execPath, [MAIN, "--help"], { encoding: "utf8" });
  const text = stdout.replace(/\s+/g, " ");
  assert.match(
    text,
    /key add, list or revoke API keys, which clients send to upload \(keys that sign receipts: see `keys`\)/,
  );
  assert.match(text, /keys [^(]*signs receipts with \(keys that clients send: see `key`\)/);
});
