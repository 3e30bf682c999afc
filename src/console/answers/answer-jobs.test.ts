import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW } from "../../../fixtures/console/sample-facts.ts";
import type { JobState } from "../watching/job-state.ts";
import { answerJobs, type WaitingUploads } from "./answer-jobs.ts";

const NONE: WaitingUploads = { toBeTried: 0, forPerson: 0, held: 0, oldestMs: null, isMore: false };
const since = NOW - 2 * 3_600_000;
const told = (total: number, failed: number, newest: string | null = null): JobState => ({
  flow: "documents",
  told: { atMs: NOW - 20_000, total, failed, newest },
  trouble: null,
});

const SITUATIONS: readonly {
  readonly name: string;
  readonly waiting?: Partial<WaitingUploads>;
  readonly jobs?: readonly JobState[];
  readonly says: readonly [condition: string, word: string, sentence: string];
}[] = [
  { name: "a quiet day", says: ["good", "Fine", "No upload waits to be delivered or decided."] },
  {
    name: "a quiet day with jobs",
    jobs: [told(120, 0)],
    says: [
      "good",
      "Fine",
      "No upload waits to be delivered or decided. All 120 jobs in the last hour went well (told 20 s ago).",
    ],
  },
  {
    name: "one job, and it went well",
    jobs: [told(1, 0)],
    says: [
      "good",
      "Fine",
      "No upload waits to be delivered or decided. The one job in the last hour went well (told 20 s ago).",
    ],
  },
  {
    name: "no jobs ran",
    jobs: [told(0, 0)],
    says: [
      "good",
      "Fine",
      "No upload waits to be delivered or decided. No jobs ran in the last hour (told 20 s ago).",
    ],
  },
  {
    name: "one that is tried again",
    waiting: { toBeTried: 1, oldestMs: since },
    says: ["attention", "1 waits", "1 upload is kept and will be tried again, since 08:57 UTC."],
  },
  {
    name: "some of each",
    waiting: { toBeTried: 4, forPerson: 1, held: 2, oldestMs: since },
    says: [
      "attention",
      "7 wait",
      "1 upload could not be handed to the service and waits for a decision, 2 uploads are held for a decision and 4 uploads are kept and will be tried again, the oldest since 08:57 UTC.",
    ],
  },
  {
    name: "more than were counted",
    waiting: { forPerson: 200, isMore: true },
    says: [
      "attention",
      "over 200 wait",
      "At least 200 uploads could not be handed to the service and wait for a decision.",
    ],
  },
  {
    name: "a few failed jobs among many",
    jobs: [told(120, 3, "timeout, 2 min ago")],
    says: [
      "attention",
      "3 failed",
      "documents: 3 of 120 jobs failed in the last hour (2.5 %); newest: timeout, 2 min ago.",
    ],
  },
  {
    name: "many failed jobs, and uploads that wait",
    waiting: { forPerson: 2, oldestMs: since },
    jobs: [told(12, 6)],
    says: [
      "bad",
      "6 failed",
      "documents: 6 of 12 jobs failed in the last hour (50 %). 2 uploads could not be handed to the service and wait for a decision, the oldest since 08:57 UTC.",
    ],
  },
  {
    name: "a service that does not tell any more",
    jobs: [{ ...told(120, 0), trouble: "/internal/jobs could not be read (it answered 500)" }],
    says: [
      "stale",
      "No data",
      "documents has told nothing of its jobs since 10:57 UTC: /internal/jobs could not be read (it answered 500).",
    ],
  },
  {
    name: "a service that never told",
    jobs: [{ flow: "documents", told: null, trouble: "/jobs could not be read (it answered 404)" }],
    says: [
      "stale",
      "No data",
      "documents has told nothing of its jobs: /jobs could not be read (it answered 404).",
    ],
  },
];

for (const { name, waiting = {}, jobs = [], says } of SITUATIONS) {
  test(`jobs? ${name}`, () => {
    const { condition, word, sentence } = answerJobs({ waiting: { ...NONE, ...waiting }, jobs, nowMs: NOW });
    assert.deepEqual([condition, word, sentence], says);
  });
}

test("what waits is linked to where it can be decided", () => {
  const waiting = { ...NONE, forPerson: 1, oldestMs: since };
  assert.equal(answerJobs({ waiting, jobs: [], nowMs: NOW }).link, "/held");
});
