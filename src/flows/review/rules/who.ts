/**
 * Rules about who may send, and how much.
 */
import { formatSize } from "../../../setup/size.ts";
import type { Flow, ShareRule } from "../../flow.ts";
import { foundIf, type ReviewRule } from "../review-rule.ts";

/** From here on a few uploads at once fill a disk or a network. */
const VERY_LARGE_BYTES = 1024 ** 3;

const has = ({ permissions }: Flow, ...kinds: readonly ShareRule["kind"][]): boolean =>
  permissions.shares.some(({ kind }) => kinds.includes(kind));

const largest = ({ files }: Flow): number =>
  Math.max(...[...files.values()].map(({ sizeBytesMax, countMax }) => sizeBytesMax * countMax));

const isVeryLarge = (flow: Flow): boolean => largest(flow) >= VERY_LARGE_BYTES;

/** Anybody may send as much as they like: what else could be said of bounds is said by that. */
const isOpen = ({ permissions }: Flow): boolean =>
  permissions.caller === "public" && permissions.shares.length === 0;

export const WHO_RULES: readonly ReviewRule[] = [
  {
    id: "REVIEW-PUBLIC-UNLIMITED",
    title: "Anybody may send, and as much as they like",
    when: "`caller: public` without `rate`, `concurrent` and `quota`.",
    why: "One client alone can fill the disk and keep the service busy.",
    remedy: "write rate: 60/min and quota: { bytes: 200 MiB, every: 24h }",
    find: ({ flow }) =>
      foundIf(isOpen(flow), () => ({
        path: ["permissions", "caller"],
        what: "anybody may send, and nothing bounds how much",
        remedy: "write rate: 60/min and quota: { bytes: 200 MiB, every: 24h }",
      })),
  },
  {
    id: "REVIEW-RATE-WITHOUT-QUOTA",
    title: "So many requests, but no bound on what they bring",
    when: "`rate` without `quota`.",
    why: "A rate bounds how often, not how much: whoever keeps to it can still fill the disk in a day.",
    remedy: "write quota: { bytes: 200 MiB, every: 24h }",
    find: ({ flow }) =>
      foundIf(has(flow, "rate") && !has(flow, "quota"), () => ({
        path: ["permissions", "rate"],
        what: `requests are bounded, and what they bring in a day is not`,
        remedy: "write quota: { bytes: 200 MiB, every: 24h }",
      })),
  },
  {
    id: "REVIEW-LARGE-UNLIMITED",
    title: "Very large uploads, as many at once as somebody likes",
    when: "One upload may have 1 GiB or more, and there is neither `rate` nor `concurrent`.",
    why: "A handful of such uploads at the same time fill the disk before anybody looks.",
    remedy: "write concurrent: 2",
    find: ({ flow }) =>
      foundIf(isVeryLarge(flow) && !isOpen(flow) && !has(flow, "rate", "concurrent"), () => ({
        path: ["permissions"],
        what: `one upload may have ${formatSize(largest(flow))}, and nothing bounds how many there are at once`,
        remedy: "write concurrent: 2",
      })),
  },
  {
    id: "REVIEW-JWT-WITHOUT-REQUIRE",
    title: "Every token of the identity provider is good for this",
    when: "`caller: jwt` without `require`.",
    why: "Whoever can sign in anywhere with the same identity provider may upload here, with a token that was made for something else.",
    remedy: 'write require: { scope: "avatars:write" }',
    find: ({ flow }) =>
      foundIf(flow.permissions.caller === "jwt" && flow.permissions.require.size === 0, () => ({
        path: ["permissions", "caller"],
        what: "every token that the identity provider signs for this audience lets its owner in",
        remedy: `write require: { scope: "${flow.name}:write" }`,
      })),
  },
  {
    id: "REVIEW-RETRY-OF-ANYBODY",
    title: "A retry is answered without asking who sends it",
    when: "`caller: public`, `credentials: forward` and an `idempotency-key` that is `required` or `optional`.",
    why: "The service knows who sends by the credentials, and the gate does not: whoever knows a key and sends the same gets the answer that was meant for somebody else.",
    remedy: "write caller: upstream, with ask: and the path at which the service says who it is",
    find: ({ flow }) =>
      foundIf(
        flow.permissions.caller === "public" &&
          flow.forwardCredentials &&
          (flow.retry.idempotencyKey === "required" || flow.retry.idempotencyKey === "optional"),
        () => ({
          path: ["retry", "idempotency-key"],
          what: "only the service can tell who sends, and a retry is answered by the gate without asking it",
          remedy: "write caller: upstream with ask: /path, or credentials: strip where nobody is told apart",
        }),
      ),
  },
];
