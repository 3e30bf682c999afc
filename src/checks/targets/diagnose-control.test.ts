import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { Target } from "../check.ts";
import type { Stop } from "../run/check-run.ts";
import { json, served, spoken } from "../sample-served.ts";
import { KNOWN_CALLERS, PICTURES } from "../sample-targets.ts";
import { tryControl } from "./ask.ts";
import { diagnoseControl } from "./diagnose-control.ts";

const ABOUT = {
  flow: null,
  flowFile: null,
  policyVersion: null,
  owner: null,
  origin: "",
  method: "POST",
  path: "/pictures",
  framework: null,
  front: "unknown",
  serves: null,
  assumptions: [],
  readBack: null,
} as const;

async function diagnosed(origin: string, target: Partial<Target> = {}): Promise<Stop | null> {
  const subject = { target: { ...PICTURES, ...target, origin }, about: ABOUT };
  const { exchange, error } = await tryControl(subject.target);
  return diagnoseControl(subject, exchange, error);
}

/** What is said of a server that answers every upload like this. */
async function saidOf(
  context: TestContext,
  status: number,
  body: unknown = "",
  headers: Record<string, string> = {},
  target: Partial<Target> = {},
): Promise<Stop | null> {
  const origin = await served(context, (_, res) => {
    if (typeof body !== "string") return json(res, status, body, headers);
    res.writeHead(status, headers).end(body);
  });
  return diagnosed(origin, target);
}

function assertSaid(stop: Stop | null, kind: Stop["kind"], ...parts: readonly RegExp[]): void {
  assert.equal(stop?.kind, kind, JSON.stringify(stop));
  for (const part of parts) assert.match(stop?.sentence ?? "", part);
  assert.doesNotMatch(stop?.sentence ?? "", /undefined|\bnull\b|\[object|NaN/);
}

describe("no connection", () => {
  test("nobody listens", async () => {
    assertSaid(
      await diagnosed("http://127.0.0.1:1"),
      "unreachable",
      /^Nobody listens at 127\.0\.0\.1:1: start the service/,
    );
  });

  test("a name that nobody has", async () => {
    assertSaid(
      diagnoseControl(
        { target: { ...PICTURES, origin: "http://no-such-machine.invalid" }, about: ABOUT },
        null,
        Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }),
      ),
      "unreachable",
      /There is no machine called no-such-machine\.invalid/,
    );
  });

  test("the first of several tries tells why, and a cause does where the error itself says nothing", () => {
    const subject = { target: { ...PICTURES, origin: "http://localhost:9" }, about: ABOUT };
    const refused = Object.assign(new Error(""), { code: "ECONNREFUSED" });
    for (const error of [new AggregateError([refused, refused]), new Error("failed", { cause: refused })])
      assertSaid(diagnoseControl(subject, null, error), "unreachable", /Nobody listens at localhost:9/);
  });

  test("an error without a code is told in its own words", () => {
    const subject = { target: PICTURES, about: ABOUT };
    assertSaid(
      diagnoseControl(subject, null, new Error("no token today.")),
      "unreachable",
      /: no token today\.$/,
    );
    assertSaid(diagnoseControl(subject, null, "odd"), "unreachable", /the reason is not known/);
  });

  for (const [code, words] of [
    ["ETIMEDOUT", /does not answer: correct the address, or look for a firewall/],
    ["EHOSTUNREACH", /no way from this machine/],
    ["EAI_AGAIN", /could not be looked up just now/],
    ["ECONNRESET", /does it want https\?/],
  ] as const)
    test(`the system says ${code}`, () => {
      const stop = diagnoseControl(
        { target: PICTURES, about: ABOUT },
        null,
        Object.assign(new Error(""), { code }),
      );
      assertSaid(stop, "unreachable", words);
    });
});

