/**
 * What the operator's port serves for the console, over the wire, with a real gate: who may read and change, what is told, what a person decides, and
 * that an open page holds no stop.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import type { OutgoingHttpHeaders } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type {
  Answer,
  DocumentPage,
  FlowPage,
  FrontPage,
  HeldUpload,
  RequestPage,
  RequestRow,
  Session,
} from "../contract/console-api.ts";
import { ask, problemCode } from "./ask.ts";
import {
  change,
  cookieOf,
  EventReader,
  json,
  operatorToken,
  read,
  type SignedIn,
  signIn,
} from "./console-client.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { WatchedService } from "./watched-service.ts";

const service = new WatchedService();
let gate: GateUnderTest;
let person: SignedIn;

before(async () => {
  gate = await startGate({
    upstream: await service.listen(),
    flows: ["watched", "raw", "raw-down-retry"],
    passThrough: true,
    limits: "stop: 10s",
  });
  person = await signIn(gate);
});

afterEach(() => {
  service.mood = "well";
});

after(async () => {
  await gate?.stop();
  await service.stop();
});

const front = (): Promise<FrontPage> => read<FrontPage>(gate, "front");
const asked = (path: string, headers: OutgoingHttpHeaders = {}) =>
  ask(gate.operatorOrigin, { path, headers });

async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean, what: string): Promise<T> {
  const givesUpAt = performance.now() + 20_000;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    assert.ok(
      performance.now() < givesUpAt,
      `not within 20 s: ${what}; last seen: ${JSON.stringify(seen).slice(0, 2000)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const answerTo = (page: FrontPage, question: Answer["question"]): Answer => {
  const found = page.answers.find((one) => one.question === question);
  assert.ok(found, question);
  return found;
};

const upload = (path: string, headers: OutgoingHttpHeaders = {}) =>
  ask(gate.origin, { method: "PUT", path, headers, body: "abc" });

/** An upload whose connection broke off behind its last byte: nobody knows whether the service has it. */
async function undeliverable(): Promise<string> {
  service.mood = "break";
  const answer = await upload("/raw/lost.bin");
  service.mood = "well";
  assert.equal(answer.status, 502, answer.body.toString());
  const { uploads } = await read<{ uploads: HeldUpload[] }>(gate, "held");
  const id = json<{ uploadId: string }>(answer).uploadId;
  assert.ok(uploads.some((one) => one.id === id));
  return id;
}

// Who may read

test("on this machine the console is read without signing in", async () => {
  const session = json<Session>(await asked("/api/console/session"));
  assert.deepEqual([session.mayRead, session.mayChange, session.csrf], [true, false, null]);
  assert.equal((await front()).flows.length, 3);
});

test("a name that somebody else has pointed at this machine opens nothing", async () => {
  for (const host of ["evil.test", `evil.test:${new URL(gate.operatorOrigin).port}`, "127.0.0.1.evil.test"]) {
    for (const path of ["front", "flows/raw", "requests", "held", "events", "documents/raw/change/0001-x"]) {
      const answer = await asked(`/api/console/${path}`, { host });
      assert.deepEqual(
        [answer.status, problemCode(answer)],
        [401, "CONSOLE_SIGN_IN_NEEDED"],
        `${host} ${path}`,
      );
    }
    const session = json<Session>(await asked("/api/console/session", { host }));
    assert.deepEqual([session.mayRead, session.mayChange], [false, false]);
  }
});

test("what a proxy passes on is not of this machine", async () => {
  assert.equal((await asked("/api/console/front", { "x-forwarded-for": "10.0.0.7" })).status, 401);
});

test("whoever is not on this machine reads with the token or a session", async () => {
  const host = "console.example.com";
  const bearer = { authorization: `Bearer ${await operatorToken(gate)}` };
  assert.equal((await asked("/api/console/front", { host, ...bearer })).status, 200);
  assert.equal((await asked("/api/console/front", { host, cookie: person.cookie })).status, 200);
  assert.equal((await asked("/api/console/front", { host, authorization: "Bearer guessed" })).status, 401);
  assert.equal(
    (await asked("/api/console/front", { host, cookie: "sluicegate_console=guessed" })).status,
    401,
  );
});

// Who may change

