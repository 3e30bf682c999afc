import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { flowWith, isCode, requestWith } from "../../../test/permissions/minted-by-hand.ts";
import { openUpstreams, startRawService, startService } from "../../../test/upstream/relay-gate.ts";
import { GateError } from "../../problems/gate-error.ts";
import { connectUpstream } from "../../upstream/connect-upstream.ts";
import type { CallerCheck } from "../caller.ts";
import { upstreamCaller } from "./upstream.ts";

const flow = flowWith({ caller: "upstream", askPath: "/internal/may-upload" });

type Answer = (res: ServerResponse, req: IncomingMessage) => void;

function callerAt(url: string, timeoutMs = 10_000): CallerCheck {
  const upstream = connectUpstream({ name: "service", url, timeoutMs });
  openUpstreams.add(upstream);
  return upstreamCaller(new Map([["service", upstream]]));
}

/** A service that gives these answers, the last one again and again; and the questions that it has heard. */
async function asking(
  ...answers: readonly Answer[]
): Promise<{ check: CallerCheck; heard: IncomingMessage[] }> {
  const heard: IncomingMessage[] = [];
  const url = await startService((req, res) => {
    heard.push(req);
    (answers[heard.length - 1] ?? answers.at(-1))?.(res, req);
  });
  return { check: callerAt(url), heard };
}

const yes =
  (body: unknown, status = 200): Answer =>
  (res) =>
    res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

const answer =
  (status: number, headers: Readonly<Record<string, string | readonly string[]>> = {}, body = ""): Answer =>
  (res) =>
    res.writeHead(status, { ...headers } as Record<string, string | string[]>).end(body);

const shown = requestWith(["Authorization", "Bearer of-the-service"]);

/** The error of asking once. */
async function refusal(given: Answer, request = shown): Promise<GateError> {
  const { check } = await asking(given);
  const error: unknown = await check.admit(flow, request).catch((reason: unknown) => reason);
  assert.ok(error instanceof GateError, "it was admitted");
  return error;
}

const causeOf = (error: GateError): string => String((error.cause as Error | undefined)?.message);

test("a yes names the principal, and may narrow what is taken", async () => {
  const sha256 = "0f".repeat(32);
  const { check } = await asking(
    yes({ principal: "Zoë ✓ 7" }),
    yes({ principal: "7", max_bytes: 1000, max_files: 2, types: ["image/png"], sha256 }, 201),
    yes({ principal: "7", max_bytes: null, types: null }),
  );
  const plain = await check.admit(flow, shown);
  assert.equal(plain.principal, "Zoë ✓ 7");
  assert.equal(plain.narrowing, null);
  assert.equal(plain.grant, null);
  assert.equal(plain.consumedHeaders, undefined);
  const { narrowing } = await check.admit(flow, shown);
  assert.deepEqual(narrowing, { fileBytesMax: 1000, filesMax: 2, types: ["image/png"], sha256 });
  assert.equal((await check.admit(flow, shown)).narrowing, null);
});

test("a yes may be said in headers, without a body", async () => {
  const { check } = await asking(
    answer(204, {
      "Sluicegate-Principal": "Zo%C3%AB 7",
      "sluicegate-max-bytes": "1000",
      "Sluicegate-Max-Files": "2",
      "Sluicegate-Types": "image/png, image/jpeg",
    }),
    answer(200, { "Sluicegate-Principal": "7", "content-type": "text/plain" }, "welcome"),
  );
  const { principal, narrowing } = await check.admit(flow, shown);
  assert.equal(principal, "Zoë 7");
  assert.deepEqual(narrowing, {
    fileBytesMax: 1000,
    filesMax: 2,
    types: ["image/png", "image/jpeg"],
    sha256: null,
  });
  assert.equal((await check.admit(flow, shown)).principal, "7");
});

test("headers and body complete each other, and must not contradict each other", async () => {
  const both = (bytes: number): Answer =>
    answer(
      200,
      {
        "Sluicegate-Principal": "7",
        "Sluicegate-Max-Bytes": "5",
        "Content-Type": "application/json; charset=utf-8",
      },
      JSON.stringify({ max_bytes: bytes, max_files: 1 }),
    );
  const { check } = await asking(both(5));
  const { narrowing } = await check.admit(flow, shown);
  assert.deepEqual(narrowing, { fileBytesMax: 5, filesMax: 1, types: null, sha256: null });
  const error = await refusal(both(6));
  assert.equal(error.code, "PERMISSION_UNAVAILABLE");
  assert.match(causeOf(error), /another max_bytes/);
});

