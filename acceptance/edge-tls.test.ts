/**
 * TLS with certificates from files: what starts, what does not, and what a change of the files does while the gate runs.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { type Counted, CountingService } from "./counting-service.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { PYTHON } from "./service-under-test.ts";
import { makeCertificate, type TestCertificate } from "./tls-files.ts";
import { until } from "./until.ts";

const TAKES_A_WHILE = { withinMs: 15_000, seen: () => gate.log().slice(-1500) };

const run = promisify(execFile);
const service = new CountingService();
let upstream: string;
let first: TestCertificate;
let second: TestCertificate;
let gate: GateUnderTest;

before(async () => {
  upstream = await service.listen();
  [first, second] = [await makeCertificate("first"), await makeCertificate("second")];
  gate = await startGate({ upstream, flows: ["raw"], passThrough: true, tls: first });
});

after(async () => {
  await gate?.stop();
  await service.stop();
  await first?.remove();
  await second?.remove();
});

async function handshake(
  options: { minVersion?: "TLSv1.3"; maxVersion?: "TLSv1.1" | "TLSv1.2"; alpn?: string[] } = {},
): Promise<TLSSocket> {
  const { alpn: ALPNProtocols = [], ...versions } = options;
  const port = Number(new URL(gate.origin).port);
  const socket = connect({
    host: "127.0.0.1",
    port,
    rejectUnauthorized: false,
    ALPNProtocols,
    minVersion: "TLSv1",
    ...versions,
  });
  await Promise.race([
    once(socket, "secureConnect"),
    once(socket, "error").then(([error]) => Promise.reject(error)),
  ]);
  return socket;
}

async function shownName(): Promise<string> {
  const socket = await handshake();
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

test("TLS 1.2 and 1.3 are spoken, 1.1 is not", async () => {
  for (const options of [{ maxVersion: "TLSv1.2" }, { minVersion: "TLSv1.3" }] as const) {
    const socket = await handshake(options);
    assert.match(socket.getProtocol() ?? "", /TLSv1\.[23]/);
    socket.destroy();
  }
  await assert.rejects(handshake({ maxVersion: "TLSv1.1" }));
});

test("the client's protocols choose between HTTP/2 and HTTP/1.1, HTTP/2 first; a client without any gets HTTP/1.1", async () => {
  const chosen = async (alpn: string[]): Promise<string | false | null> => {
    const socket = await handshake({ alpn });
    socket.destroy();
    return socket.alpnProtocol;
  };
  assert.deepEqual(
    [await chosen(["http/1.1", "h2"]), await chosen(["http/1.1"]), await chosen([])],
    ["h2", "http/1.1", false],
  );
});

test("a pair that does not fit leaves the old one in force, and the log says why", async () => {
  await copyFile(second.certificate, first.certificate);
  const { exitCode, err } = await gate.run("reload");
  assert.equal(exitCode, 1);
  assert.match(err, /no pair.*stays in force/s);
  await until(() => /TLS certificate not taken over/.test(gate.log()), "the log says so", TAKES_A_WHILE);
  assert.equal(await shownName(), "first");
});

test("a pair that fits is taken over without a restart, and connections that are open go on", async () => {
  const open = await handshake();
  await copyFile(second.key, first.key);
  await until(async () => (await shownName()) === "second", "the new certificate is shown", TAKES_A_WHILE);
  open.write("GET /thing HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n");
  const [answer] = (await once(open, "data")) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 201 /);
});

test("files that are gone for a moment change nothing", async () => {
  await rm(first.key);
  gate.signal("SIGHUP");
  await until(() => /cannot be read/.test(gate.log()), "the log says so", TAKES_A_WHILE);
  assert.equal(await shownName(), "second");
  await copyFile(second.key, first.key);
  await utimes(first.key, new Date(), new Date());
  assert.equal((await gate.run("reload")).exitCode, 0);
});

test("readiness and metrics tell when the certificate ends", async () => {
  const ready = (await (await fetch(`${gate.operatorOrigin}/health/ready`)).json()) as {
    ok: boolean;
    parts: { name: string; reason: string }[];
  };
  assert.match(
    ready.parts.find(({ name }) => name === "TLS certificate")?.reason ?? "",
    /valid until 20\d\d-/,
  );
  const metrics = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  const seconds = Number(/^sluicegate_tls_certificate_expires_seconds (\S+)$/m.exec(metrics)?.[1]);
  assert.ok(Math.abs(seconds - Date.now() / 1000 - 30 * 86_400) < 86_400);
});

test("a gate does not start without files that fit, and says which", async () => {
  const other = await makeCertificate("other");
  const start = (tls: { certificate: string; key: string }) => startGate({ upstream, flows: [], tls });
  await assert.rejects(start({ ...other, key: join(other.key, "missing") }), /key .* cannot be read/);
  await assert.rejects(start({ ...other, key: second.key }), /no pair/);
  await writeFile(other.certificate, "no PEM");
  await assert.rejects(start(other), /no pair/);
  await other.remove();
});

test("curl uploads over HTTP/2 and HTTP/1.1, and hears an early refusal", async () => {
  const file = join(gate.folder, "file.bin");
  await writeFile(file, Buffer.alloc(900_000, 1));
  const big = join(gate.folder, "big.bin");
  await writeFile(big, Buffer.alloc(30_000_000, 1));
  for (const protocol of ["--http2", "--http1.1"]) {
    const curl = (path: string) =>
      run("curl", [
        "-sS",
        "-k",
        protocol,
        "-w",
        "\n%{http_code} %{http_version}",
        "-T",
        path,
        `${gate.origin}/raw/a.bin`,
      ]);
    const taken = (await curl(file)).stdout.split("\n");
    assert.equal(taken.at(-1), protocol === "--http2" ? "201 2" : "201 1.1");
    assert.equal((JSON.parse(taken[0] ?? "") as Counted).sizeBytes, 900_000);
    const { stdout } = await curl(big);
    assert.match(stdout, /FILE_TOO_LARGE[\s\S]*\n413 /);
  }
});

test("Python's httpx uploads over HTTP/2", async () => {
  const file = join(gate.folder, "httpx.bin");
  await writeFile(file, Buffer.alloc(900_000, 1));
  const { stdout } = await run(PYTHON, [
    join(import.meta.dirname, "clients/put_http2.py"),
    `${gate.origin}/raw/a.bin`,
    file,
    second.certificate,
  ]);
  assert.match(stdout, /^HTTP\/2 201 .*"sizeBytes":900000/);
});