describe("TLS", () => {
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluicegate-tls-"));
    await promisify(execFile)("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem"), "-subj", "/CN=own"],
      ...["-addext", "subjectAltName=IP:127.0.0.1"],
    ]);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function secure(context: TestContext): Promise<string> {
    const [cert, key] = await Promise.all(
      ["cert.pem", "key.pem"].map((file) => readFile(join(folder, file))),
    );
    const server = createServer({ cert, key }, (req, res) => {
      req.resume().on("end", () => res.writeHead(201).end());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test("an authority that nobody here knows", async (t) => {
    assertSaid(
      await diagnosed(await secure(t)),
      "tls",
      /signed by nobody whom this machine trusts: .*--ca FILE/,
    );
  });

  test("a certificate that has expired, or is for another name", () => {
    const subject = { target: { ...PICTURES, origin: "https://uploads.example" }, about: ABOUT };
    const of = (code: string) => diagnoseControl(subject, null, Object.assign(new Error(""), { code }));
    assertSaid(of("CERT_HAS_EXPIRED"), "tls", /certificate of uploads\.example has expired: renew it/);
    assertSaid(of("ERR_TLS_CERT_ALTNAME_INVALID"), "tls", /is for another name than uploads\.example/);
    assertSaid(of("CERT_NOT_YET_VALID"), "tls", /compare the clocks/);
    assertSaid(of("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "tls", /No TLS connection/);
  });

  test("plain HTTP on a port that speaks TLS, and the reverse", async (t) => {
    const origin = await secure(t);
    // Node closes such a connection without a word.
    assertSaid(await diagnosed(origin.replace("https:", "http:")), "unreachable", /or it wants https:\/\//);
    const port = await spoken(t, (socket) =>
      socket.once("data", () => socket.end(Buffer.from("15030300020246", "hex"))),
    );
    assertSaid(await diagnosed(`http://127.0.0.1:${port}`), "tls", /speaks TLS: write https:\/\//);
    const words = "Client sent an HTTP request to an HTTPS server.\n";
    assertSaid(await saidOf(t, 400, words), "tls", /speaks TLS/);
    const http = await served(t, (_, res) => res.end());
    assertSaid(
      await diagnosed(http.replace("http:", "https:")),
      "tls",
      /does not speak TLS: write http:\/\//,
    );
  });
});

describe("no answer", () => {
  test("what answers is no web server", async (t) => {
    const port = await spoken(t, (socket) => socket.end("220 mail.example ESMTP\r\n\r\n"));
    assertSaid(await diagnosed(`http://127.0.0.1:${port}`), "unreachable", /no web server .*220 mail/);
  });

  test("it is closed without an answer", async (t) => {
    const port = await spoken(t, (socket) => socket.once("data", () => socket.end()));
    assertSaid(
      await diagnosed(`http://127.0.0.1:${port}`),
      "unreachable",
      /closed the connection without an answer/,
    );
  });

  test("it hangs", () => {
    const exchange = {
      answers: [],
      interimStatuses: [],
      malformed: null,
      takenBytes: 100,
      takenAtAnswerBytes: null,
      answeredAfterMs: null,
      end: "deadline",
      elapsedMs: 15_020,
    } as const;
    const stop = diagnoseControl({ target: PICTURES, about: ABOUT }, exchange, null);
    assertSaid(stop, "unreachable", /gave no answer within 15 s/);
  });
});

describe("redirects and pages", () => {
  test("a slash is missing, or https is wanted", async (t) => {
    assertSaid(
      await saidOf(t, 307, "", { Location: "/pictures/" }),
      "redirected",
      /answers 307 and points to "\/pictures\/"\. Give the path with the slash/,
    );
    const origin = await served(t, ({ headers }, res) => {
      res.writeHead(301, { Location: `https://${headers.host}/pictures` }).end();
    });
    assertSaid(await diagnosed(origin), "redirected", /Give the https:\/\/ address/);
    assertSaid(
      await saidOf(t, 302, "", { Location: "https://elsewhere.example/x" }),
      "redirected",
      /follow no redirect/,
    );
    assertSaid(await saidOf(t, 302), "redirected", /does not say where to/);
  });

  test("a redirect to where one logs in", async (t) => {
    assertSaid(
      await saidOf(t, 302, "", { Location: "/accounts/login/?next=/pictures" }),
      "login-page",
      /not logged in .*--header 'Cookie: …'/,
    );
  });

  test("a page that asks for a password, with status 200", async (t) => {
    const page = '<html><form action="/login"><input name="u"><input type="password" name="p"></form></html>';
    const target = { acceptedStatuses: [200] };
    assertSaid(
      await saidOf(t, 200, page, { "Content-Type": "text/html" }, target),
      "login-page",
      /asks for a password/,
    );
  });

  test("a page with the form again, and what is wrong with it", async (t) => {
    const page = '<html><h1>Upload</h1><form><ul class="errorlist"><li>Required</li></ul></form></html>';
    const stop = await saidOf(t, 200, page, { "Content-Type": "text/html" }, { acceptedStatuses: [200] });
    assertSaid(stop, "control-refused", /its form again and complaints in it/);
  });

  test("an ordinary page after an upload is no obstacle", async (t) => {
    const page = "<html><h1>Thank you</h1></html>";
    const target = { acceptedStatuses: [200] };
    assert.equal(await saidOf(t, 200, page, { "Content-Type": "text/html" }, target), null);
  });

  test("a redirect that the flow expects is an acceptance", async (t) => {
    assert.equal(await saidOf(t, 303, "", { Location: "/done" }, { acceptedStatuses: [303] }), null);
  });
});

describe("refusals", () => {
  test("an accepted upload is no matter", async (t) => assert.equal(await saidOf(t, 201, { id: 1 }), null));

  test("401 says what is to be given, or that it is not taken", async (t) => {
    assertSaid(
      await saidOf(t, 401, { detail: "Not authenticated" }),
      "control-refused",
      /who sends \(401\).*verify\.credentials.*It says: "Not authenticated"/,
    );
    const { identities } = KNOWN_CALLERS;
    assert.ok(identities !== undefined);
    assertSaid(
      await saidOf(t, 401, "", {}, { identities }),
      "control-refused",
      /credential in Authorization \(401\)/,
    );
  });

  test("403 names rights and forgery tokens", async (t) => {
    const { identities } = KNOWN_CALLERS;
    assert.ok(identities !== undefined);
    assertSaid(await saidOf(t, 403), "control-refused", /just anybody \(403\).*CSRF/);
    assertSaid(
      await saidOf(t, 403, "", {}, { identities }),
      "control-refused",
      /may not upload there \(403\)/,
    );
  });

  test("404 and 405 say that path or method are wrong", async (t) => {
    assertSaid(
      await saidOf(t, 404, { detail: "Not Found" }),
      "control-refused",
      /no route POST "\/pictures" \(404\): correct the path/,
    );
    assertSaid(
      await saidOf(t, 405, "", { Allow: "PUT" }),
      "control-refused",
      /does not take POST \(405\).* It takes "PUT"/,
    );
  });

  test("413 and 415 name the sample", async (t) => {
    assertSaid(await saidOf(t, 413), "control-refused", /finds picture\.png of \d+ bytes too large/);
    assertSaid(await saidOf(t, 415), "control-refused", /a form with a file of image\/png \(415\).*--raw/);
  });

  test("FastAPI's list of what is missing is told with its fields", async (t) => {
    const detail = [
      { type: "missing", loc: ["body", "photo"], msg: "Field required", input: null },
      { type: "string_too_long", loc: ["body", "title"], msg: "String should have at most 2 characters" },
    ];
    assertSaid(
      await saidOf(t, 422, { detail }),
      "control-refused",
      /the fields "picture" \(file\), "title" with what it expects/,
      /It says: "photo: Field required; title: String should have at most 2 characters"/,
    );
  });

  test("what Django REST framework and RFC 9457 say is told", async (t) => {
    assertSaid(
      await saidOf(t, 400, { photo: ["No file was submitted."] }),
      "control-refused",
      /It says: "photo: No file was submitted\."/,
    );
    const problem = { type: "about:blank", title: "Bad", detail: "the title is taken" };
    assertSaid(await saidOf(t, 422, problem), "control-refused", /It says: "the title is taken"/);
    const page =
      "<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1><p>The browser sent nothing.</p>";
    assertSaid(
      await saidOf(t, 400, page, { "Content-Type": "text/html" }),
      "control-refused",
      /It says: "400 Bad Request: Bad Request: The browser sent nothing\."/,
    );
  });

  test("what the server says is cut and made fit for a terminal", async (t) => {
    const stop = await saidOf(t, 400, { detail: `\u001b[31m\u202e${"x".repeat(5000)}` });
    assert.ok((stop?.sentence.length ?? 0) < 700);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    assert.doesNotMatch(stop?.sentence ?? "", /[\u001b\u202e]/);
  });

  test("429, 5xx and a status that is not the promised one", async (t) => {
    assertSaid(await saidOf(t, 429, "", { "Retry-After": "30" }), "control-refused", /wants 30 s of rest/);
    assertSaid(await saidOf(t, 500), "control-refused", /fails at a good upload \(500\)/);
    assertSaid(await saidOf(t, 502), "control-refused", /does not reach the service behind it/);
    assertSaid(await saidOf(t, 503), "control-refused", /is not ready \(503\)/);
    assertSaid(await saidOf(t, 200, { ok: true }), "control-refused", /answers 200, and 201 is promised/);
    assertSaid(await saidOf(t, 418), "control-refused", /answers a good upload with 418, expected was 201/);
    assertSaid(await saidOf(t, 409), "control-refused", /has this upload already/);
    assertSaid(await saidOf(t, 411), "control-refused", /wants to know the length/);
  });
});
