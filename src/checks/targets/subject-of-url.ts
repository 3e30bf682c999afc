/**
 * Makes a route ready to be checked of which nothing is written: an address and a sample are enough.
 *
 * Always holds: whatever is not told by somebody is among the assumptions, and no promise. A subject is made also where nobody answers.
 */
import type { Flow } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import { formatSize } from "../../setup/size.ts";
import type { Answer } from "../answer-reader.ts";
import type { SampleFile, Target } from "../check.ts";
import { isAccepted } from "../judge.ts";
import type { TlsTrust } from "../open-connection.ts";
import { controlContent } from "../payloads/form.ts";
import type { Identities, Identity } from "../promise.ts";
import type { CheckSubject } from "../run/run-request.ts";
import { forgedOf } from "../sight/identities.ts";
import { KeptSecrets } from "../sight/kept-secrets.ts";
import { openSight } from "../sight/open-sight.ts";
import { type Asked, type Attempt, ask, NOT_TRIED, tryControl } from "./ask.ts";
import { GATE_PAGE, isFromGate, isGatePage } from "./find-front.ts";
import { promisesOfGate, USUAL_STATUSES } from "./flow-promises.ts";
import { flowTarget } from "./flow-target.ts";
import { type InferredFlow, inferFlow, type Known } from "./infer-flow.ts";
import { type InferredReadBack, inferReadBack } from "./infer-read-back.ts";
import { joinSubject, led, NOTHING_FOUND, seenBy, trusting, whoServes } from "./join-subject.ts";
import { learnRoute } from "./learn-route.ts";
import { findOpenApi, type OpenApiHints } from "./openapi-hints.ts";
import { readSample } from "./sample-files.ts";
import { invalid, readUrlRequest, type UrlRequest, type UrlTargetInput } from "./url-request.ts";

/** A subject, and the flow that nobody has written yet: for `draftFlow`. */
export interface UrlSubject extends CheckSubject {
  readonly inferred: Flow;
}

const TRIES_MAX = 3;
/** Headers beside the credential that hold a secret, too. */
const SECRET_HEADER = /^[^:]*(auth|token|key|cookie|secret|session|csrf|password)[^:]*:/i;

/**
 * Sends up to three control uploads and some twenty GETs.
 * @throws CHECK_TARGET_INVALID, SAMPLE_MISSING
 */
export async function subjectOfUrl(
  input: UrlTargetInput,
  settings: Settings | null = null,
): Promise<UrlSubject> {
  const { runId, tls, first = "upload" } = input;
  const request = readUrlRequest(input);
  const { origin } = request;
  const sample = await readSample(input.sample);
  assertFits(sample, input, request);
  const secrets = new KeptSecrets();
  const asked: Asked = { origin, headers: request.headers, credential: credentialLines(request) };
  const page = first === "none" ? null : await ask(asked, GATE_PAGE, tls);
  const hints = page === null ? null : await findOpenApi(asked, request, tls);
  const tried = await tryRoute({ input, request, sample, hints, learnt: {} }, secrets);
  const found = await readBackOf(tried, hints, tls);
  const isFront = isGatePage(page) && isFromGate(tried.answer);
  const flow = found === null ? tried.flow : withReadBack(tried.flow, found);
  const ofGate = isFront ? promisesOfGate(flow, settings) : {};
  const target = {
    ...led(tried.target, tried.attempt),
    promises: { ...(found === null ? {} : { id: found.id }), ...ofGate },
  };
  const sight = await openSight({ flow, target, origin, runId, settings, ...trusting(tls) });
  const { exchange } = tried.attempt;
  if (exchange !== null) await sight.evidence?.received(exchange, controlContent(target));
  const about = {
    flow: null,
    flowFile: null,
    policyVersion: null,
    owner: null,
    origin,
    method: target.method,
    path: request.path,
    front: isFront ? ("sluicegate" as const) : ("unknown" as const),
    assumptions: tried.assumptions,
    readBack: sight.readBack,
    ...(first === "none" ? NOTHING_FOUND : await whoServes(target, [tried.answer, page], tls)),
  };
  const subject = joinSubject(seenBy(target, sight), about, sight);
  return { ...subject, secrets: () => [...new Set([...secrets.all(), ...sight.secrets()])], inferred: flow };
}

