/**
 * Sends a recorded case again, byte for byte, and says whether the answer is as it was.
 *
 * In: a reference such as `RUN/UPL-MP-07/3`, and the route's subject, opened with the id of that run: its samples and seed then are the same.
 * Always holds: before anything is sent, the request of a case is made again and its digest compared with the recorded one; credentials are new, and
 * hidden in both. So is the key for retries where the case is about something else: with the old one, a target would repeat its old answer.
 */
import { CATALOGUE } from "../catalogue.ts";
import type { Check, CheckCase, Target } from "../check.ts";
import type { TlsTrust } from "../open-connection.ts";
import { attackOf } from "../run-check.ts";
import type { CaseReport, CheckRun, RecordedExchange } from "./check-run.ts";
import { catalogueDigest, readStoredRun } from "./evidence-store.ts";
import { withDerivedKeys } from "./fresh-keys.ts";
import { type PlannedCase, planRun } from "./plan-run.ts";
import { Redaction } from "./redaction.ts";
import { runOne } from "./run-one.ts";
import type { CheckSubject, RunOptions } from "./run-request.ts";
import { RunWire } from "./run-wire.ts";
import { bytesToSend } from "./sent-bytes.ts";
import { TargetHealth } from "./target-health.ts";

export interface ReplayOptions {
  /** Where the evidence of runs is kept. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly tls?: TlsTrust;
  readonly catalogue?: readonly Check[];
}

/** One case, then and now. */
export interface Replay {
  readonly reference: string;
  readonly check: Check["id"];
  readonly recordedAt: string;
  readonly before: CaseReport;
  readonly now: CaseReport;
  /** Whether each request was the same as then, byte for byte. In a scenario what is asked for depends on what was answered. */
  readonly isSameRequest: boolean;
  readonly isSameAnswer: boolean;
  /** Names or addresses of what it stored and could not be removed again. */
  readonly leftovers: readonly string[];
  /** `The answer is the same as then: 201.` */
  readonly sentence: string;
}

const ELAPSED_MS_MAX = 120_000;
const REQUESTS_MAX = 200;
const SENT_BYTES_MAX = 512 * 1024 * 1024;

/** @throws where the evidence is not there, or the same bytes can no longer be made, with the reason */
export async function replayCase(
  reference: string,
  subject: CheckSubject,
  options: ReplayOptions,
): Promise<Replay> {
  const { catalogue = CATALOGUE } = options;
  const [runId = "", checkId = ""] = reference.split("/");
  const stored = await readStoredRun(options.folder, runId);
  if (stored.catalogueSha256 !== catalogueDigest(catalogue))
    throw new Error(
      `the checks have changed since ${stored.run.startedAt} (${stored.run.program}): the same bytes cannot be made again. Run the check anew: sluicegate check --only ${checkId}`,
    );
  const before = reportOf(stored.run, reference);
  const target = withSeed(subject.target, stored.run.seed);
  const again = { ...subject, target };
  const planned = plannedOf(again, reference, catalogue);
  const redaction = new Redaction(subject.secrets, target.identities?.header ?? null);
  if (planned.kind === "case")
    await mustBeSame(planned.each, keyed(planned, again, stored.run.target.origin), {
      redaction,
      before,
      stored: stored.run,
      again,
    });
  const now = await runAgain(planned, again, redaction, options);
  return { ...tell(reference, stored.run, before, now), leftovers: await subject.cleanUp() };
}

function withSeed(target: Target, seed: string): Target {
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(target),
      seed: { value: seed, enumerable: true },
    },
  ) as Target;
}

function reportOf(run: CheckRun, reference: string): CaseReport {
  const cases = run.results.flatMap((result) => result.cases);
  const found = cases.find(({ evidence }) => evidence === reference);
  if (found === undefined)
    throw new Error(
      `${reference}: the run has no such case, or it was not sent. A reference is RUN/CHECK/NUMBER`,
    );
  return found;
}

function plannedOf(subject: CheckSubject, reference: string, catalogue: readonly Check[]): PlannedCase {
  const [, id = "", number = ""] = reference.split("/");
  const plan = planRun(
    subject,
    { ...CAPS, runId: "", only: [id], skip: [], signal: new AbortController().signal },
    catalogue,
  );
  const planned = plan.cases.find((each) => each.check.id === id && each.number === Number(number));
  if (planned === undefined) throw new Error(`${reference}: there is no such case`);
  if (planned.state !== "run") throw new Error(`${reference} cannot be sent now: ${planned.why}`);
  return planned;
}

