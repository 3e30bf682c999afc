import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, test } from "node:test";
import type { Check } from "../check.ts";
import { accepts, refuses } from "../define-case.ts";
import { scenario } from "../define-scenario.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { CheckRun } from "./check-run.ts";
import { runChecks } from "./run-checks.ts";
import {
  aboutOf,
  optionsFor,
  rawTarget,
  SECRET,
  type Served,
  serve,
  serveSample,
  subjectOf,
} from "./sample-subject.ts";

const running: Served[] = [];

after(() => {
  for (const each of running) each.stop();
});

async function sample(...fault: Parameters<typeof serveSample>): Promise<Served> {
  const served = await serveSample(...fault);
  running.push(served);
  return served;
}

type Answer = (req: IncomingMessage, res: ServerResponse, body: Buffer) => void;

/** A server that reads the whole body first, then answers. */
async function answering(answer: Answer): Promise<Served> {
  const served = await serve(async (req, res) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
      answer(req, res, Buffer.concat(chunks));
    } catch {
      // The client has broken it off.
    }
  });
  running.push(served);
  return served;
}

const created = (res: ServerResponse): void => void res.writeHead(201, { "Upload-Id": "1" }).end("{}");
const hostile = (body: Buffer): boolean => body.includes("hostile");

const HOSTILE = Buffer.from("something hostile");
const sendsHostile = (name: string) =>
  refuses(name, (target) => controlProbe(target, { bytes: HOSTILE }), { statuses: [400], gateCodes: [] });

function checkOf(id: `UPL-${string}`, ...cases: Check["cases"]): Check {
  return { id, title: id, why: "a test", standards: [], flags: ["s"], cases };
}

const CHECKS: readonly Check[] = [
  checkOf("UPL-AA-01", sendsHostile("one"), sendsHostile("two")),
  checkOf("UPL-AA-02", sendsHostile("three")),
  checkOf("UPL-BB-01", sendsHostile("four")),
];

const stateOf = (run: CheckRun, id: string): string | undefined =>
  run.results.find((result) => result.id === id)?.state;

test("finds on a careful server what it is careful about, within the caps, and says so", async () => {
  const { subject } = await sample();
  const ids = ["PM-01", "PM-02", "PM-12", "RT-01", "RT-02", "RS-02", "TR-01", "TR-02", "NM-07"];
  const options = optionsFor({ only: ids });
  const run = await runChecks(subject, options);
  assert.deepEqual(
    run.results.filter(({ state }) => state !== "pass").map(({ id, sentence }) => `${id} ${sentence}`),
    [],
  );
  assert.equal(run.exitCode, 0);
  assert.match(run.sentence, /^octets keeps all 9 promises/);
  assert.equal(run.stopped, null);
  assert.ok(run.cost.requests <= 300 && run.cost.requests > 50);
  assert.equal(run.controls?.length, 6, "before all, and after TR, NM, PM, RT and RS");
  assert.ok(run.results.every(({ confidence }) => confidence === "certain" || confidence === "firm"));
});

test("finds a fault, with what was sent, what came back and how both differ from the twin", async () => {
  const { subject } = await sample("nobody may send");
  const run = await runChecks(subject, optionsFor({ only: ["PM-01"] }));
  assert.equal(run.exitCode, 1);
  const [result] = run.results;
  assert.equal(result?.state, "fail");
  assert.equal(result?.confidence, "certain");
  const failed = result?.cases.find(({ state }) => state === "fail");
  assert.deepEqual(failed?.diff, ["- Authorization: ***"]);
  assert.equal(failed?.exchanges[0]?.answers[0]?.status, 201);
  assert.match(failed?.observed ?? "", /^201 Created, and the service got/);
  assert.match(failed?.promised ?? "", /^refused with 401/);
  assert.equal(failed?.evidence, "20261122-120000-test/UPL-PM-01/1");
});