test("a yes that is not understood lets nothing in, and the log says why", async () => {
  const json = { "content-type": "application/json" };
  const cases: readonly (readonly [Answer, RegExp])[] = [
    [yes({}), /does not say who sends/],
    [answer(204), /does not say who sends/],
    [answer(200, { "content-type": "text/html" }, "<h1>Log in</h1>"), /does not say who sends/],
    [answer(200, { "content-type": "text/plain" }, '{"principal":"7"}'), /does not say who sends/],
    [yes({ principal: null, max_bytes: 1 }), /does not say who sends/],
    ...["", " 7", "a\u0000b", "x".repeat(201), 7, {}, ["7"]].map(
      (principal) => [yes({ principal }), /principal is not a text of/] as const,
    ),
    [yes({ principal: "7", max_bytes: "1000" }), /max_bytes is not a whole number/],
    [yes({ principal: "7", max_files: 0 }), /max_files is not/],
    [yes({ principal: "7", types: "image/png" }), /types is not/],
    [yes({ principal: "7", sha256: "00" }), /sha256 is not/],
    [yes({ principal: "7", maxBytes: 1000 }), /a member "maxBytes"/],
    [yes(["7"]), /no JSON object/],
    [yes("7"), /no JSON object/],
    [yes(null), /no JSON object/],
    [answer(200, json, '{"principal":"7"'), /no JSON object/],
    [answer(200, json, '{"principal":"7"}{}'), /no JSON object/],
    [answer(200, json, '{"principal":"7","principal":"8"}'), /says one name twice/],
    [yes({ principal: "7", note: "x".repeat(20_000) }), /more than 16384 bytes/],
    [answer(200, { "Sluicegate-Principal": ["7", "8"] }), /two headers sluicegate-principal/],
    [answer(200, { "Sluicegate-Principal": "%zz" }), /sluicegate-principal cannot be read/],
    [answer(200, { "Sluicegate-Principal": "7", "Sluicegate-Max-Bytes": "-1" }), /max-bytes cannot be read/],
    [answer(200, { "Sluicegate-Principal": "7", "Sluicegate-Max-Bytes": "1e3" }), /max-bytes cannot be read/],
    [answer(200, { "Sluicegate-Principal": "7", "Sluicegate-Maximum": "1" }), /sluicegate-maximum, which/],
    [answer(200, { "Sluicegate-Principal": "7", "Sluicegate-Types": "" }), /types is not/],
  ];
  for (const [given, why] of cases) {
    const error = await refusal(given);
    assert.equal(error.code, "PERMISSION_UNAVAILABLE");
    assert.match(causeOf(error), why);
    assert.match(causeOf(error), /service "service", asked at \/internal\/may-upload for flow avatars/);
    assert.doesNotMatch(error.publicMessage, /internal/);
  }
});

test("the service's 401 is the client's, with the service's own challenge", async () => {
  const basic = await refusal(answer(401, { "WWW-Authenticate": ['Basic realm="a"', "Bearer"] }));
  assert.equal(basic.code, "CREDENTIALS_INVALID");
  assert.equal(basic.details.challenge, 'Basic realm="a", Bearer');
  const bare = await refusal(answer(401), requestWith(["Accept-Language", "de"]));
  assert.equal(bare.code, "CREDENTIALS_MISSING");
  assert.equal(bare.details.challenge, undefined);
  for (const header of ["Cookie", "x-api-key"])
    assert.equal((await refusal(answer(401), requestWith([header, "a=b"]))).code, "CREDENTIALS_INVALID");
});

test("a challenge that could break the answer, or is far too long, does not go on", async () => {
  const unsafe = await startRawService((socket) =>
    socket.end(
      'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="\u00e9\u0001"\r\nContent-Length: 0\r\n\r\n',
    ),
  );
  const error: unknown = await callerAt(unsafe)
    .admit(flow, shown)
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof GateError);
  assert.equal(error.details.challenge, undefined);
  const long = await refusal(answer(401, { "WWW-Authenticate": `Basic realm="${"x".repeat(1000)}"` }));
  assert.equal(long.code, "CREDENTIALS_INVALID");
  assert.equal(long.details.challenge, undefined);
});

