/**
 * Requests that the history has kept one by one, as rows and as a page of their own.
 */
import { ERROR_CODES, isErrorCode } from "../../problems/error-code.ts";
import type { UploadRecord } from "../../records/records.ts";
import type { KeptRequest } from "../../signals/history/history.ts";
import type { RequestPage, RequestRow } from "../console-api.ts";
import { sayDuration, sayNumber } from "../say-figures.ts";

/** In the order of the way of the data. What the service says of its database is taken out of its own time, so that the parts add up. */
const SPANS = ["permit", "recv", "inspect", "store", "app"] as const;

export function makeRequestRow(kept: KeptRequest): RequestRow {
  const { requestId, atMs, flow, method, path, status, outcome, code, durationMs, keptBecause } = kept;
  return {
    requestId,
    atMs,
    flow,
    method,
    path,
    status,
    outcome,
    code,
    durationMs,
    spans: spansOf(kept),
    because: keptBecause,
  };
}

function spansOf({ timings, service }: KeptRequest): RequestRow["spans"] {
  const databaseMs = service?.databaseMs ?? 0;
  const own = SPANS.flatMap((name) => {
    const ms = timings[name];
    if (ms === undefined) return [];
    return [{ name, ms: name === "app" ? Math.max(ms - databaseMs, 0) : ms }];
  });
  return databaseMs > 0 ? [...own, { name: "db", ms: databaseMs }] : own;
}

/** @param upload its record, where it has one that is not forgotten yet */
export function makeRequestPage(kept: KeptRequest, upload: UploadRecord | null): RequestPage {
  return {
    row: makeRequestRow(kept),
    facts: factsOf(kept, upload),
    uploadId: kept.uploadId,
    steps: upload === null ? [] : stepsOf(upload),
    explanation: explain(kept, upload),
    traceId: kept.traceId,
  };
}

const OUTCOMES: Readonly<Record<KeptRequest["outcome"], string>> = {
  accepted: "accepted",
  refused: "refused, as the flow promises",
  wrong: "answered with success, but not as the flow promises",
  failed: "failed",
  aborted: "broken off by the client",
  passed: "passed by; no flow says anything of it",
};

const BECAUSE: Readonly<Record<KeptRequest["keptBecause"], string>> = {
  failed: "it went wrong",
  refused: "it was refused",
  slow: "it was among the slowest",
  sample: "as one of a sample",
};

function factsOf(kept: KeptRequest, upload: UploadRecord | null): RequestPage["facts"] {
  const { service } = kept;
  const facts: readonly (readonly [string, string | null])[] = [
    ["Time", `${new Date(kept.atMs).toISOString().slice(0, 23).replace("T", " ")} UTC`],
    ["Request", `${kept.method} ${kept.path}`],
    ["Answer", String(kept.status)],
    ["Outcome", OUTCOMES[kept.outcome]],
    ["Code", kept.code],
    ["Took", sayDuration(kept.durationMs)],
    ["Flow", kept.flow],
    ["Mode", kept.mode],
    ["Sent", `${sayNumber(kept.bytesIn)} bytes`],
    ["Answered", `${sayNumber(kept.bytesOut)} bytes`],
    ["Declared type", kept.contentType],
    ["Verified type", kept.fileType],
    ["Client", kept.client],
    ["Principal", upload?.principal ?? null],
    ["Service's status", text(service?.status)],
    ["Service's time", service?.appMs == null ? null : sayDuration(service.appMs)],
    ["Database calls", text(service?.databaseCalls)],
    ["Database time", service?.databaseMs == null ? null : sayDuration(service.databaseMs)],
    ["Cache", service === null || service.cache === "unknown" ? null : service.cache],
    ["Service's version", service?.version ?? null],
    ["Upload", kept.uploadId],
    ["Request id", kept.requestId],
    ["Trace id", kept.traceId],
    ["Kept because", BECAUSE[kept.keptBecause]],
  ];
  return facts.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]));
}

const text = (value: number | null | undefined): string | null => (value == null ? null : String(value));

/** States in the words of a person who asks "what became of it?". */
const STEPS: Readonly<Record<string, string>> = {
  receiving: "The first bytes came.",
  received: "All of it had come, was counted and hashed.",
  inspecting: "What it is was looked at.",
  accepted: "It was accepted.",
  released: "It was released from quarantine.",
  delivered: "The service took it.",
  aborted: "It was broken off.",
  expired: "It ended without being delivered.",
  rejected: "It was refused.",
  held: "It was held for a decision.",
  undeliverable: "The service could not be told of it; it is kept.",
  observed: "It went on to the service untouched; what the gate would have done was noted.",
};

function stepsOf({ startedAtMs, moves, deliveries }: UploadRecord): RequestPage["steps"] {
  const begun = { atMs: startedAtMs, sentence: STEPS.receiving ?? "" };
  const moved = moves.map(({ to, atMs, note }) => ({
    atMs,
    sentence: sayStep(STEPS[to] ?? to, note),
  }));
  const tried = deliveries.map(({ attempt, startedAtMs: atMs, status, error }) => ({
    atMs,
    sentence: `Try ${attempt} to tell the service: ${error ?? (status === null ? "no answer yet" : `it answered ${status}`)}.`,
  }));
  return [begun, ...moved, ...tried].toSorted((a, b) => a.atMs - b.atMs);
}

/** `It was refused: FILE_TOO_LARGE: …`. */
const sayStep = (sentence: string, note: string | undefined): string =>
  note === undefined ? sentence : `${sentence.replace(/\.$/, "")}: ${note.replace(/\.$/, "")}.`;

function refusalSentence({ message, expected, seen }: NonNullable<UploadRecord["refusal"]>): string {
  const compared = expected === null || seen === null ? "" : ` Expected ${expected}; seen ${seen}.`;
  return `${message.replace(/\.$/, "")}.${compared}`;
}

function explain({ code }: KeptRequest, upload: UploadRecord | null): RequestPage["explanation"] {
  if (code === null) return null;
  if (!isErrorCode(code)) return null;
  const { title, meaning, remedy } = ERROR_CODES[code];
  const own = upload?.refusal?.code === code ? refusalSentence(upload.refusal) : meaning;
  return { code, title, sentence: own, remedy };
}