test("sends the control upload before all and once after each group, never a twin that it is", async () => {
  const seen: string[] = [];
  const { subject } = await answering((_, res, body) => {
    seen.push(hostile(body) ? "attack" : "control");
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const run = await runChecks(subject, optionsFor(), CHECKS);
  assert.deepEqual(seen, ["control", "attack", "attack", "attack", "control", "attack", "control"]);
  assert.deepEqual([run.exitCode, run.cost.requests], [0, 7]);
});

test("opens the results of a group again where the control upload fails after it, and sends nothing more", async () => {
  let attacks = 0;
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) attacks += 1;
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else if (attacks < 3) created(res);
    else res.writeHead(503).end();
  });
  const run = await runChecks(subject, optionsFor(), CHECKS);
  assert.equal(run.stopped?.kind, "suffering");
  assert.match(run.stopped?.sentence ?? "", /UPL-AA-01, UPL-AA-02/);
  assert.deepEqual(
    run.results.map(({ state }) => state),
    ["inconclusive", "inconclusive", "inconclusive"],
  );
  assert.equal(attacks, 3);
  assert.equal(run.exitCode, 3);
});

test("keeps a hostile upload that was taken as a failure though the target suffers after it", async () => {
  let taken = 0;
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) taken += 1;
    if (taken === 0 || hostile(body)) created(res);
    else res.writeHead(500).end();
  });
  const run = await runChecks(subject, optionsFor(), CHECKS);
  assert.equal(stateOf(run, "UPL-AA-01"), "fail");
  assert.equal(stateOf(run, "UPL-BB-01"), "inconclusive");
  assert.equal(run.exitCode, 1);
});

test("stops where the target no longer answers, after three connections and two control uploads", async () => {
  let isDown = false;
  const many = Array.from({ length: 40 }, (_, at) => sendsHostile(`number ${at}`));
  const served = await answering((_, res, body) => {
    if (!hostile(body)) return created(res);
    res.writeHead(400, { Connection: "close" }).end("it is hostile to us");
    if (isDown) return;
    isDown = true;
    served.stop();
  });
  const run = await runChecks(served.subject, optionsFor(), [checkOf("UPL-AA-01", ...many)]);
  assert.equal(run.stopped?.kind, "suffering");
  assert.match(run.stopped?.sentence ?? "", /3 connections in a row could not be made/);
  assert.ok(run.cost.requests <= 8, `${run.cost.requests} requests`);
  assert.equal(run.exitCode, 3);
});

test("5xx answers to hostile uploads alone are failures, and no reason to stop", async () => {
  const many = Array.from({ length: 15 }, (_, at) => sendsHostile(`number ${at}`));
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) res.writeHead(500).end("a trace");
    else created(res);
  });
  const run = await runChecks(subject, optionsFor(), [checkOf("UPL-AA-01", ...many)]);
  assert.equal(run.stopped, null);
  assert.equal(run.results[0]?.cases.filter(({ state }) => state === "fail").length, 15);
  assert.equal(run.controls?.length, 3, "one more when the errors rose");
});

test("says in a sentence that a target cannot be reached, and sends nothing more", async () => {
  const served = await answering(() => {});
  served.stop();
  const run = await runChecks(served.subject, optionsFor(), CHECKS);
  assert.equal(run.stopped?.kind, "unreachable");
  assert.match(run.sentence, /cannot be reached: .*ECONNREFUSED/);
  assert.equal(run.exitCode, 3);
  assert.ok(run.results.every(({ state }) => state === "inconclusive"));
});

test("lets whoever knows better say what a control upload that fails means", async () => {
  const { subject } = await answering((_, res) => void res.writeHead(302, { Location: "/login" }).end());
  const diagnose = () => ({ kind: "login-page", sentence: "It answers with a page to log in." }) as const;
  const run = await runChecks(subject, optionsFor({ diagnose }), CHECKS);
  assert.equal(run.sentence, "It answers with a page to log in.");
  assert.equal(run.stopped?.kind, "login-page");
});

