/**
 * What a report gives to send a request again is run for real: in a shell, by curl and Python, and by pytest.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import {
  caseReport,
  exchange,
  formBody,
  HOSTILE_TEXTS,
  headOf,
  rawExchange,
  result,
  sampleRun,
} from "../../../fixtures/check-runs/sample-runs.ts";
import { PYTHON } from "../../../test/validators/json-schema.ts";
import type { RecordedExchange } from "../run/check-run.ts";
import { sendCommand } from "./curl-command.ts";
import { pytestCase } from "./pytest-case.ts";

const SECRET = "Bearer s3cret'\"$(id)";

let server: Server;
let origin: string;
let folder: string;
let received: string[] = [];
let status = 201;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "send-again-"));
  server = createServer((socket) => {
    let got = "";
    socket.setEncoding("latin1").on("error", () => {});
    socket.on("data", (text: string) => {
      got += text;
      const headEnd = got.indexOf("\r\n\r\n");
      const length = Number(/\r\ncontent-length: ?(\d+)/i.exec(got)?.[1] ?? 0);
      const isWhole = /\r\ntransfer-encoding:/i.test(got)
        ? got.endsWith("0\r\n\r\n")
        : got.length >= headEnd + 4 + length;
      if (headEnd === -1 || !isWhole) return;
      received.push(got);
      socket.end(`HTTP/1.1 ${status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  received = [];
  status = 201;
});

after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
}

function run(file: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const env = {
    ...process.env,
    SLUICEGATE_CREDENTIAL: SECRET,
    PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1",
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(file, args, { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1,
        out: stdout + stderr,
      });
    });
  });
}

const shell = (text: string | null) => run("/bin/sh", ["-c", text ?? "exit 9"]);

/** A request as it must arrive: with the secret in place. */
function expectedBytes({ request }: RecordedExchange): string {
  const head = request.head.replace("***", SECRET);
  return `${head}\r\n\r\n${Buffer.from(request.bodyStart, "base64").toString("latin1")}`;
}

function parts(bytes: string): { line: string; headers: string[]; body: string } {
  const [head = "", ...body] = bytes.split("\r\n\r\n");
  const [line = "", ...headers] = head.split("\r\n");
  return {
    line,
    headers: headers.map((each) => each.replace(/^[^:]*:/, (name) => name.toLowerCase())).sort(),
    body: body.join("\r\n\r\n"),
  };
}

const at = (body: Buffer, extra: readonly string[] = []) =>
  exchange({ origin, body, head: headOf(body, extra).replace("127.0.0.1:8000", new URL(origin).host) });

test("curl sends the same request line, headers and body, with the credential from the environment", async () => {
  const recorded = at(formBody("photo.png"), ["X-Empty:", 'X-Quote: it\'s "$HOME" `id` \\ %41']);
  const command = sendCommand(caseReport(), recorded);
  assert.equal(command.by, "curl");
  assert.match(
    command.notes.join(),
    /Set SLUICEGATE_CREDENTIAL to the value of the header Authorization first\./,
  );
  const ended = await shell(command.text);
  assert.equal(ended.code, 0, ended.out);
  assert.match(ended.out, /HTTP\/1\.1 201/);
  assert.deepEqual(parts(received[0] ?? ""), parts(expectedBytes(recorded).replace("X-Empty: ", "X-Empty:")));
});

