/**
 * Makes the route of a flow ready to be loaded: who sends, what is sent, how what was stored goes away again.
 *
 * Always holds: nothing is loaded before one upload was accepted there; what this load has stored is removed as the flow says, and nothing else.
 */
import type { Answer } from "../../checks/answer-reader.ts";
import { isAccepted } from "../../checks/judge.ts";
import type { TlsTrust } from "../../checks/open-connection.ts";
import { controlContent } from "../../checks/payloads/form.ts";
import type { CheckSubject } from "../../checks/run/run-request.ts";
import { sha256Of } from "../../checks/sight/whose-entry.ts";
import { tryControl } from "../../checks/targets/ask.ts";
import { diagnoseControl } from "../../checks/targets/diagnose-control.ts";
import { markOf } from "../../checks/targets/flow-target.ts";
import { subjectOfFlow } from "../../checks/targets/make-subject.ts";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Settings } from "../../settings/settings.ts";
import type { YamlSource } from "../../setup/yaml-source.ts";
import type { LoadGenerator } from "../measurement.ts";
import { cleanUpLoad, type StoredAt } from "./clean-up-load.ts";
import { findDigest } from "./judge-answer.ts";
import type { LoadRoute, LoadSample } from "./load-route.ts";
import { loadSamples, payloadSetOf } from "./load-samples.ts";
import { LoadThread } from "./load-thread.ts";
import { whyUnsalted } from "./make-payload.ts";

export interface LoadInput {
  readonly flow: Flow;
  /** Of the same reading as the flow. */
  readonly source: YamlSource;
  /** `http://host:port`; the caller has made sure that it may be loaded. */
  readonly origin: string;
  /** In the names of everything that is sent. */
  readonly runId: string;
  /** Of the gate that runs on this machine, where one is known. */
  readonly settings: Settings | null;
  readonly tls?: TlsTrust;
}

export interface OpenedLoad {
  readonly generator: LoadGenerator;
  /** Digest of all samples. */
  readonly payloadSet: string;
  /** Of one upload at most, about. */
  readonly uploadBytes: number;
  /** The answer to the upload that was accepted first. */
  readonly answer: Answer;
  /** `sluicegate`: a gate of ours answers there; `unknown`: nobody says so. */
  readonly front: CheckSubject["about"]["front"];
  /** What was taken for granted, and what limits the figures, in sentences. */
  readonly notes: readonly string[];
  /** The service's log so far, where the flow names a command for it (`verify.hooks.log`); else `null`. */
  readonly log: (() => Promise<string>) | null;
  /** Header lines of questions beside the load, credentials included. */
  readonly askingLines: () => Promise<readonly string[]>;
  /** Removes what was stored. @returns what is left, in phrases */
  cleanUp(): Promise<readonly string[]>;
  /** Ends the thread, and what was made for the load. */
  close(): Promise<void>;
}

/** @throws MEASURE_NOT_ACCEPTED where no upload is accepted, with why; SAMPLE_MISSING; CHECK_CREDENTIAL_MISSING; RECORDED_ANSWER_INVALID */
export async function openLoad(input: LoadInput): Promise<OpenedLoad> {
  const { flow, runId, tls = {} } = input;
  const subject = await subjectOfFlow({ ...input, tls, first: "questions" });
  try {
    const answer = await acceptedAnswer(subject, tls);
    const samples = await loadSamples(flow, subject.target, markOf(runId));
    return openedLoad(input, subject, answer, samples);
  } catch (error) {
    for (const close of [subject.cleanUp, subject.close]) await close();
    throw error;
  }
}

/** One upload, as every check begins. */
async function acceptedAnswer(subject: CheckSubject, tls: TlsTrust): Promise<Answer> {
  await subject.evidence?.clear();
  const { exchange, error } = await tryControl(subject.target, tls);
  if (exchange !== null) await subject.evidence?.received(exchange, controlContent(subject.target));
  const [answer] = exchange?.answers ?? [];
  if (exchange !== null && answer !== undefined && isAccepted(subject.target, exchange)) return answer;
  const stop = diagnoseControl(subject, exchange, error);
  throw new GateError("MEASURE_NOT_ACCEPTED", {
    message: stop?.sentence ?? "The upload that the route must take was not accepted.",
  });
}