const CAPS: Pick<RunOptions, "profile" | "requestsMax" | "sentBytesMax" | "elapsedMsMax" | "onEvent"> = {
  profile: "staging",
  requestsMax: REQUESTS_MAX,
  sentBytesMax: SENT_BYTES_MAX,
  elapsedMsMax: ELAPSED_MS_MAX,
  onEvent: () => {},
};

/** As it was in the run: also the address, which stands in the head. */
function keyed({ check, number }: PlannedCase, { target }: CheckSubject, origin: string): Target {
  return { ...withDerivedKeys(target, `${check.id}/${number}`), origin };
}

interface Recorded {
  readonly redaction: Redaction;
  readonly before: CaseReport;
  readonly stored: CheckRun;
  readonly again: CheckSubject;
}

async function mustBeSame(
  each: CheckCase,
  target: Target,
  { redaction, before, stored, again }: Recorded,
): Promise<void> {
  const [recorded] = before.exchanges;
  const { probe } = await attackOf(each, target);
  if (recorded === undefined || bytesToSend(probe, redaction).sha256 === recorded.request.sha256) return;
  const [then, now] = [stored.target.policyVersion, again.about.policyVersion];
  const flow =
    then === now
      ? "the route's samples, address or headers"
      : `the flow (${then ?? "none"}, now ${now ?? "none"})`;
  throw new Error(
    `the same bytes cannot be made again: ${flow} changed since ${stored.startedAt}, or this program did (${stored.program}). Run the check anew`,
  );
}

async function runAgain(
  planned: PlannedCase,
  subject: CheckSubject,
  redaction: Redaction,
  { signal = new AbortController().signal, tls }: ReplayOptions,
): Promise<CaseReport> {
  const options = { ...CAPS, signal, ...(tls === undefined ? {} : { tls }) };
  const wire = new RunWire(options, { redaction, health: new TargetHealth(), pace: null });
  const about = `${planned.check.id}/${planned.number}`;
  try {
    const { report } = await runOne(planned, {
      runId: "",
      target: withDerivedKeys(subject.target, about, new Date().toISOString()),
      evidence: subject.evidence,
      hooks: subject.hooks,
      wire,
      redaction,
      control: null,
      isReadOnly: false,
    });
    return report;
  } finally {
    wire.close();
  }
}

function tell(
  reference: string,
  run: CheckRun,
  before: CaseReport,
  now: CaseReport,
): Omit<Replay, "leftovers"> {
  const [then, today] = [before, now].map(({ exchanges }) =>
    exchanges.filter(({ part }) => part === "attack"),
  );
  const isSameAnswer = JSON.stringify(then?.map(saidBy)) === JSON.stringify(today?.map(saidBy));
  const said = (exchanges: readonly RecordedExchange[] | undefined): string =>
    exchanges?.map(saidBy).join(", ") ?? "";
  const result = before.state === now.state ? `still ${now.state}` : `${before.state} then, ${now.state} now`;
  return {
    reference,
    check: `UPL-${reference.split("/")[1]?.slice("UPL-".length) ?? ""}`,
    recordedAt: run.startedAt,
    before,
    now,
    isSameRequest: JSON.stringify(then?.map(sentBy)) === JSON.stringify(today?.map(sentBy)),
    isSameAnswer,
    sentence:
      today?.length === 0
        ? `Nothing was sent: ${now.reasons.join("; ")}.`
        : isSameAnswer
          ? `The answer is the same as then: ${said(today)} (${result}).`
          : `The answer was ${said(then)} and is now ${said(today)} (${result}).`,
  };
}

function saidBy({ answers, end }: RecordedExchange): string {
  const statuses = answers.map(({ status }) => status).join(" then ");
  if (statuses !== "") return statuses;
  return end === "deadline" ? "no answer in time" : "no answer";
}

/** Keys for retries are new at each time, so they are left out of the comparison: what else is in the head, and the body. */
function sentBy({ request }: RecordedExchange): string {
  const lines = request.head.split("\r\n").filter((line) => !/^(idempotency-key|host):/i.test(line));
  return [...lines, request.bodyBytes, request.bodyStart].join("\n");
}
