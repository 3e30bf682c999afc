/**
 * Real clients with real files through the gate: what they send arrives, and what is refused they can show to a person.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { htmlFile } from "../src/checks/payloads/document-files.ts";
import { pngOfSize } from "../src/checks/payloads/image-files.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { PYTHON, type ServiceUnderTest, startService } from "./service-under-test.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

type Client = (url: string, file: string, caption: string) => Promise<Answer>;

const run = promisify(execFile);
const CLIENTS_FOLDER = join(import.meta.dirname, "clients");
let service: ServiceUnderTest;
let gate: GateUnderTest;
let folder: string;

before(async () => {
  service = await startService();
  gate = await startGate({ upstream: service.origin, flows: ["photos", "raw"] });
  folder = await mkdtemp(join(tmpdir(), "clients-"));
});

after(async () => {
  await gate?.stop();
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const python =
  (library: string): Client =>
  async (url, file, caption) => {
    const { stdout } = await run(PYTHON, [join(CLIENTS_FOLDER, "send.py"), library, url, file, caption]);
    return JSON.parse(stdout) as Answer;
  };

const curl: Client = async (url, file, caption) => {
  const form = ["-F", `caption=${caption}`, "-F", `picture=@${file};type=image/png`];
  const { stdout } = await run("curl", ["-sS", "-w", "\n%{http_code}", ...form, url]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end)), body: stdout.slice(0, end) };
};

const nodeFetch: Client = async (url, file, caption) => {
  const form = new FormData();
  form.set("caption", caption);
  form.set("picture", new File([await readFile(file)], basename(file), { type: "image/png" }));
  const answer = await fetch(url, { method: "POST", body: form });
  return { status: answer.status, body: await answer.text() };
};

const go: Client = async (url, file, caption) => {
  const program = join(folder, "send-go");
  await run("go", ["build", "-o", program, join(CLIENTS_FOLDER, "send.go")]);
  const { stdout } = await run(program, [url, file, caption]);
  return JSON.parse(stdout) as Answer;
};

const CLIENTS: readonly (readonly [string, Client])[] = [
  ["curl", curl],
  ["requests", python("requests")],
  ["httpx", python("httpx")],
  ["aiohttp", python("aiohttp")],
  ["Node's fetch", nodeFetch],
  ["Go", go],
];

/** Where a client is not on this machine: the reason to skip. */
async function missing(name: string): Promise<string | false> {
  const command = { curl: "curl", Go: "go" }[name];
  if (command === undefined) return false;
  return run("which", [command]).then(
    () => false,
    () => `${command} is not on this machine`,
  );
}

const FILE_NAME = "Фото (1) café.png";
const CAPTION = "Grüße, 世界";

/** aiohttp writes every character of a name that is no plain letter as `%XX`, and no service can tell that from a name with percents. */
function nameAsSent(client: string): string {
  if (client !== "aiohttp") return FILE_NAME;
  return encodeURIComponent(FILE_NAME).replace(/[()]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

/** The gate may clean a name; its letters and digits stay. */
function lettersOf(name: string): string {
  return name.normalize().replace(/[^\p{L}\p{N}]/gu, "");
}

for (const [name, client] of CLIENTS) {
  test(`${name}: a picture of 100 KiB with a name and a caption in other scripts arrives as it is`, async (t) => {
    const reason = await missing(name);
    if (reason !== false) return t.skip(reason);
    const file = join(folder, FILE_NAME);
    const bytes = pngOfSize(100 * 1024);
    await writeFile(file, bytes);
    await service.clear();
    const { status, body } = await client(`${gate.origin}/photos`, file, CAPTION);
    assert.equal(status, 201, body);
    const [upload] = await service.received();
    assert.deepEqual(upload?.fields, [["caption", CAPTION]]);
    const [got] = upload?.files ?? [];
    assert.equal(got?.sha256, createHash("sha256").update(bytes).digest("hex"));
    assert.equal(got?.mediaType, "image/png");
    assert.equal(lettersOf(got?.name ?? ""), lettersOf(nameAsSent(name)));
  });

  test(`${name}: a page in place of a picture is refused with a problem that a person can read`, async (t) => {
    const reason = await missing(name);
    if (reason !== false) return t.skip(reason);
    const file = join(folder, "page.png");
    await writeFile(file, htmlFile().bytes);
    await service.clear();
    const { status, body } = await client(`${gate.origin}/photos`, file, CAPTION);
    assert.equal(status, 415, body);
    const problem = JSON.parse(body) as Record<string, unknown>;
    assert.match(String(problem.code), /^FILE_TYPE_(UNKNOWN|NOT_ALLOWED)$/);
    assert.match(String(problem.expected), /PNG|image\/png/);
    assert.ok(String(problem.detail).length > 20);
    assert.deepEqual(await service.received(), []);
  });

  test(`${name}: a picture far beyond the limit is refused, and the client sees why`, async (t) => {
    const reason = await missing(name);
    if (reason !== false) return t.skip(reason);
    const file = join(folder, "large.png");
    await writeFile(file, pngOfSize(3 * 1024 * 1024));
    const { status, body } = await client(`${gate.origin}/photos`, file, CAPTION);
    assert.equal(status, 413, body);
    assert.match(body, /"limitBytes"/);
  });
}

test("curl -T sends a raw body", async () => {
  const file = join(folder, "raw.bin");
  await writeFile(file, "raw bytes");
  await service.clear();
  const { stdout } = await run("curl", [
    "-sS",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    "-T",
    file,
    `${gate.origin}/raw/`,
  ]);
  assert.equal(stdout, "201");
  const [upload] = await service.received();
  assert.equal(upload?.path, "/raw/raw.bin");
  assert.equal(upload?.files[0]?.sha256, createHash("sha256").update("raw bytes").digest("hex"));
});

test("curl -T from a pipe sends chunks without a length", async () => {
  await service.clear();
  const child = run("curl", [
    "-sS",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    "-T",
    "-",
    `${gate.origin}/raw/piped.bin`,
  ]);
  child.child.stdin?.end("piped bytes");
  assert.equal((await child).stdout, "201");
  const [upload] = await service.received();
  assert.equal(upload?.files[0]?.sha256, createHash("sha256").update("piped bytes").digest("hex"));
});
