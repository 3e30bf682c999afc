/**
 * The shares of `permissions`: `rate`, `concurrent` and `quota`; what they are and what they say.
 */
import type { z } from "zod";
import { formatDuration } from "../setup/duration.ts";
import { durationIn, sizeIn } from "../setup/ranges.ts";
import { RATE_PATTERN, type Rate, readRate } from "../setup/rate.ts";
import { listWords, read } from "../setup/reading.ts";
import { group, value, wholeNumber, word } from "../setup/schema.ts";
import { type OneOrMore, oneOrMore, shortOrGroup } from "../setup/schema-forms.ts";
import { formatSize } from "../setup/size.ts";
import type { CallerKind, ShareRule, ShareSubject } from "./flow.ts";

const COUNT_MAX = 1_000_000_000;
const WINDOW_MS_MAX = 366 * 86_400_000;

const per = word<ShareSubject>(
  "Whose share it is; principal where left out, and address with caller: public.",
  {
    built: {
      principal: "Each principal has a share of its own.",
      address: "Each client address has a share of its own.",
      flow: "All who send share it.",
    },
  },
).optional();

export interface WrittenRate {
  readonly requests: Rate;
  readonly per?: ShareSubject | undefined;
}

export interface WrittenConcurrent {
  readonly uploads: number;
  readonly per?: ShareSubject | undefined;
}

const RATE_MISSING = "write a rate such as 10/min.";
const rateEditor = {
  description: "So many requests in any such time.",
  type: "string",
  pattern: RATE_PATTERN,
  examples: ["10/min"],
};

const rate = shortOrGroup<WrittenRate>(
  value(
    (written) => {
      const reading = readRate(written);
      return reading.ok ? read({ requests: reading.value }) : reading;
    },
    RATE_MISSING,
    rateEditor,
  ),
  group(
    { requests: value(readRate, RATE_MISSING, rateEditor), per },
    "write { requests: 10/min }.",
    "A rate and whose it is.",
  ),
  "How often somebody may send.",
);

const uploads = wholeNumber(1, 1_000_000, "So many uploads at once.");

const concurrent = shortOrGroup<WrittenConcurrent>(
  value(
    (written) => {
      const parsed = uploads.safeParse(written);
      return parsed.success
        ? read({ uploads: parsed.data })
        : { ok: false, complaints: parsed.error.issues.map(({ message }) => ({ path: [], message })) };
    },
    "write how many uploads: 4.",
    { description: "So many uploads at once.", type: "integer", minimum: 1, maximum: 1_000_000 },
  ),
  group({ uploads, per }, "write { uploads: 4 }.", "A number and whose it is."),
  "How many uploads of somebody may be under way at once.",
);

const QUOTA_MISSING = "write { bytes: 200 MiB, every: 24h }.";

const quota = group(
  {
    bytes: sizeIn({
      description: "So many bytes of files and texts.",
      min: 1,
      max: 2 ** 50,
      example: "200 MiB",
    }).optional(),
    files: wholeNumber(1, COUNT_MAX, "So many files.").optional(),
    per,
    every: durationIn({
      description: "In any such time.",
      min: 1000,
      max: WINDOW_MS_MAX,
      example: "24h",
    }),
  },
  QUOTA_MISSING,
  "So many bytes, files, or both.",
);

/** The keys of `permissions` that are shares. */
export const shareKeys = {
  rate: oneOrMore(rate, RATE_MISSING, "How often somebody may send: one rate or a list.").optional(),
  concurrent: oneOrMore(
    concurrent,
    "write how many uploads: 4.",
    "How many uploads of somebody may be under way at once: one number or a list.",
  ).optional(),
  quota: oneOrMore(quota, QUOTA_MISSING, "How much somebody may send: one quota or a list.").optional(),
};

/** The shares as they are written. */
export interface WrittenShares {
  readonly rate?: OneOrMore<WrittenRate> | undefined;
  readonly concurrent?: OneOrMore<WrittenConcurrent> | undefined;
  readonly quota?: OneOrMore<z.output<typeof quota>> | undefined;
}

/** The rules, rates first. A single one has the name of its key, those of a list are numbered from 1. */
export function buildShares(written: WrittenShares, caller: CallerKind): ShareRule[] {
  const whose = (item: { readonly per?: ShareSubject | undefined }): ShareSubject =>
    item.per ?? (caller === "public" ? "address" : "principal");
  return [
    ...named("rate", written.rate, (item, name): ShareRule => {
      const { count, perMs } = item.requests;
      return { kind: "rate", name, per: whose(item), requestsMax: count, windowMs: perMs };
    }),
    ...named("concurrent", written.concurrent, (item, name): ShareRule => {
      return { kind: "concurrent", name, per: whose(item), uploadsMax: item.uploads };
    }),
    ...named("quota", written.quota, (item, name): ShareRule => {
      const { bytes = null, files = null, every } = item;
      return { kind: "quota", name, per: whose(item), windowMs: every, bytesMax: bytes, filesMax: files };
    }),
  ];
}

function named<T>(
  key: string,
  written: OneOrMore<T> | undefined,
  build: (item: T, name: string) => ShareRule,
): ShareRule[] {
  if (written === undefined) return [];
  return written.items.map((item, index) => build(item, written.isList ? `${key}-${index + 1}` : key));
}

/** `Each principal may send 10 requests in any minute.` */
export function shareSentence(share: ShareRule): string {
  const who = SUBJECT_WORDS[share.per];
  switch (share.kind) {
    case "rate":
      return `${who} may send ${counted(share.requestsMax, "request")} in ${anyTime(share.windowMs)}.`;
    case "concurrent":
      return `${who} may have ${counted(share.uploadsMax, "upload")} under way at once.`;
    case "quota":
      return `${who} may send ${quotaWords(share)} in ${anyTime(share.windowMs)}.`;
  }
}

const SUBJECT_WORDS: Readonly<Record<ShareSubject, string>> = {
  principal: "Each principal",
  address: "Each client address",
  flow: "All who send, together,",
};

function quotaWords({ bytesMax, filesMax }: ShareRule & { readonly kind: "quota" }): string {
  return listWords(
    [
      ...(bytesMax === null ? [] : [formatSize(bytesMax)]),
      ...(filesMax === null ? [] : [counted(filesMax, "file")]),
    ],
    "and",
  );
}

const TIME_WORDS: Readonly<Record<string, string>> = { s: "second", min: "minute", h: "hour", d: "day" };

/** `any minute`, `any 36 h`. */
function anyTime(windowMs: number): string {
  const told = formatDuration(windowMs);
  const [amount, unit = ""] = told.split(" ");
  return amount === "1" && unit in TIME_WORDS ? `any ${TIME_WORDS[unit]}` : `any ${told}`;
}

function counted(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