test("a change needs a session, its token and the page's own origin", async () => {
  const { cookie, csrf, headers } = person;
  const version = { version: "1" };
  const refused: readonly (readonly [OutgoingHttpHeaders, string])[] = [
    [{}, "CONSOLE_SIGN_IN_NEEDED"],
    [{ "x-sluicegate-csrf": csrf }, "CONSOLE_SIGN_IN_NEEDED"],
    [{ cookie }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ cookie, "x-sluicegate-csrf": "guessed" }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ ...headers, origin: "https://evil.test" }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ ...headers, origin: "null" }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ ...headers, origin: "http://127.0.0.1:1" }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ ...headers, "sec-fetch-site": "cross-site" }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ ...headers, "sec-fetch-site": "same-site" }, "CONSOLE_FORGERY_SUSPECTED"],
    [{ authorization: "Bearer guessed" }, "OPERATOR_TOKEN_INVALID"],
    [{ ...headers, authorization: "Bearer guessed" }, "OPERATOR_TOKEN_INVALID"],
  ];
  for (const [own, code] of refused) {
    assert.equal(problemCode(await change(gate, "deployments", own, version)), code, JSON.stringify(own));
  }
  const marks = (await read<FlowPage>(gate, "flows/raw?range=1h")).marks;
  assert.deepEqual(
    marks.filter(({ kind }) => kind === "deploy"),
    [],
  );
});

test("a form of another site cannot make a change: only JSON is read", async () => {
  const answer = await change(
    gate,
    "deployments",
    { ...person.headers, "content-type": "text/plain" },
    { version: "1" },
  );
  assert.equal(problemCode(answer), "CONSOLE_REQUEST_INVALID");
});

test("the cookie is for this host's console alone, and no script or other site gets at it", async () => {
  const body = JSON.stringify({ token: await operatorToken(gate) });
  const headers = { "content-type": "application/json" };
  const answer = await ask(gate.operatorOrigin, {
    method: "POST",
    path: "/api/console/session",
    headers,
    body,
  });
  const [cookie = ""] = answer.headers["set-cookie"] ?? [];
  assert.match(cookie, /^sluicegate_console=[\w-]{43}; Path=\/api\/console; HttpOnly; SameSite=Strict$/);
  assert.equal(answer.headers["cache-control"], "no-store");
});

test("after signing out the session is worth nothing", async () => {
  const other = await signIn(gate);
  const out = await ask(gate.operatorOrigin, {
    method: "DELETE",
    path: "/api/console/session",
    headers: other.headers,
  });
  assert.equal(json<Session>(out).mayChange, false);
  assert.match(out.headers["set-cookie"]?.[0] ?? "", /Max-Age=0/);
  assert.equal((await change(gate, "deployments", other.headers, { version: "1" })).status, 401);
});

test("the link of `sluicegate console` signs in, once", async () => {
  const { exitCode, out } = await gate.run("console", "--json");
  assert.equal(exitCode, 0);
  const { link } = JSON.parse(out) as { link: string };
  const path = new URL(link).pathname;
  const head = await ask(gate.operatorOrigin, { method: "HEAD", path });
  assert.equal(head.status, 405, "whoever only looks does not use it up");
  const first = await asked(path);
  assert.deepEqual([first.status, first.headers.location], [303, "/"]);
  const session = json<Session>(await asked("/api/console/session", { cookie: cookieOf(first) }));
  assert.equal(session.mayChange, true);
  assert.equal(problemCode(await asked(path)), "CONSOLE_LINK_USED");
  assert.equal((await change(gate, "sign-in-codes", {})).status, 401);
});

test("`sluicegate console` says where it is, in words", async () => {
  const { exitCode, out } = await gate.run("console");
  assert.equal(exitCode, 0);
  assert.match(out, new RegExp(`^The console: ${gate.operatorOrigin}/\n`));
  assert.match(out, /it is good once, for five minutes/);
});

// What is told

test("the page comes with a strict policy, and deep links give it, too", async () => {
  for (const path of ["/", "/flows/raw", "/held", "/requests/abc"]) {
    const { status, headers } = await asked(path);
    assert.equal(status, 200, path);
    assert.match(headers["content-type"] ?? "", /^text\/html/);
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'/);
    assert.equal(headers["x-content-type-options"], "nosniff");
  }
  const etag = String((await asked("/")).headers.etag);
  assert.equal((await asked("/", { "if-none-match": etag })).status, 304);
});

