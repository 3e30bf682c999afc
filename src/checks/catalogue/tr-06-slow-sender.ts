import type { Check, CheckCase, Probe, ProbeStep, Refusal, Target } from "../check.ts";
import { refuses } from "../define-case.ts";
import { controlRequest } from "../payloads/upload.ts";
import { headBytes } from "../payloads/upload-request.ts";

const IDLE_MS_MAX = 3000;
/** Of each of the eight cases: 16 connections together. */
const COPIES = 2;

function hasShortIdleTime({ idleMs }: Target): true | string {
  if (idleMs === null) return "the route promises no idle time";
  return idleMs <= IDLE_MS_MAX || `the idle time of ${idleMs} ms is too long to wait for`;
}

/** The statuses are what a server may say before it closes; most just close. */
const letGo: Refusal = {
  statuses: [400, 408],
  gateCodes: ["REQUEST_TIMEOUT"],
  closes: true,
  mayJustClose: true,
  withinMs: 2 * IDLE_MS_MAX,
};

/** Sends `sent(bytes of the whole request)`, then keeps the connection open and silent. */
function stalling(name: string, upTo: (headBytes: number, allBytes: number) => number): CheckCase {
  return refuses(
    name,
    (target): Probe => {
      const request = controlRequest(target);
      const head = headBytes(request);
      const all = Buffer.concat([head, request.body]);
      const sent = all.subarray(0, upTo(head.length, all.length));
      return { content: request.content, steps: () => [sent, { pauseMs: 2 * (target.idleMs ?? 0) + 1000 }] };
    },
    letGo,
    { appliesTo: hasShortIdleTime, copies: COPIES },
  );
}

/** One byte at a time after `from(head, all)`; slower than any honest connection, and often enough to seem alive. */
function dripping(
  name: string,
  from: (headBytes: number) => number,
  everyMs: (idleMs: number) => number,
): CheckCase {
  return refuses(
    name,
    (target): Probe => {
      const request = controlRequest(target);
      const head = headBytes(request);
      const all = Buffer.concat([head, request.body]);
      const start = from(head.length);
      const pauseMs = everyMs(target.idleMs ?? 0);
      return {
        content: request.content,
        steps: function* () {
          yield all.subarray(0, start);
          yield* drops(all.subarray(start), pauseMs);
        },
      };
    },
    letGo,
    { appliesTo: hasShortIdleTime, copies: COPIES },
  );
}

function* drops(bytes: Uint8Array, pauseMs: number): Iterable<ProbeStep> {
  for (const byte of bytes) {
    yield { pauseMs };
    yield Uint8Array.of(byte);
  }
}

/** UPL-TR-06: clients that hold connections and send next to nothing. */
export const slowSender: Check = {
  id: "UPL-TR-06",
  title: "A client that stops sending is let go in the stated time, and others are served meanwhile",
  why: "A few hundred connections that never finish are enough to take a server without a time limit out of service.",
  standards: ["v5.0.0-15.2.2", "CWE-400"],
  flags: ["b"],
  remedy: {
    fastapi:
      "uvicorn has no deadline for bodies: wrap reading in `asyncio.timeout`, or let a proxy gather requests (nginx `client_body_timeout`, `client_header_timeout`).",
    django:
      "Sync gunicorn workers are held by one slow sender each: put a gathering proxy in front, or use `--worker-class gthread` and a proxy's `client_body_timeout`.",
    flask:
      "As with Django: waitress gathers requests before a thread is used; gunicorn's sync workers need a gathering proxy.",
    gate: "`limits.idle: 60s` and `limits.min-rate` in sluicegate.yaml: who sends nothing, or too slowly, is let go with 408.",
  },
  cases: [
    stalling("the request line never ends", () => 9),
    stalling("the headers never end", (head) => head - 2),
    stalling("no body comes", (head) => head),
    stalling("the body stops in the middle", (head, all) => Math.floor((head + all) / 2)),
    stalling("the last byte never comes", (_, all) => all - 1),
    dripping(
      "one byte of the body at a time, each too late",
      (head) => head,
      (idleMs) => 2 * idleMs,
    ),
    dripping(
      "one byte of the body at a time, each just in time",
      (head) => head,
      (idleMs) => idleMs / 3,
    ),
    dripping(
      "one byte of the headers at a time, each just in time",
      () => 9,
      (idleMs) => idleMs / 3,
    ),
  ],
};
