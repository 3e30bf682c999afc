import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { served } from "../sample-served.ts";
import { checkHost, type HostSafety, type HostSafetyInput, isLoopback, PROOF_PATH } from "./host-safety.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-hosts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function check(origin: string, more: Partial<HostSafetyInput> = {}): Promise<HostSafety> {
  return checkHost({ origin, allowHosts: [], tokenFile: join(folder, "token"), ...more });
}

const sentenceOf = (safety: HostSafety): string => (safety.isSafe ? "safe" : safety.sentence);
const token = async (): Promise<string> => (await readFile(join(folder, "token"), "utf8")).trim();

/** A name that stands for loopback, as a name from outside would: it has to be allowed and to prove control. */
const AS_OUTSIDE = { allowHosts: ["uploads.example"], addressesOf: async () => ["192.0.2.7"] };

test("one's own machine needs no proof, and nothing is written for it", async () => {
  for (const origin of ["http://127.0.0.1:9", "http://127.8.9.1:9", "http://[::1]:9", "http://localhost:9"])
    assert.equal((await check(origin)).isSafe, true, origin);
  await assert.rejects(stat(join(folder, "token")));
});

test("what only looks like one's own machine is refused", async () => {
  for (const origin of [
    "http://128.0.0.1",
    "http://0.0.0.0:8000",
    "http://[::2]",
    "http://127.0.0.1.example.invalid",
  ])
    assert.equal((await check(origin)).isSafe, false, origin);
  const addressesOf = async () => ["127.0.0.1"];
  const named = await check("http://uploads.example", { addressesOf });
  assert.match(
    sentenceOf(named),
    /uploads\.example \(127\.0\.0\.1\) is not this machine.*--allow-host uploads\.example/,
  );
});

test("a localhost that stands for another machine, even for one among several, is refused", async () => {
  const addressesOf = async () => ["127.0.0.1", "10.0.0.7"];
  assert.equal((await check("http://localhost:9", { addressesOf })).isSafe, false);
});

test("IPv4 in IPv6 form is what it is", () => {
  assert.equal(isLoopback("::ffff:127.0.0.1"), true);
  assert.equal(isLoopback("::ffff:10.0.0.1"), false);
  assert.equal(isLoopback("localhost"), false);
});

test("a name that nobody has is told as such", async () => {
  const addressesOf = async () => Promise.reject(new Error("ENOTFOUND"));
  const safety = await check("http://uploads.example", { addressesOf });
  assert.equal(safety.isSafe ? "safe" : safety.why, "unknown");
  assert.match(sentenceOf(safety), /no machine called uploads\.example/);
});

test("a refusal says exactly what to put where, with a token that stays the same", async () => {
  const first = sentenceOf(await check("http://uploads.example:8000", { ...AS_OUTSIDE, allowHosts: [] }));
  const again = sentenceOf(await check("http://uploads.example:8000", { ...AS_OUTSIDE, allowHosts: [] }));
  assert.equal(first, again);
  assert.match(await token(), /^[0-9a-f]{32}$/);
  assert.ok(
    first.includes(`http://uploads.example:8000${PROOF_PATH} answer 200 with the text ${await token()}`),
    first,
  );
  assert.equal((await stat(join(folder, "token"))).mode & 0o777, 0o600);
});

/** The server is reached at its address, which is taken for one from outside. */
async function provedBy(
  t: Parameters<typeof served>[0],
  answer: (text: string) => { readonly status: number; readonly text: string; readonly location?: string },
): Promise<{ readonly safety: HostSafety; readonly paths: readonly string[] }> {
  await writeFile(join(folder, "token"), `${"ab".repeat(16)}\n`);
  const paths: string[] = [];
  const origin = await served(t, ({ path }, res) => {
    paths.push(path);
    const { status, text, location } = answer("ab".repeat(16));
    res.writeHead(status, location === undefined ? {} : { Location: location }).end(text);
  });
  const { port } = new URL(origin);
  const safety = await check(`http://localhost:${port}`, {
    allowHosts: ["localhost"],
    addressesOf: async () => ["192.0.2.7"],
  });
  return { safety, paths };
}

test("a host that is allowed and shows the token may be checked, after exactly one request", async (t) => {
  const { safety, paths } = await provedBy(t, (text) => ({ status: 200, text: `${text}\n` }));
  assert.deepEqual(safety, { isSafe: true, addresses: ["192.0.2.7"] });
  assert.deepEqual(paths, [PROOF_PATH]);
});

test("another text, another status and a redirect are no proof", async (t) => {
  const other = await provedBy(t, () => ({ status: 200, text: "hello" }));
  assert.match(sentenceOf(other.safety), /answers 200 with another text\. To show that it is yours/);
  const missing = await provedBy(t, (text) => ({ status: 404, text }));
  assert.match(sentenceOf(missing.safety), /answers 404\./);
  const elsewhere = await provedBy(t, (text) => ({ status: 302, text, location: PROOF_PATH }));
  assert.match(sentenceOf(elsewhere.safety), /answers 302\./);
  assert.deepEqual(elsewhere.paths, [PROOF_PATH]);
});

test("a proof that cannot be asked for says why", async () => {
  const safety = await check("http://localhost:1", {
    allowHosts: ["LOCALHOST"],
    addressesOf: async () => ["192.0.2.7"],
  });
  assert.match(sentenceOf(safety), /Nobody listens at localhost:1.*\/\.well-known\/sluicegate-check/);
});

test("a name that stands for another machine after the proof is refused", async (t) => {
  await writeFile(join(folder, "token"), "ab".repeat(16));
  const origin = await served(t, (_, res) => res.end("ab".repeat(16)));
  const answers = [["192.0.2.7"], ["192.0.2.8"]];
  const safety = await check(origin.replace("127.0.0.1", "localhost"), {
    allowHosts: ["localhost"],
    addressesOf: async () => answers.shift() ?? [],
  });
  assert.match(sentenceOf(safety), /another machine after the proof/);
});

test("a file that holds no token is not written over", async () => {
  await writeFile(join(folder, "token"), "something else");
  await assert.rejects(check("http://uploads.example", { ...AS_OUTSIDE, allowHosts: [] }), /holds no token/);
  assert.equal(await token(), "something else");
});
