import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../answer-reader.ts";
import type { Probe, ProbeStep, Target } from "../check.ts";
import { filePart, formProbe, formWithFilePart } from "../payloads/form.ts";
import { controlProbe } from "../payloads/upload.ts";
import { PICTURES } from "../sample-targets.ts";
import type { Exchange } from "../send-probe.ts";
import { askedToWaitMs } from "./asked-to-wait.ts";
import { compareWithBaseline } from "./baseline.ts";
import type { CaseReport, CheckResult, CheckRun, CheckState, Stop } from "./check-run.ts";
import { exitCodeOf, sentenceOf } from "./conclude-run.ts";
import { namesReason } from "./confidence.ts";
import { Pace } from "./pace.ts";
import { deadlineMsFor } from "./patience.ts";
import { isPlainHttp } from "./plain-http.ts";
import { Redaction } from "./redaction.ts";
import { requestDiff } from "./request-diff.ts";
import { bytesToSend, SendingWatch } from "./sent-bytes.ts";
import { TargetHealth } from "./target-health.ts";

const NOTHING_HIDDEN = new Redaction(() => []);

const sent = (probe: Probe, redaction = NOTHING_HIDDEN) => bytesToSend(probe, redaction);

function probe(...steps: readonly (ProbeStep | string)[]): Probe {
  const made = steps.map((step) =>
    typeof step === "string" && step !== "await-answer" && step !== "end" && step !== "reset"
      ? Buffer.from(step, "latin1")
      : step,
  );
  return { content: { files: [], fields: [] }, steps: () => made as readonly ProbeStep[] };
}

const named = (filename: string): Probe => {
  const file = { field: "picture", ...PICTURES.file.control };
  return formProbe(
    PICTURES,
    formWithFilePart(PICTURES, filePart(file, `name="picture"; filename="${filename}"`)),
  );
};

test("the difference of two requests is the lines that differ", () => {
  const diff = requestDiff(sent(named("a.png")), sent(named("..\\a\0.png")));
  assert.deepEqual(
    diff.filter((line) => !line.includes("Content-Length")),
    [
      '- Content-Disposition: form-data; name="picture"; filename="a.png"',
      '+ Content-Disposition: form-data; name="picture"; filename="..\\a\\x00.png"',
    ],
  );
});

test("contents that differ are told by size, digest and the first bytes that do", () => {
  const raw: Target = { ...PICTURES, protocol: "raw" };
  const diff = requestDiff(
    sent(controlProbe(raw, { bytes: Buffer.from("same and one") })),
    sent(controlProbe(raw, { bytes: Buffer.from("same and two") })),
  );
  assert.equal(diff.length, 4);
  assert.match(diff[0] ?? "", /^- body: 12 bytes, SHA-256 [0-9a-f]{16}/);
  assert.deepEqual(diff.slice(2), ["- at 9: 6f 6e 65", "+ at 9: 74 77 6f"]);
});

test("a difference has no more than twenty lines, and keys for retries are none", () => {
  const head = (lines: readonly string[]) => probe(["PUT / HTTP/1.1", ...lines, "", ""].join("\r\n"));
  const many = (mark: string) => sent(head(Array.from({ length: 50 }, (_, at) => `X-${at}: ${mark}`)));
  assert.equal(requestDiff(many("a"), many("b")).length, 20);
  const keyed = (key: string) => sent(head(["Host: a", `Idempotency-Key: "${key}"`]));
  assert.deepEqual(requestDiff(keyed("one"), keyed("two")), []);
  assert.equal(requestDiff(sent(head(["Host: a"])), keyed("two")).length, 1);
});