async function readBackOf(
  { answer, isAccepted: isTaken, target }: TriedRoute,
  hints: OpenApiHints | null,
  tls: TlsTrust | undefined,
): Promise<InferredReadBack | null> {
  return answer === null || !isTaken ? null : inferReadBack(target, answer, hints, tls);
}

/** What is said of the route has to hold for the sample. @throws CHECK_TARGET_INVALID */
function assertFits(
  { name, mediaType, bytes }: SampleFile,
  { sizeBytesMax }: UrlTargetInput,
  { types }: UrlRequest,
): void {
  if (sizeBytesMax !== null && bytes.length > sizeBytesMax)
    throw invalid(
      `The sample ${name} has ${formatSize(bytes.length)}, more than --max-size: send a smaller one.`,
    );
  if (types !== null && types !== "any" && !types.includes(mediaType))
    throw invalid(
      `The sample ${name} is of ${mediaType}, which --types does not list: send one of a type that it lists.`,
    );
}

interface TriedRoute extends InferredFlow {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly answer: Answer | null;
  readonly isAccepted: boolean;
}

/** Tries the control upload, and again where a refusal has said how it wants to be asked. */
async function tryRoute(known: Known, secrets: KeptSecrets, tries = 1): Promise<TriedRoute> {
  const inferred = inferFlow(known);
  const target = await targetOf(known, inferred, secrets);
  const isTried = (known.input.first ?? "upload") === "upload";
  const attempt = isTried ? await tryControl(target, known.input.tls) : NOT_TRIED;
  const answer = attempt.exchange?.answers[0] ?? null;
  const isTaken = attempt.exchange !== null && isAccepted(target, attempt.exchange);
  const learnt = answer === null || isTaken || tries >= TRIES_MAX ? null : learnRoute(answer, known);
  if (learnt !== null) return tryRoute({ ...known, learnt }, secrets, tries + 1);
  const tried = { ...inferred, target, attempt, answer, isAccepted: isTaken };
  return withStatus(tried, known);
}

/** The service's own word on the status counts where it has just kept it. */
function withStatus(tried: TriedRoute, { input, hints }: Known): TriedRoute {
  const { answer, flow, target, assumptions, isAccepted: isTaken } = tried;
  if (input.status !== null) return tried;
  const status = hints?.operation?.status ?? null;
  if (status === null || !isTaken || answer?.status !== status)
    return { ...tried, assumptions: [...assumptions, STATUSES_ASSUMED] };
  return {
    ...tried,
    flow: { ...flow, notes: { ...flow.notes, expect: { status } } },
    target: { ...target, acceptedStatuses: [status] },
  };
}

const STATUSES_ASSUMED = `Any of ${USUAL_STATUSES.join(", ")} is taken for accepted: --status says otherwise.`;

async function targetOf(
  { input, request, sample }: Known,
  { flow, unpromised }: InferredFlow,
  secrets: KeptSecrets,
): Promise<Target> {
  const { target } = await flowTarget({ flow, origin: request.origin, runId: input.runId });
  const control = { ...target.file.control, mediaType: sample.mediaType };
  const bare: Target = { ...target, file: { ...target.file, control }, unpromised };
  const identities = identitiesOf(request, bare, secrets);
  return identities === null ? bare : { ...bare, credential: credentialLines(request), identities };
}

const credentialLines = ({ credential }: UrlRequest): readonly string[] =>
  credential === null ? [] : [`${credential.header}: ${credential.value}`];

function identitiesOf(request: UrlRequest, target: Target, secrets: KeptSecrets): Identities | null {
  const lines = credentialLines(request);
  secrets.addLines([...lines, ...request.headers.filter((line) => SECRET_HEADER.test(line))]);
  if (request.credential === null) return null;
  const main: Identity = { name: "main", lines: async () => lines };
  const forged = forgedOf(main, target, secrets);
  return { header: request.credential.header, main, other: null, readOnly: null, expired: null, forged };
}

function withReadBack(flow: Flow, found: InferredReadBack): Flow {
  const { id, url, cleanup } = found;
  if (flow.verify === null) return flow;
  const readBack = { id, url, state: null, list: null, command: null };
  return { ...flow, verify: { ...flow.verify, readBack, cleanup } };
}
