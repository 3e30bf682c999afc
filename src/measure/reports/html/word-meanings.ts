/**
 * The words of a comparison for whoever reads one for the first time.
 */

export const WORD_MEANINGS: readonly (readonly [word: string, meaning: string])[] = [
  [
    "p50, p95, p99",
    "Half of the uploads are quicker than p50; 95 of 100 are quicker than p95, 99 of 100 than p99.",
  ],
  [
    "Pair",
    "Before and after, measured right after each other with the same load, in an order by chance. What disturbs the host disturbs both, so that it falls out.",
  ],
  [
    "Interval",
    "Of 100 such runs, the true change lies in it in as many as its confidence says. Where it holds 0, there may be no change at all.",
  ],
  [
    "What matters",
    "The smallest change that is worth a word: a share of the time before or some milliseconds, whichever is more. The flow says it (smallest-effect).",
  ],
  [
    "Like for like",
    "Answers from a cache are quick, so more of them look like a win. Here each pair is weighed as if as many had come from the cache as before the change.",
  ],
  [
    "Cold, warm",
    "Cold: each upload is a new one. Warm: uploads that were sent before, so that a cache may know them.",
  ],
  ["Points", "The difference of two shares: from 2 % to 5 % is +3 points."],
  [
    "The same arm against itself",
    "Before anything is compared, the unchanged service is measured against itself: what differs then is noise of the host, and smaller changes cannot be seen.",
  ],
];