test("ends at once when it is aborted, removes what it stored, and reports what it has", async () => {
  const ending = new AbortController();
  let cleaned = 0;
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const options = optionsFor({
    signal: ending.signal,
    onEvent: (event) => {
      if (event.kind === "case-ended") ending.abort();
    },
  });
  const cleanUp = async (): Promise<readonly string[]> => {
    cleaned += 1;
    return ["/files/7"];
  };
  const run = await runChecks({ ...subject, cleanUp }, options, CHECKS);
  assert.equal(run.stopped?.kind, "interrupted");
  assert.equal(cleaned, 1);
  assert.deepEqual(run.leftovers, ["/files/7"]);
  assert.equal(run.results.length, 3);
  assert.equal(run.cost.requests, 2);
  assert.equal(run.exitCode, 3);
});

test("aborts also a request that is under way", async () => {
  const ending = new AbortController();
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) ending.abort();
    else created(res);
  });
  const run = await runChecks(subject, optionsFor({ signal: ending.signal }), CHECKS);
  assert.equal(run.stopped?.kind, "interrupted");
  assert.equal(run.results[0]?.cases[0]?.state, "inconclusive");
  assert.ok(run.elapsedMs < 5000);
});

test("ends when its time is over", async () => {
  const { subject } = await answering((_, res, body) => {
    if (!hostile(body)) created(res);
  });
  const run = await runChecks(subject, optionsFor({ elapsedMsMax: 400 }), CHECKS);
  assert.equal(run.stopped?.kind, "cap");
  assert.match(run.stopped?.sentence ?? "", /0.4 s/);
  assert.equal(run.exitCode, 3);
});

test("sends no byte beyond the cap, and does not judge what it cut short", async () => {
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const large = refuses(
    "large",
    (target) => ({
      content: { files: [], fields: [] },
      steps: function* () {
        yield Buffer.from(
          `PUT /octets/a HTTP/1.1\r\nHost: ${new URL(target.origin).host}\r\nContent-Length: 1000000000\r\n\r\n`,
        );
        for (;;) yield Buffer.alloc(65536, "hostile");
      },
    }),
    { statuses: [400], gateCodes: [], takenBytesMax: 64 * 1024 * 1024 },
  );
  const options = optionsFor({ sentBytesMax: 4 * 1024 * 1024 });
  const run = await runChecks(subject, options, [checkOf("UPL-AA-01", large)]);
  assert.match(run.results[0]?.sentence ?? "", /cut short: .*4 MiB/);
  assert.ok(run.cost.sentBytes <= 4 * 1024 * 1024);
  assert.equal(stateOf(run, "UPL-AA-01"), "inconclusive");
});

test("a failure is waived until the day of the waiver, and no longer", async () => {
  const { subject } = await answering((_, res) => created(res));
  const [first] = CHECKS;
  const until = (day: string) => new Map([["UPL-AA-01", { until: day, reason: "known", owner: "ann" }]]);
  const waived = await runChecks(
    { ...subject, waivers: until("2999-01-01") },
    optionsFor({ only: ["AA-01"] }),
    CHECKS,
  );
  assert.deepEqual([stateOf(waived, "UPL-AA-01"), waived.results[0]?.waiver?.owner], ["waived", "ann"]);
  const lapsed = await runChecks(
    { ...subject, waivers: until("2020-01-01") },
    optionsFor(),
    first === undefined ? [] : [first],
  );
  assert.equal(stateOf(lapsed, "UPL-AA-01"), "fail");
  assert.match(lapsed.results[0]?.sentence ?? "", /The waiver of ann ended on 2020-01-01/);
});

test("what nobody has promised is a warning", async () => {
  const { subject } = await answering((_, res) => created(res));
  const target = { ...subject.target, unpromised: new Set(["archives"] as const) };
  const check: Check = { ...checkOf("UPL-AR-01", sendsHostile("one")), topic: "archives" };
  const other = checkOf("UPL-AR-02", { ...sendsHostile("two"), topic: "types" });
  const run = await runChecks({ ...subject, target }, optionsFor({ profile: "staging" }), [check, other]);
  assert.deepEqual([stateOf(run, "UPL-AR-01"), stateOf(run, "UPL-AR-02")], ["warn", "fail"]);
  assert.match(run.results[0]?.cases[0]?.reasons.at(-1) ?? "", /nobody has promised/);
});

