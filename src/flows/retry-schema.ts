/**
 * The schema of `retry`: what becomes of a request that a client sends again; what it becomes and what it says.
 */
import type { z } from "zod";
import { formatDuration } from "../setup/duration.ts";
import { durationIn } from "../setup/ranges.ts";
import { group, word } from "../setup/schema.ts";
import type { Flow, FlowRetry } from "./flow.ts";

const DAY_MS = 86_400_000;

/** `retry`, key by key. */
export const retrySchema = group(
  {
    "idempotency-key": word<Exclude<FlowRetry["idempotencyKey"], "off">>("How a retry is known.", {
      built: {
        required: "Each request must have an Idempotency-Key.",
        optional: "A request may have an Idempotency-Key; one without is always a new upload.",
        derived: "The gate makes the key of principal, route and content where the request has none.",
      },
    }),
    keep: durationIn({
      description: "How long a key and its answer are kept; 24h where left out.",
      min: 60_000,
      max: 30 * DAY_MS,
      example: "24h",
    }).optional(),
  },
  "write { idempotency-key: required }, or remove it.",
  "How a client may safely send again; where left out, a request that is sent again is a new upload.",
);

/** From what is written to what the gate goes by. */
export function buildRetry(written: z.output<typeof retrySchema> | undefined): FlowRetry {
  return { idempotencyKey: written?.["idempotency-key"] ?? "off", keepMs: written?.keep ?? DAY_MS };
}

/** What happens to a request that is sent again, in sentences. */
export function retrySentences({ retry, permissions }: Flow): string[] {
  const { idempotencyKey, keepMs } = retry;
  if (idempotencyKey === "off") {
    return ["A request that is sent again is a new upload; Idempotency-Key goes on to the service unread."];
  }
  return [
    KEY_SENTENCES[idempotencyKey],
    `The same key again gets the first answer again, and the service gets nothing twice; for ${formatDuration(keepMs)}.`,
    permissions.caller === "public"
      ? PUBLIC_SENTENCES[idempotencyKey]
      : "Each principal has keys of its own.",
  ];
}

/** Where nobody is told from anybody else. */
const PUBLIC_SENTENCES = {
  required: "Everybody is one principal here: keys have to be random, so that no two people send the same.",
  optional: "Everybody is one principal here: keys have to be random, so that no two people send the same.",
  derived:
    "Everybody is one principal here: of two people who send the same to the same path, the second gets the first one's answer.",
} as const;

const KEY_SENTENCES = {
  required: "Each request must have an Idempotency-Key.",
  optional: "A request may have an Idempotency-Key; one without is always a new upload.",
  derived: "A request without an Idempotency-Key gets one made of its principal, route and content.",
} as const;