test("tells what an ordinary client could send from what it could not", () => {
  const with0 = (head: string, body = "") => isPlainHttp(sent(probe(`${head}\r\n\r\n${body}`)));
  const head = "PUT /a HTTP/1.1\r\nHost: a";
  assert.ok(with0(`${head}\r\nContent-Length: 3`, "abc"));
  assert.ok(with0(`${head}\r\nTransfer-Encoding: chunked`, "3\r\nabc\r\n0\r\n\r\n"));
  assert.ok(with0("GET / HTTP/1.1\r\nHost: a"));
  assert.ok(isPlainHttp(sent(controlProbe(PICTURES))));
  assert.ok(!with0(`${head}\r\nContent-Length: 4`, "abc"), "too short");
  assert.ok(!with0(`${head}\r\nContent-Length: 3\r\nContent-Length: 3`, "abc"), "two lengths");
  assert.ok(!with0(`${head}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked`, "abc"), "two framings");
  assert.ok(!with0(`${head}\r\nTransfer-Encoding: chunked`, "3\r\nabc\r\n0\r\n\r\nmore"), "more than one");
  assert.ok(!with0(`${head}\r\nX-A: \0`), "a character that is none");
  assert.ok(!with0(`${head}\r\nX-A : b`), "a space before the colon");
  assert.ok(!with0(`${head}\r\n\r\nGET / HTTP/1.1`), "two requests");
  assert.ok(!with0("PUT /a HTTP/1.1\r\nHost: a\r\nHost: b"), "two hosts");
  assert.ok(!isPlainHttp(sent(probe(`${head}\r\n\r\n`, { pauseMs: 5 }))), "a pause");
  assert.ok(!isPlainHttp(sent(probe(`${head}\r\n\r\n`, "reset"))), "a reset");
});

test("the digest of a request is the same with another credential, and another with other bytes", () => {
  const asWho = (secret: string, body: string) =>
    sent(
      probe(`PUT /?k=${secret} HTTP/1.1\r\nAuthorization: Bearer ${secret}\r\n\r\n`, `${body} ${secret}`),
      new Redaction(() => [secret]),
    );
  const one = asWho("first-secret-1", "bytes");
  assert.equal(asWho("other-longer-secret-2", "bytes").sha256, one.sha256);
  assert.notEqual(asWho("first-secret-1", "others").sha256, one.sha256);
  assert.ok(!Buffer.from(one.beginning).toString().includes("first-secret-1"));
});

test("what was not sent, because an answer came early, is counted and hashed all the same", () => {
  const large = probe(`PUT / HTTP/1.1\r\n\r\n`, Buffer.alloc(200_000, 1), Buffer.alloc(200_000, 2));
  const watch = new SendingWatch(large, NOTHING_HIDDEN, Number.POSITIVE_INFINITY);
  for (const step of watch.watched(large).steps()) if (step instanceof Uint8Array) break;
  const { totalBytes, bodyBytes, sha256, isWhole } = watch.finish();
  assert.deepEqual([totalBytes, bodyBytes, isWhole], [400_018, 400_000, false]);
  assert.equal(sha256, sent(large).sha256);
});

test("a sending ends with its allowance", () => {
  const endless: Probe = {
    content: { files: [], fields: [] },
    steps: function* () {
      for (;;) yield Buffer.alloc(1000);
    },
  };
  const watch = new SendingWatch(endless, NOTHING_HIDDEN, 5500);
  const steps = [...watch.watched(endless).steps()];
  assert.deepEqual([steps.length, steps.at(-1), watch.isCut], [6, "reset", true]);
});

test("secrets are found in each form in which they are told", () => {
  const redaction = new Redaction(() => ['se"cret/ä+1', "abc"], "X-Caller");
  const secret = 'se"cret/ä+1';
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64])
    assert.equal(redaction.text(`<${form}>`), "<***>");
  assert.equal(Buffer.from(redaction.bytes(Buffer.from(`<${secret}>`))).toString(), "<***>");
  assert.equal(redaction.text("abc"), "abc", "what is too short is no secret");
  const head = redaction.head("GET / HTTP/1.1\r\nx-caller: ann\r\nCookie: a=b\r\nAccept: */*");
  assert.equal(head, "GET / HTTP/1.1\r\nx-caller: ***\r\nCookie: ***\r\nAccept: */*");
});

test("what a header carried is found where it is repeated", () => {
  const redaction = new Redaction(() => []);
  redaction.learn("Authorization", "Bearer abcdefgh-1234");
  redaction.learn("Set-Cookie", "id=ijklmnop-5678; HttpOnly; SameSite=Strict");
  redaction.learn("Accept", "text/something");
  assert.equal(
    redaction.text("abcdefgh-1234 ijklmnop-5678 text/something HttpOnly"),
    "*** *** text/something HttpOnly",
  );
});