test("a server that fails is a failure, whatever nobody has promised", async () => {
  const { subject } = await answering((_, res, body) =>
    hostile(body) ? void res.writeHead(500).end("a trace") : created(res),
  );
  const target = { ...subject.target, unpromised: new Set(["types"] as const) };
  const check: Check = { ...checkOf("UPL-TY-01", sendsHostile("one")), topic: "types" };
  assert.equal(stateOf(await runChecks({ ...subject, target }, optionsFor(), [check]), "UPL-TY-01"), "fail");
});

test("a share that is used up ends the run, and is no suffering of the target", async () => {
  let taken = 0;
  const { subject } = await answering((_, res, body) => {
    taken += 1;
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else if (taken < 3) created(res);
    else res.writeHead(429, { "Retry-After": "86400" }).end("the quota is used up");
  });
  const run = await runChecks(subject, optionsFor(), CHECKS);
  assert.equal(run.stopped?.kind, "cap");
  assert.match(run.stopped?.sentence ?? "", /used up: the route answers 429 .* after 24 hours/);
  assert.equal(stateOf(run, "UPL-AA-01"), "inconclusive");
});

test("a person's word stands where it takes a person", async () => {
  const { subject } = await sample();
  const note = (result: "pass" | "fail") => ({
    who: "Ann",
    when: "2026-11-01",
    result,
    note: "pulled the plug",
  });
  const manual = new Map([
    ["UPL-FM-04", note("pass")],
    ["UPL-FM-05", note("fail")],
  ]);
  const run = await runChecks({ ...subject, manual }, optionsFor({ only: ["FM-04", "FM-05"] }));
  assert.deepEqual([stateOf(run, "UPL-FM-04"), stateOf(run, "UPL-FM-05")], ["manual", "fail"]);
  assert.match(run.results[0]?.sentence ?? "", /Ann looked on 2026-11-01: pulled the plug/);
});

test("no secret leaves the run, not even where the server repeats it", async () => {
  const { subject } = await answering((req, res, body) => {
    const echo = { got: req.headers.authorization, url: req.url, body: body.toString("latin1") };
    res.setHeader("X-Echo", String(req.headers.authorization ?? ""));
    res.setHeader("Set-Cookie", "session=a-session-that-nobody-knows; HttpOnly");
    if (hostile(body)) res.writeHead(500).end(JSON.stringify(echo));
    else created(res);
  });
  const target = rawTarget(subject.target.origin, true);
  const inBody = refuses(
    "in the body",
    (of) => controlProbe(of, { bytes: Buffer.from(`hostile ${SECRET}`) }),
    { statuses: [400], gateCodes: [] },
  );
  const plain = sendsHostile("plain");
  const options = optionsFor({ runId: "r" });
  const secrets = (): readonly string[] => [SECRET];
  const run = await runChecks({ ...subject, target, secrets }, options, [
    checkOf("UPL-AA-01", plain, inBody),
  ]);
  const everything = JSON.stringify([run, options.events]);
  const bodies = [...everything.matchAll(/"bodyStart":"([^"]*)"/g)].map(([, text = ""]) =>
    Buffer.from(text, "base64").toString("latin1"),
  );
  assert.ok(bodies.some((body) => body.includes("hostile ***")));
  for (const text of [everything, ...bodies]) {
    assert.ok(!text.includes(SECRET), "the credential is told");
    assert.ok(!text.includes("a-session-that-nobody-knows"), "the session is told");
  }
});