test("test uploads go through the flow that asks for them, and leave nothing behind", async () => {
  await until(front, (page) => /took a test upload/.test(answerTo(page, "up").sentence), "a test upload");
  const { sentence, condition } = answerTo(await front(), "up");
  assert.equal(condition, "good");
  assert.match(sentence, /^1 of 3 flows took a test upload \(the others have no probe\), /);
  assert.ok(service.taken >= 1);
  await until(
    async () => service.stored.size,
    (left) => left === 0,
    "nothing is left",
  );
});

test("a test upload that fails is told at once, with why", async () => {
  service.mood = "fail";
  const page = await until(front, (seen) => answerTo(seen, "up").condition === "bad", "the failure is told");
  const { word, sentence, link } = answerTo(page, "up");
  assert.deepEqual([word, link], ["No", "/flows/watched"]);
  assert.match(sentence, /^The last test upload did not pass \(watched just now: it got 500/);
  assert.equal(page.flows.find(({ name }) => name === "watched")?.word, "Test upload failed");
  service.mood = "well";
  await until(front, (seen) => answerTo(seen, "up").word === "Yes", "it is well again");
});

test("a request is followed from the flow's page to its own", async () => {
  service.mood = "fail";
  const requestId = "console-test-0001";
  await upload("/raw/a.bin", { "x-request-id": requestId });
  service.mood = "well";
  await upload("/raw/b.bin");
  const page = await until(
    () => read<FlowPage>(gate, "flows/raw?range=1h"),
    ({ failing, row }) => failing.length > 0 && row.requests >= 2,
    "the failed request is kept",
  );
  assert.equal(page.failing.find((row) => row.requestId === requestId)?.outcome, "failed");
  assert.deepEqual(
    page.charts.map(({ name }) => name),
    ["time", "failures", "cache", "database"],
  );
  for (const { lines } of page.charts) {
    assert.ok(lines.every(({ values }) => values.length === page.charts[0]?.lines[0]?.values.length));
  }
  assert.equal(page.commands.verify, "sluicegate check raw");
  const request = await read<RequestPage>(gate, `requests/${requestId}`);
  assert.equal(request.row.status, 500);
  assert.ok(request.steps.length > 1);
  assert.ok(request.facts.some(({ label, value }) => label === "Service's status" && value === "500"));
  const byUpload = await read<RequestPage>(gate, `requests/${request.uploadId}`);
  assert.equal(byUpload.row.requestId, requestId);
  const { requests } = await read<{ requests: RequestRow[] }>(
    gate,
    "requests?flow=raw&because=failed&limit=1",
  );
  assert.deepEqual(
    requests.map((row) => row.requestId),
    [requestId],
  );
});

test("jobs of a service that tells of them are told", async () => {
  assert.match(answerTo(await front(), "jobs").sentence, /All 120 jobs in the last hour went well/);
});

test("a change record is shown as it lies in the flow's folder", async () => {
  const folder = join(gate.folder, "flows/raw/changes");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "0001-join.md"), "no front matter, and still readable\n");
  const { changes } = await read<FlowPage>(gate, "flows/raw?range=1h");
  assert.deepEqual(
    changes.map(({ name, word, link }) => [name, word, link]),
    [["0001-join", "unreadable", "/flows/raw/changes/0001-join"]],
  );
  const page = await read<DocumentPage>(gate, "documents/raw/change/0001-join");
  assert.equal(page.markdown, "no front matter, and still readable\n");
});

test("names that lead elsewhere, or nowhere, are not known", async () => {
  const unknown = [
    "flows/nothing",
    "flows/..%2f..%2fetc",
    "flows/__proto__",
    "requests/nothing",
    "requests/%00",
    `requests/${"x".repeat(5000)}`,
    "documents/raw/change/..%2f..%2fflow",
    "documents/raw/change/..%2f..%2f..%2fsluicegate",
    "documents/raw/secret/0001-join",
    "documents/..%2f..%2fdata/change/operator",
    "documents/raw/change/0001-join.md",
    "nothing",
    "flows/raw/nothing",
    "flows/",
  ];
  for (const path of unknown) {
    const answer = await asked(`/api/console/${path}`);
    assert.deepEqual([answer.status, problemCode(answer)], [404, "CONSOLE_UNKNOWN"], path);
  }
  for (const path of ["/nothing", "/assets/x/main.js", "/__proto__", "/constructor", "/toString"]) {
    assert.deepEqual(problemCode(await asked(path)), "ROUTE_UNKNOWN", path);
  }
});