test("an answer names its reason in JSON, in words, or not at all", () => {
  const names = (status: number, type: string, body: string) => {
    const answer: Answer = { status, headers: [["content-type", type]], body: Buffer.from(body) };
    return namesReason(answer);
  };
  assert.ok(names(413, "application/problem+json", '{"type":"about:blank","code":"FILE_TOO_LARGE"}'));
  assert.ok(names(422, "application/json", '{"detail":[{"msg":"field required"}]}'));
  assert.ok(names(400, "application/json", '{"picture":["No file was submitted."]}'));
  assert.ok(names(413, "text/html", "<h1>Too large</h1><p>The data exceeds the capacity limit.</p>"));
  assert.ok(!names(413, "application/json", '{"type":"about:blank","title":"Payload Too Large"}'));
  assert.ok(!names(400, "application/json", "{}"));
  assert.ok(!names(400, "text/html", "<html><title>400 Bad Request</title><h1>Bad Request</h1></html>"));
  assert.ok(!names(400, "text/plain", ""));
});

test("a rate is kept by each request's own moment", () => {
  let now = 0;
  const pace = new Pace(
    { requestsMax: 2, everyMs: 1000 },
    ({ name }) => name === "other",
    () => now,
  );
  const next = (name = "") =>
    pace.next({ name, part: "attack", origin: "", probe: probe(), limits: { deadlineMs: 1, lingerMs: 0 } });
  assert.deepEqual([next(), next("other"), next(), next(), next()], [0, 0, 1000, 1000, 2000]);
  now = 3500;
  assert.equal(next(), 0);
});

test("a target is suspected after three connections, four silences or ten errors of its own, and a control clears it", () => {
  const exchange = (status: number | null, end: Exchange["end"] = "left") =>
    ({
      answers: status === null ? [] : [{ status, headers: [], body: new Uint8Array() }],
      end,
    }) as unknown as Exchange;
  const after = (count: number, note: (health: TargetHealth) => void): string | null => {
    const health = new TargetHealth();
    health.noteAnswer(exchange(400));
    for (let at = 0; at < count; at += 1) note(health);
    return health.suspicion();
  };
  const refused = (health: TargetHealth) => health.noteNoConnection();
  const silent = (health: TargetHealth) => health.noteAnswer(exchange(null, "deadline"));
  const broken = (health: TargetHealth) => health.noteAnswer(exchange(502));
  assert.deepEqual([after(2, refused), after(3, silent), after(9, broken)], [null, null, null]);
  assert.match(after(3, refused) ?? "", /^3 connections in a row/);
  assert.match(after(4, silent) ?? "", /^4 requests in a row had no answer/);
  assert.match(after(10, broken) ?? "", /^10 of the last 11 answers were 5xx/);
  const closing = (health: TargetHealth) => health.noteAnswer(exchange(null, "closed"));
  assert.equal(after(20, closing), null, "closing without an answer is an answer");
  const health = new TargetHealth();
  for (let at = 0; at < 3; at += 1) health.noteNoConnection();
  health.clear();
  assert.equal(health.suspicion(), null);
});

test("a case waits as long as its target, its size and its own promise need", () => {
  const accepted = { outcome: "accepted" } as const;
  const at = (controlMs: number | null, sentBytes = 0, idleMs: number | null = null, withinMs = 0) =>
    deadlineMsFor(withinMs === 0 ? accepted : { ...accepted, withinMs }, { idleMs }, sentBytes, controlMs);
  assert.deepEqual([at(5), at(500), at(4000), at(null)], [3000, 5000, 10_000, 10_000]);
  assert.deepEqual([at(5, 60_000_000), at(5, 0, 8000), at(5, 0, null, 6000)], [63_000, 9000, 7000]);
  assert.equal(at(5, 0, 60_000), 3000, "a front's long patience is not the run's");
});

test("how long a target asks to wait is read from seconds and from dates", () => {
  const busy = (status: number, value?: string) => {
    const headers = value === undefined ? [] : [["retry-after", value] as const];
    const exchange = { answers: [{ status, headers, body: new Uint8Array() }] };
    return askedToWaitMs(exchange as never, Date.parse("2026-11-22T10:00:00Z"));
  };
  assert.deepEqual([busy(429, "3"), busy(503, "Sun, 22 Nov 2026 10:00:05 GMT")], [3000, 5000]);
  assert.deepEqual([busy(503), busy(400, "3"), busy(200, "3")], [null, null, null]);
});

