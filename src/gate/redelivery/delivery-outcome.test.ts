import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { connectUpstream } from "../../upstream/connect-upstream.ts";
import { asGateError } from "../refusal.ts";
import { errorText, mayHaveArrived, meaningOf, outcomeOfError, stepAfter } from "./delivery-outcome.ts";

async function listen(t: TestContext, answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    answer(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The error of sending a request with a body there. */
async function errorOf(t: TestContext, url: string): Promise<GateError> {
  const upstream = connectUpstream({ name: "service", url, timeoutMs: 300 });
  t.after(() => upstream.close());
  const body = (async function* () {
    yield Buffer.from("hello");
  })();
  const request = { method: "POST", target: "/", headers: [], body, bodyBytes: 5 };
  const answer = await upstream.request(request, { bodyBytesMax: 0 }).catch(asGateError);
  assert.ok(answer instanceof GateError);
  return answer;
}

test("a service that nobody listens for has nothing", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  for (const host of ["127.0.0.1", "localhost"]) {
    const error = await errorOf(t, `http://${host}:${port}`);
    assert.equal(outcomeOfError(error), "absent", host);
    assert.match(errorText(error), /^UPSTREAM_UNREACHABLE: /);
    assert.equal(mayHaveArrived([{ status: null, error: errorText(error) }]), false);
  }
});

test("a service that was connected may have it, however the connection ends", async (t) => {
  const endings: Readonly<Record<string, (socket: Socket) => void>> = {
    "closed at once": (socket) => socket.end(),
    reset: (socket) => socket.once("data", () => socket.resetAndDestroy()),
    "closed after the request": (socket) => socket.once("data", () => socket.end()),
    rubbish: (socket) => socket.once("data", () => socket.end("this is no HTTP")),
    silence: (socket) => socket.resume(),
  };
  for (const [name, ending] of Object.entries(endings)) {
    const error = await errorOf(t, await listen(t, ending));
    assert.equal(outcomeOfError(error), "unknown", name);
    assert.match(errorText(error), /^UPSTREAM_(ANSWER_INVALID|TIMEOUT): /, name);
    assert.equal(mayHaveArrived([{ status: null, error: errorText(error) }]), true, name);
  }
});

test("what fails on our own side before the last byte leaves the service without a whole upload", () => {
  for (const code of ["RECEIPT_KEY_UNAVAILABLE", "STORAGE_READ_FAILED", "STORAGE_OBJECT_MISSING"] as const)
    assert.equal(outcomeOfError(new GateError(code)), "absent");
  assert.equal(outcomeOfError(new GateError("GATE_FAILED")), "unknown");
  assert.equal(outcomeOfError(new GateError("GATE_STOPPING")), "unknown");
});

test("a try without an end may have arrived; one that was answered has not, whatever the answer", () => {
  assert.equal(mayHaveArrived([{ status: null, error: null }]), true);
  assert.equal(
    mayHaveArrived([
      { status: 500, error: null },
      { status: 401, error: "the service answered 401" },
    ]),
    false,
  );
});

test("each outcome has its word in the flow", () => {
  const failure = { upstreamError: "pass", retryForMs: 1, storageFull: "refuse" } as const;
  const step = (upstreamDown: "refuse" | "retry", upstreamUnknown: "keep" | "retry") =>
    (["absent", "unknown"] as const).map((outcome) =>
      stepAfter({ ...failure, upstreamDown, upstreamUnknown }, outcome),
    );
  assert.deepEqual(step("refuse", "keep"), ["refuse", "keep"]);
  assert.deepEqual(step("retry", "keep"), ["retry", "keep"]);
  assert.deepEqual(step("refuse", "retry"), ["refuse", "retry"]);
});

test("statuses are taken, refused, or failed this time", () => {
  const meanings = [200, 201, 303, 400, 422, 499, 500, 501, 503].map(meaningOf);
  assert.deepEqual(meanings, [
    "taken",
    "taken",
    "taken",
    "refused",
    "refused",
    "refused",
    "failed",
    "refused",
    "failed",
  ]);
});