test("403 and 404 are a no; everything else is no answer, and no redirect is followed", async () => {
  for (const status of [403, 404]) assert.equal((await refusal(answer(status))).code, "PERMISSION_DENIED");
  const { check, heard } = await asking(answer(302, { location: "/internal/yes" }), yes({ principal: "7" }));
  await assert.rejects(check.admit(flow, shown), isCode("PERMISSION_UNAVAILABLE"));
  assert.equal(heard.length, 1);
  for (const status of [300, 304, 307, 400, 402, 405, 410, 422, 429, 500, 502, 503]) {
    const error = await refusal(answer(status, { "Sluicegate-Principal": "7" }));
    assert.equal(error.code, "PERMISSION_UNAVAILABLE");
    assert.equal(error.retryAfterSeconds, 5);
    assert.match(causeOf(error), new RegExp(`answered ${status}`));
  }
});

test("the service may say when to come back", async () => {
  assert.equal((await refusal(answer(503, { "retry-after": "120" }))).retryAfterSeconds, 120);
  for (const strange of ["-1", "0", "1.5", "soon", "1e9", "999999"])
    assert.equal((await refusal(answer(503, { "retry-after": strange }))).retryAfterSeconds, 5);
});

test("a service that is down, silent, or speaks something else is no answer", async () => {
  const closed = callerAt("http://127.0.0.1:1");
  const silent = callerAt(await startService(() => {}), 50);
  const garbled = callerAt(await startRawService((socket) => socket.end("yes\r\n\r\n")));
  const broken = callerAt(
    await startRawService((socket) =>
      socket.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"principal":"7"}',
      ),
    ),
  );
  for (const check of [closed, silent, garbled, broken]) {
    await assert.rejects(check.admit(flow, shown), isCode("PERMISSION_UNAVAILABLE"));
    await assert.rejects(check.identify(flow, shown), isCode("PERMISSION_UNAVAILABLE"));
  }
});

test("a flow without a service or without a path to ask at lets nothing in", async () => {
  await assert.rejects(upstreamCaller(new Map()).admit(flow, shown), isCode("PERMISSION_UNAVAILABLE"));
  const { check, heard } = await asking(yes({ principal: "7" }));
  const without = flowWith({ caller: "upstream" });
  await assert.rejects(check.admit(without, shown), isCode("PERMISSION_UNAVAILABLE"));
  assert.equal(heard.length, 0);
});

test("the question has the client's headers, what the gate says of the request, and no body", async () => {
  const { check, heard } = await asking(yes({ principal: "7" }));
  const sent = [
    ...["Authorization", "Bearer t", "Cookie", "session=1", "Accept-Language", "de", "X-Csrf-Token", "c"],
    ...[
      "Content-Type",
      "multipart/form-data; boundary=b",
      "Content-Length",
      "77",
      "Content-Disposition",
      "x",
    ],
    ...[
      "Expect",
      "100-continue",
      "Transfer-Encoding",
      "chunked",
      "Connection",
      "keep-alive, X-Hop",
      "X-Hop",
      "1",
    ],
  ];
  const about = {
    path: "/api/avatars",
    target: "/api/avatars?size=large&_method=GET",
    contentLengthBytes: 77,
  };
  await check.admit(flow, requestWith(sent, { ...about, scheme: "https" }));
  const [question] = heard;
  assert.equal(question?.method, "GET");
  assert.equal(question?.url, "/internal/may-upload");
  const { connection, ...headers } = question?.headers ?? {};
  assert.deepEqual(headers, {
    host: "uploads.example.com",
    authorization: "Bearer t",
    cookie: "session=1",
    "accept-language": "de",
    "x-csrf-token": "c",
    accept: "application/json",
    "accept-encoding": "identity",
    "cache-control": "no-cache, no-store",
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-host": "uploads.example.com",
    "x-forwarded-proto": "https",
    "x-request-id": "request-1",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "sluicegate-question": "upload",
    "sluicegate-flow": "avatars",
    "sluicegate-method": "POST",
    "sluicegate-path": "/api/avatars",
    "sluicegate-query": "size=large",
    "sluicegate-content-length": "77",
    "sluicegate-content-type": "multipart/form-data; boundary=b",
  });
});