/** `inconclusive` was carried out, and nobody could look behind it; `error` was not carried out. */
function caseOf(state: CheckState): CaseReport {
  const observed =
    state === "error" || state === "not-applicable" || state === "manual" ? null : "201 Created";
  return { name: "", state, reasons: [], observed } as unknown as CaseReport;
}

function resultOf(id: `UPL-${string}`, ...states: readonly CheckState[]): CheckResult {
  const order: readonly CheckState[] = ["fail", "error", "inconclusive", "warn", "waived", "pass", "manual"];
  const cases = states.map((state) => caseOf(state));
  const state = order.find((each) => states.includes(each)) ?? "not-applicable";
  return { id, state, cases, fingerprint: id } as unknown as CheckResult;
}

const ROUTE = { flow: "avatars", method: "POST", path: "/" };
const stop = (kind: Stop["kind"]): Stop => ({ kind, sentence: `It was ${kind}.` });

test("the exit code and the sentence follow the table", () => {
  const table: readonly (readonly [
    code: number,
    sentence: string,
    results: readonly (readonly CheckState[])[],
    stop?: Stop,
  ])[] = [
    [0, "avatars keeps all 2 promises.", [["pass"], ["pass", "not-applicable"], ["manual"]]],
    [0, "avatars keeps all 2 promises; 1 warning; 1 waived.", [["pass", "warn"], ["waived"]]],
    [0, "avatars keeps all 2 promises; 1 could be checked in part.", [["pass", "inconclusive"], ["pass"]]],
    [1, "avatars breaks 1 of 3 promises; 1 could not be checked.", [["fail"], ["pass"], ["error"]]],
    [1, "avatars breaks 1 of 2 promises. It was suffering.", [["fail"], ["pass"]], stop("suffering")],
    [1, "avatars breaks 1 of 1 promise. It was takes-everything.", [["fail"]], stop("takes-everything")],
    [0, "avatars keeps 1 of 2 promises; 1 could not be checked.", [["pass"], ["inconclusive"]]],
    [3, "avatars keeps 1 of 2 promises; 1 could not be checked.", [["pass"], ["error"]]],
    [
      3,
      "avatars keeps the one promise that was checked. It was interrupted.",
      [["pass"]],
      stop("interrupted"),
    ],
    [3, "It was unreachable.", [["inconclusive"], ["not-applicable"]], stop("unreachable")],
    [4, "It was unsafe.", [], stop("unsafe")],
    [3, "Nothing could be told of avatars.", [["not-applicable"]]],
    [0, "avatars keeps the one promise that was checked. It was cap.", [["pass"]], stop("cap")],
  ];
  for (const [code, sentence, states, stopped = null] of table) {
    const results = states.map((each, at) => resultOf(`UPL-AA-${at}`, ...each));
    assert.equal(exitCodeOf(results, stopped), code, sentence);
    assert.equal(sentenceOf(ROUTE, results, stopped, 0), sentence);
  }
});

test("a baseline tells what is new, what was mended, and what nobody could see this time as unchanged", () => {
  const run = (...results: CheckResult[]) => ({ id: "r", startedAt: "t", results }) as unknown as CheckRun;
  const earlier = run(
    resultOf("UPL-AA-1", "fail"),
    resultOf("UPL-AA-2", "fail"),
    resultOf("UPL-AA-3", "fail"),
    resultOf("UPL-AA-4", "pass"),
  );
  const now = run(
    resultOf("UPL-AA-1", "pass"),
    resultOf("UPL-AA-2", "fail"),
    resultOf("UPL-AA-3", "inconclusive"),
    resultOf("UPL-AA-4", "fail"),
  );
  assert.deepEqual(compareWithBaseline(now, earlier).baseline, {
    id: "r",
    startedAt: "t",
    added: ["UPL-AA-4"],
    fixed: ["UPL-AA-1"],
    unchanged: ["UPL-AA-2", "UPL-AA-3"],
  });
});