test("what cannot be read is refused in words", async () => {
  for (const path of [
    "flows/raw?range=2h",
    "flows/raw?range=constructor",
    "requests?because=x",
    "requests?limit=-1",
    "requests?before=x",
    "flows/%ff",
  ]) {
    const answer = await asked(`/api/console/${path}`);
    assert.deepEqual([answer.status, problemCode(answer)], [400, "CONSOLE_REQUEST_INVALID"], path);
  }
  const put = await ask(gate.operatorOrigin, { method: "PUT", path: "/api/console/front", body: "" });
  assert.equal(problemCode(put), "METHOD_NOT_ALLOWED");
});

// What a person decides

test("an upload that may have arrived is tried again only when a person says that it may double", async () => {
  const id = await undeliverable();
  const { uploads } = await read<{ uploads: HeldUpload[] }>(gate, "held");
  const held = uploads.find((one) => one.id === id);
  assert.deepEqual([held?.flow, held?.mayHaveArrived, held?.actions], ["raw", true, ["retry", "give-up"]]);
  assert.match(held?.sentence ?? "", /^It waits for you: the service may have it already/);
  await until(front, (page) => /wait/.test(answerTo(page, "jobs").word), "it is on the front page");
  const doubtful = await change(gate, `held/${id}/decide`, person.headers, { action: "retry" });
  assert.deepEqual([doubtful.status, problemCode(doubtful)], [409, "CONSOLE_DECISION_CONFLICT"]);
  const taken = service.taken;
  const retried = await change(gate, `held/${id}/decide`, person.headers, {
    action: "retry",
    mayDouble: true,
  });
  assert.equal(json<{ sentence: string }>(retried).sentence, "The upload is tried again now. Try number 2.");
  await until(
    async () => (await gate.uploads()).find((one) => one.id === id)?.state,
    (state) => state === "delivered",
    "delivered",
  );
  assert.ok(service.taken > taken);
  const late = await change(gate, `held/${id}/decide`, person.headers, { action: "retry", mayDouble: true });
  assert.equal(problemCode(late), "CONSOLE_DECISION_CONFLICT");
});

test("an upload is given up with a reason, which the audit keeps", async () => {
  const id = await undeliverable();
  const reason = "the service has it";
  const answer = await change(gate, `held/${id}/decide`, person.headers, { action: "give-up", reason });
  assert.match(
    json<{ sentence: string }>(answer).sentence,
    /^The upload is given up, and its bytes are removed\./,
  );
  assert.equal((await gate.uploads()).find((one) => one.id === id)?.state, "expired");
  const { out } = await gate.run("audit", "list", "--upload", id, "--json");
  assert.match(out, /"delivery-given-up"/);
  assert.match(out, /the service has it/);
});

test("an action that is none, or an id that is none, changes nothing", async () => {
  const id = await undeliverable();
  for (const body of [{}, { action: "delete" }, { action: ["retry"] }, { action: "retry", reason: 7 }]) {
    const answer = await change(gate, `held/${id}/decide`, person.headers, body);
    assert.equal(problemCode(answer), "CONSOLE_REQUEST_INVALID", JSON.stringify(body));
  }
  for (const other of ["0".repeat(26), "x", "..%2f..", "%00"]) {
    const answer = await change(gate, `held/${other}/decide`, person.headers, { action: "retry" });
    assert.equal(problemCode(answer), "CONSOLE_UNKNOWN", other);
  }
  const { uploads } = await read<{ uploads: HeldUpload[] }>(gate, "held");
  assert.ok(uploads.some((one) => one.id === id));
  await change(gate, `held/${id}/decide`, person.headers, { action: "give-up" });
});