test("waits as a target asks that says not now, and then goes on", async () => {
  let tries = 0;
  const { subject } = await answering((_, res, body) => {
    tries += 1;
    if (tries === 1 || tries === 3) res.writeHead(429, { "Retry-After": "0" }).end();
    else if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const options = optionsFor({ only: ["AA-02"] });
  const run = await runChecks(subject, options, CHECKS);
  assert.equal(stateOf(run, "UPL-AA-02"), "pass");
  assert.equal(options.events.filter(({ kind }) => kind === "waiting").length, 2);
});

test("says nothing of a case that the target puts off for longer than the run has", async () => {
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) res.writeHead(503, { "Retry-After": "3600" }).end();
    else created(res);
  });
  const run = await runChecks(subject, optionsFor({ only: ["AA-02"] }), CHECKS);
  assert.equal(stateOf(run, "UPL-AA-02"), "inconclusive");
  assert.match(run.results[0]?.sentence ?? "", /asks to wait 3600 s/);
});

test("says that a target takes everything", async () => {
  const { subject } = await answering((_, res) => created(res));
  const run = await runChecks(subject, optionsFor(), CHECKS);
  assert.equal(run.stopped?.kind, "takes-everything");
  assert.match(run.sentence, /^octets breaks 3 of 3 promises.*took every one of the 4 hostile uploads/);
  assert.equal(run.exitCode, 1);
});

test("prod-safe sends one upload and reads beside it", async () => {
  const seen: string[] = [];
  const served = await answering((req, res) => {
    seen.push(String(req.method));
    if (req.method === "PUT")
      res.writeHead(201, { "Upload-Id": "1", "Content-Type": "application/json" }).end('{"id":1}');
    else res.writeHead(404).end();
  });
  let faults = 0;
  const fault = {
    inject: async () => {
      faults += 1;
    },
    heal: async () => {},
  };
  const hooks = {
    faults: { "storage-full": fault, "storage-read-only": fault },
    readiness: async () => ({ status: 200, text: "" }),
  };
  const run = await runChecks(
    { ...served.subject, hooks },
    optionsFor({ profile: "prod-safe", skip: ["RS-02"] }),
  );
  assert.equal(faults, 0, "a fault was made on a target that is in use");
  assert.deepEqual(
    run.results.filter(({ state }) => state === "fail").map(({ id, sentence }) => `${id} ${sentence}`),
    [],
    "what is answered from the one upload must not be taken for another",
  );
  assert.equal(seen.filter((method) => method === "PUT").length, 1);
  assert.deepEqual(
    seen.filter((method) => !["PUT", "GET", "HEAD", "OPTIONS"].includes(method)),
    [],
  );
  assert.ok(run.cost.requests <= 10);
  assert.equal(stateOf(run, "UPL-RS-01"), "pass");
});

test("an acceptance that nobody can look into is open, and a refusal is as sure as its answer", async () => {
  let answers = 0;
  const { subject } = await answering((_, res, body) => {
    if (!hostile(body)) return created(res);
    answers += 1;
    if (answers === 1) res.writeHead(400).end();
    else res.writeHead(400, { "Content-Type": "application/json" }).end('{"detail":"hostile content"}');
  });
  const open = accepts("taken", (target) => controlProbe(target, { name: "b.bin" }));
  const run = await runChecks(subject, optionsFor(), [
    checkOf("UPL-AA-01", sendsHostile("without a reason")),
    checkOf("UPL-AA-02", sendsHostile("with a reason")),
    checkOf("UPL-AA-03", open),
  ]);
  assert.deepEqual(
    run.results.map(({ state, confidence }) => [state, confidence]),
    [
      ["pass", "tentative"],
      ["pass", "firm"],
      ["inconclusive", null],
    ],
  );
  assert.equal(run.exitCode, 0);
  assert.equal(run.sentence, "octets keeps 2 of 3 promises; 1 could not be checked.");
});

