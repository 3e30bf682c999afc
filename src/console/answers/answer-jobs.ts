/**
 * *Jobs?* What goes on behind the answers: deliveries that are tried again or wait for a person, held uploads, and jobs of the services that tell of them.
 */
import type { Answer, Condition } from "../console-api.ts";
import { count, sayAgo, sayMoment, sayNames, sayShare } from "../say-figures.ts";
import type { JobState } from "../watching/job-state.ts";

/** Jobs that fail more often than this are trouble and no chance. */
const FAILED_SHARE_BAD = 0.05;
const FAILED_BAD_MIN = 3;

/** Uploads that wait, counted. */
export interface WaitingUploads {
  /** Will be tried again by themselves. */
  readonly toBeTried: number;
  /** Undeliverable, and nobody tries any more until a person says so. */
  readonly forPerson: number;
  readonly held: number;
  /** When the longest has waited from; `null` where none does, or that is not known. */
  readonly oldestMs: number | null;
  /** Whether there are more than were counted. */
  readonly isMore: boolean;
}

export interface JobsInput {
  readonly waiting: WaitingUploads;
  readonly jobs: readonly JobState[];
  readonly nowMs: number;
}

interface Part {
  readonly condition: Condition;
  readonly word: string;
  readonly sentence: string;
  readonly seenAtMs: number;
  readonly link: string | null;
}

const RANK: Readonly<Record<Condition, number>> = { bad: 0, attention: 1, stale: 2, unknown: 3, good: 4 };

export function answerJobs(input: JobsInput): Answer {
  const parts = [...input.jobs.flatMap((job) => jobPart(job, input.nowMs)), ...waitingPart(input)];
  const [worst, ...others] = parts.toSorted((a, b) => RANK[a.condition] - RANK[b.condition]);
  if (worst === undefined) return quiet(input);
  const told = others.filter(({ condition }) => condition !== "good").map(({ sentence }) => sentence);
  return { question: "jobs", ...worst, sentence: [worst.sentence, ...told].join(" ") };
}

function jobPart({ flow, told, trouble }: JobState, nowMs: number): Part[] {
  const link = `/flows/${flow}`;
  if (trouble !== null) {
    const since = told === null ? "" : ` since ${sayMoment(told.atMs, nowMs)}`;
    const sentence = `${flow} has told nothing of its jobs${since}: ${trouble}.`;
    return [{ condition: "stale", word: "No data", sentence, seenAtMs: told?.atMs ?? nowMs, link }];
  }
  if (told === null || told.failed === 0) return [];
  const share = told.total === 0 ? 1 : told.failed / told.total;
  const newest = told.newest === null ? "" : `; newest: ${told.newest}`;
  const sentence = `${flow}: ${told.failed} of ${count(told.total, "job")} failed in the last hour (${sayShare(share)})${newest}.`;
  const isBad = told.failed >= FAILED_BAD_MIN && share >= FAILED_SHARE_BAD;
  return [
    {
      condition: isBad ? "bad" : "attention",
      word: `${told.failed} failed`,
      sentence,
      seenAtMs: told.atMs,
      link,
    },
  ];
}

function waitingPart({ waiting, nowMs }: JobsInput): Part[] {
  const { toBeTried, forPerson, held, oldestMs, isMore } = waiting;
  const total = toBeTried + forPerson + held;
  if (total === 0) return [];
  const decide = [
    ...(forPerson === 0
      ? []
      : [
          `${count(forPerson, "upload")} could not be handed to the service and ${forPerson === 1 ? "waits" : "wait"} for a decision`,
        ]),
    ...(held === 0 ? [] : [`${count(held, "upload is", "uploads are")} held for a decision`]),
    ...(toBeTried === 0
      ? []
      : [`${count(toBeTried, "upload is", "uploads are")} kept and will be tried again`]),
  ];
  const oldest =
    oldestMs === null ? "" : `, ${total === 1 ? "" : "the oldest "}since ${sayMoment(oldestMs, nowMs)}`;
  return [
    {
      condition: "attention",
      word: `${isMore ? "over " : ""}${total} ${total === 1 ? "waits" : "wait"}`,
      sentence: `${isMore ? "At least " : ""}${sayNames(decide)}${oldest}.`,
      seenAtMs: nowMs,
      link: "/held",
    },
  ];
}

function quiet({ jobs, nowMs }: JobsInput): Answer {
  const told = jobs.flatMap((job) => (job.told === null ? [] : [job.told]));
  const total = told.reduce((sum, one) => sum + one.total, 0);
  const oldest = told.length === 0 ? nowMs : Math.min(...told.map(({ atMs }) => atMs));
  const services =
    told.length === 0
      ? ""
      : ` ${total === 0 ? "No jobs ran" : total === 1 ? "The one job" : `All ${total} jobs`} in the last hour${total === 0 ? "" : " went well"} (told ${sayAgo(oldest, nowMs)}).`;
  return {
    question: "jobs",
    condition: "good",
    word: "Fine",
    sentence: `No upload waits to be delivered or decided.${services}`,
    seenAtMs: oldest,
    link: null,
  };
}