test("a deployment is noted on the time line, in the audit and on the front page", async () => {
  const told = await change(gate, "deployments", person.headers, {
    version: "3c4d",
    flow: "raw",
    note: "join",
  });
  assert.match(json<{ sentence: string }>(told).sentence, /^Noted: version 3c4d is deployed, for raw\./);
  const { marks, deployments } = await read<FlowPage>(gate, "flows/raw?range=1h");
  const mark = marks.find(({ kind }) => kind === "deploy");
  assert.deepEqual([mark?.label, mark?.detail], ["deployed 3c4d", "join"]);
  assert.equal(deployments[0]?.label, "deployed 3c4d");
  const page = await until(
    front,
    (seen) => answerTo(seen, "change").word !== "None",
    "it is on the front page",
  );
  assert.match(answerTo(page, "change").sentence, /^raw: deployed 3c4d, /);
  const { out } = await gate.run("audit", "list", "--json");
  assert.match(out, /"deployment-marked"/);
  const bearer = { authorization: `Bearer ${await operatorToken(gate)}` };
  assert.equal((await change(gate, "deployments", bearer, { version: "3c4e" })).status, 200);
  for (const body of [{}, { version: "" }, { version: "x".repeat(65) }, { version: "a\nb" }, { version: 7 }])
    assert.equal(problemCode(await change(gate, "deployments", bearer, body)), "CONSOLE_REQUEST_INVALID");
  const nowhere = await change(gate, "deployments", bearer, { version: "1", flow: "nothing" });
  assert.equal(problemCode(nowhere), "CONSOLE_UNKNOWN");
});

test("verify now runs the checks as the command does, shows the result and keeps it", async () => {
  const [answer, second] = await Promise.all([
    change(gate, "flows/raw/verify", person.headers),
    change(gate, "flows/raw/verify", person.headers),
  ]);
  const [done, busy] = answer.status === 200 ? [answer, second] : [second, answer];
  assert.equal(problemCode(busy), "CONSOLE_BUSY");
  const { sentence } = json<{ sentence: string }>(done);
  assert.match(sentence, /^raw keeps /);
  const { row } = await read<FlowPage>(gate, "flows/raw?range=1h");
  assert.deepEqual([row.lastCheck?.sentence, row.lastCheck?.condition], [sentence, "good"]);
  const profile = await change(gate, "flows/raw/verify", person.headers, { profile: "staging" });
  assert.equal(problemCode(profile), "CONSOLE_REQUEST_INVALID");
});

// Events

test("an open page hears of what changes", async () => {
  const reader = await EventReader.open(gate);
  assert.equal(reader.incoming.headers["content-type"], "text/event-stream");
  const first = await reader.untilFront<FrontPage>(() => true);
  assert.equal(first.answers.length, 4);
  const id = await undeliverable();
  await reader.untilFront<FrontPage>(({ held }) => held > first.held);
  await change(gate, `held/${id}/decide`, person.headers, { action: "give-up" });
  reader.incoming.destroy();
});

// Last, since they end or shut out.

test("after a few wrong tokens the page's sign-in is shut for a while; commands and links are not", async () => {
  const headers = { "content-type": "application/json" };
  const tries = async (token: string) =>
    ask(gate.operatorOrigin, {
      method: "POST",
      path: "/api/console/session",
      headers,
      body: JSON.stringify({ token }),
    });
  for (let count = 0; count < 5; count += 1)
    assert.equal(problemCode(await tries("guessed")), "OPERATOR_TOKEN_INVALID");
  const shut = await tries(await operatorToken(gate));
  assert.deepEqual([shut.status, problemCode(shut)], [429, "CONSOLE_TRIES_EXCEEDED"]);
  assert.ok(Number(shut.headers["retry-after"]) > 0);
  assert.equal((await gate.run("console")).exitCode, 0);
});

test("neither open pages nor a check that runs hold a stop", async () => {
  const readers = await Promise.all([EventReader.open(gate), EventReader.open(gate)]);
  for (const reader of readers) await reader.untilFront<FrontPage>(() => true);
  const checked = change(gate, "flows/watched/verify", person.headers, { profile: "ci" }).catch(() => null);
  await until(
    async () => (await gate.run("audit", "list", "--limit", "1000")).out,
    (out) => /check-started.*profile=ci/.test(out),
    "the check runs",
  );
  const startedAt = performance.now();
  gate.signal("SIGTERM");
  await Promise.all([gate.ended(), ...readers.map(({ ended }) => ended)]);
  assert.equal(gate.exitCode(), 0);
  assert.ok(performance.now() - startedAt < 8000, `${Math.round(performance.now() - startedAt)} ms`);
  await checked;
});