test("curl sends a body that was sent in chunks in chunks, with the same content", async () => {
  const body = Buffer.from("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  const recorded = at(body);
  const head = recorded.request.head.replace(/Content-Length: \d+/, "Transfer-Encoding: chunked");
  const command = sendCommand(caseReport(), exchange({ origin, body, head }));
  assert.equal(command.by, "curl");
  await shell(command.text);
  assert.match(received[0] ?? "", /transfer-encoding: chunked\r\n/i);
  assert.match(received[0] ?? "", /\r\n\r\nb\r\nhello world\r\n0\r\n\r\n$/);
});

test("curl sends a request without a body", async () => {
  const head = `GET /files/../a%2fb?x=[1] HTTP/1.1\r\nHost: ${new URL(origin).host}\r\nContent-Length: 0`;
  const recorded = exchange({ origin, body: Buffer.alloc(0), head });
  await shell(sendCommand(caseReport(), recorded).text);
  assert.deepEqual(parts(received[0] ?? ""), parts(expectedBytes(recorded)));
});

test("what no client sends, Python sends byte for byte", async () => {
  const plain = rawExchange();
  const command = sendCommand(caseReport(), { ...plain, origin });
  assert.equal(command.by, "python");
  assert.match(command.notes.join(" "), /No HTTP client sends exactly these bytes/);
  const ended = await shell(command.text?.replace("python3", PYTHON) ?? null);
  assert.equal(ended.code, 0, ended.out);
  assert.match(ended.out, /HTTP\/1\.1 201/);
  assert.deepEqual(received, [expectedBytes(plain)]);
});

test("what the report does not hold whole is left to replay, with the reason", () => {
  const long = exchange({ body: Buffer.alloc(20_000, "x") });
  const cut = sendCommand(caseReport({ evidence: "run/UPL-TR-01/1" }), long);
  assert.deepEqual([cut.by, cut.text], ["replay", "sluicegate replay run/UPL-TR-01/1"]);
  assert.match(cut.notes.join(), /its body is longer than what the report holds/);
  const secret = sendCommand(
    caseReport({ evidence: "run/UPL-TR-01/1" }),
    exchange({ body: Buffer.from("token=***") }),
  );
  assert.match(secret.notes.join(), /a secret in its body/);
  const other = exchange();
  const changed = { ...other, request: { ...other.request, sha256: "00" } };
  assert.match(sendCommand(caseReport(), changed).notes.join(), /does not hold all of it\.,No evidence/);
});

test("nothing that others chose is run by the shell", async () => {
  for (const text of HOSTILE_TEXTS) {
    const head = `POST /${text} HTTP/1.1\r\nHost: x\r\nX-A: ${text}\r\nContent-Length: 3`;
    for (const isPlainHttp of [true, false]) {
      const recorded = exchange({ origin: "http://127.0.0.1:1", head, body: Buffer.from(text) });
      const command = sendCommand(caseReport({ evidence: text }), {
        ...recorded,
        request: { ...recorded.request, isPlainHttp },
      });
      // Neither curl nor Python is reached: their names stand for something that only shows its arguments.
      const standIns = "curl() { cat > got; }; python3() { cat > got; }; sluicegate() { :; }";
      const ended = await shell(`${standIns}
{ ${command.text}
} > out.txt
ls`);
      const names = ended.out.trim().split("\n");
      assert.deepEqual(
        names.filter((name) => name !== "got"),
        ["out.txt"],
        text,
      );
    }
  }
});

async function pytest(text: string | null, environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const file = join(folder, "test_made.py");
  await writeFile(file, text ?? "");
  return run(PYTHON, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", file], environment);
}

test("a test for pytest fails today and passes once the answer is as wanted", async () => {
  const report = caseReport({
    name: 'it\'s "too" large',
    state: "fail",
    exchanges: [at(formBody("photo.png"))],
  });
  const made = pytestCase(sampleRun(), result("UPL-TR-01", "fail"), report);
  assert.match(made ?? "", /def test_upl_tr_01_it_s_too_large\(\)/);
  const today = await pytest(made);
  assert.equal(today.code, 1, today.out);
  assert.match(today.out, /answered 201, wanted 401 or 413/);
  status = 413;
  const mended = await pytest(made);
  assert.equal(mended.code, 0, mended.out);
  const recorded = report.exchanges[0];
  assert.deepEqual(received, recorded && [expectedBytes(recorded), expectedBytes(recorded)]);
});

test("the target of a test for pytest can be another one, and no answer is told as such", async () => {
  const made = pytestCase(sampleRun(), result("UPL-TR-01", "fail"), caseReport({ exchanges: [exchange()] }));
  const gone = await pytest(made, { SLUICEGATE_TARGET: "http://127.0.0.1:1" });
  assert.match(gone.out, /ConnectionRefusedError/);
  const here = await pytest(made, { SLUICEGATE_TARGET: origin });
  assert.match(here.out, /answered 201/);
});

test("where the answer alone does not tell, the test runs the check again", async () => {
  for (const report of [
    caseReport({ wanted: null }),
    caseReport({ wanted: { statuses: [201], mayJustClose: false } }),
  ]) {
    const made = pytestCase(sampleRun(), result("UPL-MP-07", "fail"), report);
    assert.match(
      made ?? "",
      /\["sluicegate", "check", "documents", "--target", target, "--only", "UPL-MP-07"\]/,
    );
    await writeFile(join(folder, "sluicegate"), '#!/bin/sh\necho "$@"; exit "$CODE"\n', { mode: 0o755 });
    const path = `${folder}:${process.env.PATH}`;
    assert.match(
      (await pytest(made, { PATH: path, CODE: "1" })).out,
      /check documents --target http:\/\/127\.0\.0\.1:8000 --only UPL-MP-07/,
    );
    assert.equal((await pytest(made, { PATH: path, CODE: "0" })).code, 0);
  }
});

test("there is no test where there is nothing to test again", () => {
  const run = sampleRun();
  const unknown = { ...run, target: { ...run.target, flow: null } };
  assert.equal(pytestCase(unknown, result("UPL-MP-07", "fail"), caseReport({ wanted: null })), null);
  assert.equal(pytestCase(run, result("UPL-MP-07", "fail"), caseReport({ exchanges: [] })), null);
});

test("hostile texts stay comments: each test is one function of valid Python", async () => {
  const files: string[] = [];
  for (const [index, text] of HOSTILE_TEXTS.entries()) {
    const report = caseReport({
      name: text,
      promised: text,
      observed: text,
      exchanges: [at(Buffer.from(text))],
    });
    const made = pytestCase(
      sampleRun(),
      result("UPL-TR-01", "fail", { title: `coding: utf-7 ${text}` }),
      report,
    );
    files.push(join(folder, `test_hostile_${index}.py`));
    await writeFile(files[index] ?? "", made ?? "");
  }
  const ended = await run(PYTHON, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", ...files]);
  assert.match(ended.out, new RegExp(`\n${files.length} failed in`), ended.out);
  assert.equal(received.length, files.length);
});
