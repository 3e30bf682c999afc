/**
 * The schema of `failure`: one promise for each thing that can fail; what it becomes and what it says.
 *
 * What hangs together across keys is looked at by `failure-consistency.ts`.
 */
import type { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../problems/error-code.ts";
import { formatDuration } from "../setup/duration.ts";
import { durationIn } from "../setup/ranges.ts";
import { group, notBuilt, word } from "../setup/schema.ts";
import type { Flow, FlowFailure } from "./flow.ts";

const DAY_MS = 86_400_000;

const KEPT = "The upload is kept and tried again with growing pauses; the client gets a 202.";

/** Keys that may say `retry`. */
export const RETRY_KEYS = ["upstream-down", "upstream-unknown", "upstream-error"] as const;

/** `failure`, key by key. */
export const failureSchema = group(
  {
    "scanner-down": notBuilt("remove it; there is no malware scan that could be down."),
    "upstream-down": word<FlowFailure["upstreamDown"]>(
      "What happens while the service cannot be reached; refuse where left out.",
      { built: { refuse: "The client is told to try again later.", retry: KEPT } },
    ).optional(),
    "upstream-unknown": word<FlowFailure["upstreamUnknown"]>(
      "What happens when the exchange broke off and the service may have the upload; keep where left out.",
      {
        built: {
          keep: "The upload is kept until a person decides.",
          retry: "It is sent again with the same upload id, by which the service knows what it has already.",
        },
      },
    ).optional(),
    "upstream-error": word<FlowFailure["upstreamError"]>(
      "What happens when the service answers 5xx, other than 501 (not implemented), which no retry mends; pass where left out.",
      { built: { pass: "The client gets that answer.", retry: KEPT } },
    ).optional(),
    "retry-for": durationIn({
      description: "For how long a delivery is tried again before it waits for a person; 24h where left out.",
      min: 60_000,
      max: 30 * DAY_MS,
      example: "24h",
    }).optional(),
    "storage-full": word<FlowFailure["storageFull"]>("What happens when the disk is full.", {
      built: { refuse: "The client is told to try again later." },
    }).optional(),
  },
  "write { upstream-down: refuse }, or remove it.",
  "What happens when something fails.",
);

/** From what is written to what the gate goes by. */
export function buildFailure(written: z.output<typeof failureSchema> | undefined): FlowFailure {
  return {
    upstreamDown: written?.["upstream-down"] ?? "refuse",
    upstreamUnknown: written?.["upstream-unknown"] ?? "keep",
    upstreamError: written?.["upstream-error"] ?? "pass",
    retryForMs: written?.["retry-for"] ?? DAY_MS,
    storageFull: written?.["storage-full"] ?? "refuse",
  };
}

/** Whether a delivery of the flow may be tried again by itself. */
export function retriesDeliveries({ upstreamDown, upstreamUnknown, upstreamError }: FlowFailure): boolean {
  return [upstreamDown, upstreamUnknown, upstreamError].includes("retry");
}

/** What each failure does, in sentences. */
export function failureSentences(flow: Flow): string[] {
  const { failure } = flow;
  return [
    `The service cannot be reached: ${absentWords(failure, "UPSTREAM_UNREACHABLE")}`,
    `The exchange breaks off, so that the service may have the upload: ${unknownWords(failure)}`,
    failure.upstreamError === "retry"
      ? `The service answers 5xx, other than 501: ${KEPT_WORDS}`
      : "The service answers 5xx: the client gets that answer, and nothing is kept.",
    ...(retriesDeliveries(failure) ? [retryForSentence(failure)] : []),
    `The disk is full: ${refusedWith("STORAGE_FULL")}`,
    `The disk cannot be written or read: ${refusedWith("STORAGE_WRITE_FAILED")}`,
    `The records cannot be written: ${refusedWith("RECORDS_UNAVAILABLE")}`,
    ...callerSentences(flow),
    ...(flow.deliver === "receipt"
      ? [`The key for receipts cannot be read: ${absentWords(failure, "RECEIPT_KEY_UNAVAILABLE")}`]
      : []),
  ];
}

const KEPT_WORDS = "the upload is kept and tried again, and the client gets 202.";

/** The service surely has nothing of the upload. */
function absentWords({ upstreamDown }: FlowFailure, code: ErrorCode): string {
  return upstreamDown === "retry" ? KEPT_WORDS : refusedWith(code);
}

function unknownWords({ upstreamUnknown }: FlowFailure): string {
  return upstreamUnknown === "retry"
    ? "it is sent again with the same upload id, by which the service knows what it has already, and the client gets 202."
    : `the client gets ${coded("UPSTREAM_TIMEOUT")} or ${coded("UPSTREAM_ANSWER_INVALID")}, and the upload is kept until a person decides (sluicegate deliveries).`;
}

function retryForSentence({ retryForMs }: FlowFailure): string {
  return `Tries go on for ${formatDuration(retryForMs)}, with growing pauses; then the delivery waits for a person (sluicegate deliveries).`;
}

function callerSentences({ permissions }: Flow): string[] {
  if (permissions.caller === "jwt" || permissions.caller === "grant") {
    return [
      `The keys that signatures are checked with cannot be fetched or read: ${refusedWith("PERMISSION_UNAVAILABLE")}`,
    ];
  }
  return permissions.caller === "upstream"
    ? [`The service cannot be asked who may send: ${refusedWith("PERMISSION_UNAVAILABLE")}`]
    : [];
}

function refusedWith(code: ErrorCode): string {
  return `the client gets ${coded(code)} and may try again later.`;
}

function coded(code: ErrorCode): string {
  return `${ERROR_CODES[code].status} ${code}`;
}