test("compares the answer to the control upload with the recorded one", async () => {
  const { subject } = await answering((_, res) => created(res));
  const options = optionsFor({ only: ["RS-01"] });
  const none = await runChecks(subject, options);
  const asRecorded = (run: CheckRun) => run.results[0]?.cases.find(({ name }) => name === "as recorded");
  assert.match(asRecorded(none)?.reasons[0] ?? "", /no expectation is recorded: sluicegate record octets/);
  const expected = { recordedAt: "2026-11-01", compare: () => ["the status was 200, it is 201"] };
  const other = await runChecks({ ...subject, expected }, optionsFor({ only: ["RS-01"] }));
  assert.equal(asRecorded(other)?.state, "fail");
  assert.equal(asRecorded(other)?.reasons[0], "the status was 200, it is 201");
});

test("a bug in a check is an error of that check alone", async () => {
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const broken = refuses(
    "broken",
    () => {
      throw new TypeError("a bug");
    },
    { statuses: [400], gateCodes: [] },
  );
  const run = await runChecks(subject, optionsFor(), [checkOf("UPL-AA-09", broken), ...CHECKS]);
  assert.deepEqual([stateOf(run, "UPL-AA-09"), stateOf(run, "UPL-AA-01")], ["error", "pass"]);
  assert.match(run.results[0]?.sentence ?? "", /the check itself failed: a bug/);
});

test("keeps within the rate that the route promises, and says what does not fit", async () => {
  const sentAt: number[] = [];
  const { subject } = await answering((_, res, body) => {
    sentAt.push(performance.now());
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const target = { ...subject.target, promises: { rate: { requestsMax: 3, everyMs: 400 } } };
  const options = optionsFor({ elapsedMsMax: 1100 });
  const run = await runChecks({ ...subject, target }, options, CHECKS);
  for (let at = 3; at < sentAt.length; at += 1)
    assert.ok((sentAt[at] ?? 0) - (sentAt[at - 3] ?? 0) > 380, "four requests within the time of three");
  assert.ok(options.events.some(({ kind }) => kind === "waiting"));
  assert.equal(run.cost.requests, 7);
});

test("names the target by its route where it has no flow", async () => {
  const { subject } = await answering((_, res) => created(res));
  const about = { ...aboutOf(subject.target), flow: null };
  const run = await runChecks(subjectOf(subject.target, { about }), optionsFor({ only: ["AA-02"] }), CHECKS);
  assert.match(run.sentence, /^PUT \/octets\/\{name\} breaks 1 of 1 promise\b/);
});

test("tries at the end what the cap had left out, where less was sent than planned", async () => {
  const { subject } = await answering((_, res, body) => {
    if (hostile(body)) res.writeHead(400).end("it is hostile to us");
    else created(res);
  });
  const modest = scenario("announces nine and sends one", 9, async (stage) => {
    const probe = controlProbe(await stage.as("main"), { bytes: HOSTILE });
    await stage.send("the only one", probe, {
      expect: { outcome: "refused", statuses: [400], gateCodes: [] },
    });
  });
  const many = Array.from({ length: 12 }, (_, at) => sendsHostile(`number ${at}`));
  const checks = [{ ...checkOf("UPL-AA-01"), scenarios: [modest] }, checkOf("UPL-AA-02", ...many)];
  const options = optionsFor({ requestsMax: 16 });
  const run = await runChecks(subject, options, checks);
  const planned = options.events.find((event) => event.kind === "planned");
  assert.equal(planned?.plan.leftOut, 1, "the scenario is a tenth of the cap alone, so it comes last");
  assert.deepEqual([stateOf(run, "UPL-AA-01"), stateOf(run, "UPL-AA-02")], ["not-applicable", "pass"]);
  const more = await runChecks(subject, optionsFor({ requestsMax: 27 }), [
    { ...checkOf("UPL-AA-01"), scenarios: [modest, { ...modest, name: "once more" }] },
    checkOf("UPL-AA-02", ...many),
  ]);
  assert.equal(more.plan.leftOut, 0);
  assert.equal(
    more.cost.requests,
    17,
    "fifteen for what was planned with one scenario, then the other and its control",
  );
});