test("no client can speak with the gate's voice, or turn the question into another one", async () => {
  const { check, heard } = await asking(yes({ principal: "7" }));
  const forged = [
    ...["Sluicegate-Question", "state", "sluicegate-flow", "admin", "Sluicegate_Method", "GET"],
    ...[
      "Sluicegate-Principal",
      "admin",
      "Sluicegate-Content-Length",
      "1",
      "X-HTTP-Method-Override",
      "DELETE",
    ],
    ...[
      "X-Original-URL",
      "/admin",
      "X-Forwarded-For",
      "127.0.0.1",
      "Forwarded",
      "for=127.0.0.1",
      "Remote-User",
      "a",
    ],
    ...[
      "If-None-Match",
      "*",
      "If-Modified-Since",
      "x",
      "If-Match",
      '"a"',
      "Range",
      "bytes=0-0",
      "If-Range",
      '"a"',
    ],
    ...["Accept", "text/html", "Accept-Encoding", "gzip", "Cache-Control", "max-stale", "Pragma", "x"],
    ...["Idempotency-Key", "of-another-request"],
  ];
  await check.admit(flow, requestWith(forged));
  const raw = (heard[0]?.rawHeaders ?? []).map((text) => text.toLowerCase());
  const names = raw.filter((_, at) => at % 2 === 0);
  assert.deepEqual(
    names.toSorted(),
    [
      ...[
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "host",
        "sluicegate-flow",
        "sluicegate-method",
      ],
      ...["sluicegate-path", "sluicegate-question", "traceparent", "x-forwarded-for", "x-forwarded-host"],
      ...["x-forwarded-proto", "x-request-id"],
    ].toSorted(),
  );
  for (const [name, value] of [
    ["sluicegate-question", "upload"],
    ["sluicegate-flow", "avatars"],
    ["sluicegate-method", "post"],
    ["x-forwarded-for", "192.0.2.7"],
    ["accept-encoding", "identity"],
  ] as const)
    assert.equal(raw[raw.indexOf(name) + 1], value);
});

test("before the release the service is asked again; a no then revokes the permission", async () => {
  for (const no of [answer(401), answer(403), answer(404), yes({ principal: "8" })]) {
    const { check, heard } = await asking(yes({ principal: "7" }), yes({ principal: "7" }), no);
    const admission = await check.admit(flow, shown);
    await admission.confirm();
    await assert.rejects(admission.confirm(), isCode("PERMISSION_REVOKED"));
    assert.deepEqual(
      heard.map(({ headers }) => headers["sluicegate-question"]),
      ["upload", "release", "release"],
    );
  }
  const { check } = await asking(yes({ principal: "7" }), answer(500));
  await assert.rejects((await check.admit(flow, shown)).confirm(), isCode("PERMISSION_UNAVAILABLE"));
});

test("a second yes that allows less than the first revokes, and one that allows as much or more does not", async () => {
  const first = { principal: "7", max_bytes: 10, max_files: 2, types: ["image/png", "image/gif"] };
  const again = async (second: object): Promise<void> => {
    const { check } = await asking(yes(first), yes({ principal: "7", ...second }));
    await (await check.admit(flow, shown)).confirm();
  };
  const types = ["image/gif", "image/png", "image/webp"];
  for (const second of [{}, first, { max_bytes: 10 }, { max_files: 3 }, { types }]) await again(second);
  const less = [{ max_bytes: 9 }, { max_files: 1 }, { types: ["image/png"] }, { sha256: "0f".repeat(32) }];
  for (const second of less) await assert.rejects(again(second), isCode("PERMISSION_REVOKED"));
});

test("who asks for the state of an upload is asked for without anything of an upload", async () => {
  const { check, heard } = await asking(yes({ principal: "7", max_bytes: 1 }), answer(403));
  const state = requestWith(["Cookie", "session=1"], { method: "GET", path: "/.sluicegate/uploads/x" });
  assert.equal(await check.identify(flow, state), "7");
  const { headers } = heard[0] ?? {};
  assert.equal(headers?.["sluicegate-question"], "state");
  assert.equal(headers?.["sluicegate-path"], undefined);
  assert.equal(headers?.cookie, "session=1");
  await assert.rejects(check.identify(flow, state), isCode("PERMISSION_DENIED"));
});
