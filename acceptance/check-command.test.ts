/**
 * `sluicegate check` as somebody runs it: whatever it is pointed at, it says in a sentence what happened, and ends with the right exit code.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "./free-port.ts";
import { answering, JSON_TYPE, type OddTarget, speakingSsh } from "./odd-targets.ts";
import { makeCertificate, type TestCertificate } from "./tls-files.ts";

const ROOT = join(import.meta.dirname, "..");
const SAMPLE = join(ROOT, "examples/flows/avatars/samples/photo.png");
const LOGIN =
  '<html><form action="/login"><input name="user"><input type="password" name="password"></form></html>';

let folder: string;
let certificate: TestCertificate;
const targets: OddTarget[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-check-"));
  certificate = await makeCertificate("127.0.0.1");
});

after(async () => {
  for (const target of targets) target.stop();
  await certificate.remove();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function begin(...args: readonly string[]) {
  return spawn(process.execPath, [join(ROOT, "src/cli/main.ts"), ...args], { cwd: folder });
}

async function endOf(child: ReturnType<typeof begin>): Promise<Ended> {
  let [out, err] = ["", ""];
  child.stdout.on("data", (bytes) => {
    out += String(bytes);
  });
  child.stderr.on("data", (bytes) => {
    err += String(bytes);
  });
  const [code] = (await once(child, "close")) as [number | null];
  // Lines are broken for the terminal's width; what is looked for may stand over two.
  return { code, out: out.replace(/\s+/g, " "), err: err.replace(/\s+/g, " ") };
}

const run = (...args: readonly string[]): Promise<Ended> => endOf(begin(...args));

const byUrl = (origin: string, ...more: readonly string[]): readonly string[] => [
  ...["check", "--url", `${origin}/upload`, "--field", "file", "--sample", SAMPLE],
  ...more,
];

async function odd(...how: Parameters<typeof answering>): Promise<OddTarget> {
  const target = await answering(...how);
  targets.push(target);
  return target;
}

const created = (_: Buffer, number: number) => ({
  status: 201,
  headers: JSON_TYPE,
  body: `{"id":"${number}"}`,
});

describe("a target that nothing can be said of ends with 3 and a sentence", () => {
  const cases: readonly [string, () => Promise<string>, RegExp][] = [
    ["nobody listens", async () => `http://127.0.0.1:${await freePort()}`, /Nobody listens at 127\.0\.0\.1/],
    [
      "a name that is none",
      async () => "http://no-such-machine.invalid",
      /no machine called no-such-machine/,
    ],
    [
      "TLS where none is spoken",
      async () => (await odd(created)).origin.replace("http:", "https:"),
      /does not speak TLS: write http:\/\//,
    ],
    [
      "no TLS where it is spoken",
      async () => (await odd(created, certificate)).origin.replace("https:", "http:"),
      /TLS|https:\/\//,
    ],
    ["a certificate that nobody trusts", async () => (await odd(created, certificate)).origin, /certificate/],
    [
      "a redirect",
      async () => (await odd(() => ({ status: 302, headers: { location: "/elsewhere" } }))).origin,
      /answers 302 and points to "\/elsewhere"/,
    ],
    [
      "a page to log in at",
      async () =>
        (await odd(() => ({ status: 200, headers: { "content-type": "text/html" }, body: LOGIN }))).origin,
      /a page that asks for a password/,
    ],
    [
      "a redirect to a page to log in at",
      async () =>
        (await odd(() => ({ status: 302, headers: { location: "/accounts/login/?next=/upload" } }))).origin,
      /not logged in/,
    ],
    [
      "everything is refused",
      async () =>
        (await odd(() => ({ status: 400, headers: JSON_TYPE, body: '{"error":"not today"}' }))).origin,
      /does not accept the upload \(400\).*It says: "not today"/,
    ],
    [
      "everything fails",
      async () => (await odd(() => ({ status: 500, body: "oops" }))).origin,
      /fails at a good upload \(500\)/,
    ],
    [
      "a path that is not there",
      async () => (await odd(() => ({ status: 404, body: "nothing here" }))).origin,
      /there is no route POST "\/upload" \(404\)/,
    ],
    ["another protocol", sshOrigin, /is no web server/],
  ];
  for (const [name, origin, sentence] of cases) {
    test(name, async () => {
      const { code, out, err } = await run(...byUrl(await origin()));
      assert.match(`${out} ${err}`, sentence);
      assert.equal(code, 3, out + err);
    });
  }
});

async function sshOrigin(): Promise<string> {
  const target = await speakingSsh();
  targets.push(target);
  return target.origin;
}

test("a certificate of one's own authority is trusted where it is named", async () => {
  const { origin } = await odd(created, certificate);
  const { code, out } = await run(...byUrl(origin, "--ca", certificate.certificate, "--only", "MP-07"));
  assert.match(out, /UPL-MP-07|promise/);
  assert.ok(code === 0 || code === 1 || code === 3, String(code));
  assert.doesNotMatch(out, /certificate/);
});

test("a target that takes everything breaks promises, and it is said that it takes everything", async () => {
  const { origin } = await odd(created);
  const { code, out } = await run(...byUrl(origin, "--only", "MP,NM,TY,RT"));
  assert.equal(code, 1, out);
  assert.match(out, /took every one of the \d+ hostile uploads/);
});

test("a host that is not this machine is not asked, unless it is allowed and shows that it is ours", async () => {
  const { code, err } = await run(...byUrl("http://192.0.2.1"));
  assert.equal(code, 4);
  assert.match(err, /Refused for safety: .*--allow-host 192\.0\.2\.1/);
});

test("a target that is unplugged in the middle is told, with what was found until then", async () => {
  const target = await odd((body, number) => {
    if (number === 60) target.stop();
    return body.includes("filename*") ? { status: 400, body: "no" } : created(body, number);
  });
  const { code, out } = await run(...byUrl(target.origin));
  assert.match(out, /The target suffers/);
  assert.ok(code === 1 || code === 3, String(code));
});

test("a run that is interrupted ends in order: it says so, keeps what it has, and its exit code is 3", async () => {
  const target = await odd(created);
  const child = begin(...byUrl(target.origin));
  const end = endOf(child);
  while (target.requests() < 10) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGINT");
  const { code, out } = await end;
  assert.match(out, /interrupted/);
  assert.ok(code === 1 || code === 3, String(code));
  const runs = (await readdir(join(folder, ".sluicegate/runs"))).sort();
  const kept = JSON.parse(
    await readFile(join(folder, ".sluicegate/runs", runs.at(-1) ?? "", "run.json"), "utf8"),
  );
  assert.equal(kept.stopped.kind, "interrupted");
});

test("a dry run sends nothing, and says what it would cost", async () => {
  const target = await odd(created);
  const { code, out } = await run(...byUrl(target.origin, "--dry-run"));
  assert.equal(code, 0);
  assert.match(out, /Would run: \d+ checks with \d+ cases, \d+ requests/);
  assert.match(out, /Nothing was sent\./);
  assert.equal(target.requests(), 0);
});

test("prod-safe sends no more than ten requests, one of them an upload", async () => {
  let uploads = 0;
  const target = await odd((body, number) => {
    if (body.length > 0) uploads += 1;
    return created(body, number);
  });
  await run(...byUrl(target.origin, "--profile", "prod-safe"));
  assert.equal(uploads, 1);
  const [newest = ""] = (await readdir(join(folder, ".sluicegate/runs"))).sort().toReversed();
  const kept = JSON.parse(await readFile(join(folder, ".sluicegate/runs", newest, "run.json"), "utf8"));
  assert.ok(kept.cost.requests <= 10, String(kept.cost.requests));
});

test("all reports are written where they are wanted, and a case can be sent again", async () => {
  const target = await odd((body, number) =>
    body.includes("filename*")
      ? { status: 400, headers: JSON_TYPE, body: '{"error":"two names"}' }
      : created(body, number),
  );
  const formats = "html,json,sarif,junit,md,har";
  await run(...byUrl(target.origin, "--only", "MP-07", "--report", formats, "--out", "reports"));
  assert.deepEqual((await readdir(join(folder, "reports"))).sort(), [
    "report.har",
    "report.html",
    "report.json",
    "report.junit.xml",
    "report.md",
    "report.sarif",
  ]);
  const again = await run("replay", "last/MP-07/1");
  assert.equal(again.code, 0, again.err);
  assert.match(again.out, /The answer is the same as then: 400/);
  const compared = await run(...byUrl(target.origin, "--only", "MP-07", "--baseline", "last"));
  assert.match(compared.out, /unchanged|no change|same/i);
});

for (const [name, args, sentence] of [
  ["nothing to check", ["check"], /name of a flow, or --url/],
  ["a profile that is none", byUrl("http://127.0.0.1:9", "--profile", "fast"), /--profile takes ci, staging/],
  ["a class that is none", byUrl("http://127.0.0.1:9", "--only", "XX"), /No check is called XX/],
  ["a format that is none", byUrl("http://127.0.0.1:9", "--report", "pdf"), /--report takes html/],
  ["a sample that is not there", ["check", "--url", "http://127.0.0.1:9/u", "--sample", "no.png"], /no\.png/],
  ["evidence that is none", ["replay", "x"], /RUN\/CHECK\/NUMBER/],
  ["a check that is none", ["checks", "UPL-XX-99"], /There is no check/],
] as const) {
  test(`wrong usage: ${name}`, async () => {
    const { code, err } = await run(...args);
    assert.match(err, sentence);
    assert.equal(code, 2);
  });
}