function openedLoad(
  input: LoadInput,
  subject: CheckSubject,
  answer: Answer,
  samples: readonly LoadSample[],
): OpenedLoad {
  const { flow, runId, tls = {} } = input;
  const route = routeOf(input, subject, answer, samples);
  const stored = new Map<string, StoredAt>();
  const credential = async (): Promise<readonly string[]> =>
    (await subject.target.identities?.main.lines()) ?? subject.target.credential ?? [];
  const generator = new LoadThread({
    route,
    credential,
    isOneTime: flow.permissions.caller === "grant",
    secrets: subject.secrets,
    onStored: (origin, ids, unnamed) => {
      const before = stored.get(origin);
      const all = { ids: [...(before?.ids ?? []), ...ids], unnamed: (before?.unnamed ?? 0) + unnamed };
      stored.set(origin, { origin, ...all });
    },
  });
  const headers = route.headers;
  const cleaning = { flow, runId, headers, credential, tls };
  return {
    generator,
    payloadSet: payloadSetOf(samples),
    uploadBytes: Math.max(...samples.map(bytesOf)),
    answer,
    front: subject.about.front,
    notes: [...subject.about.assumptions, ...sameBytesNotes(samples)],
    log: subject.hooks.log ?? null,
    askingLines: async () => [...headers, ...(await credential())],
    cleanUp: async () => {
      const all = [...stored.values()];
      stored.clear();
      if ((flow.verify?.cleanup ?? null) === null) return all.map(leftForGood);
      const left: string[] = [];
      for (const each of all)
        left.push(...(await cleanUpLoad(each, { ...cleaning, secrets: subject.secrets() })));
      return [...left, ...shortened(await subject.cleanUp())];
    },
    close: async () => {
      await generator.close();
      await subject.close();
    },
  };
}

/** Around a file in a form. */
const FRAME_BYTES = 500;

const bytesOf = ({ files }: LoadSample): number =>
  files.reduce((sum, { bytes }) => sum + bytes.length + FRAME_BYTES, 0);

function routeOf(
  { flow, runId, tls = {} }: LoadInput,
  { target }: CheckSubject,
  answer: Answer,
  samples: readonly LoadSample[],
): LoadRoute {
  return {
    method: target.method,
    path: target.path,
    protocol: target.protocol,
    samples,
    fields: target.fields.map(({ name, control }) => [name, control]),
    headers: target.headers,
    acceptedStatuses: target.acceptedStatuses,
    expectation: { folder: flow.folder, notes: flow.notes },
    caches: flow.measure.caches,
    hasShares: flow.permissions.shares.length > 0,
    requestIdHeader: (flow.verify?.requestIdHeader ?? "x-request-id").toLowerCase(),
    idPlace: flow.verify?.readBack.id ?? null,
    digestPointer: findDigest(answer, sha256Of(target.file.control.bytes)),
    mark: markOf(runId),
    tls,
  };
}

function leftForGood({ origin, ids, unnamed }: StoredAt): string {
  return `about ${ids.length + unnamed} uploads at ${origin}: the flow does not say how they are removed (verify.cleanup)`;
}

const LEFT_SHOWN = 3;

function shortened(left: readonly string[]): readonly string[] {
  const more = left.length - LEFT_SHOWN;
  return more > 0 ? [...left.slice(0, LEFT_SHOWN), `and ${more} more`] : left;
}

function sameBytesNotes(samples: readonly LoadSample[]): string[] {
  const same = samples
    .flatMap(({ files }) => files)
    .flatMap((file) => {
      const why = whyUnsalted(file);
      return why === null
        ? []
        : [`${file.name} is sent with the same bytes each time (${why}): only its name is new.`];
    });
  return [...new Set(same)];
}
