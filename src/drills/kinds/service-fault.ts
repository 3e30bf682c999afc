/**
 * How every failure of the service is drilled: uploads while it lasts, what their clients hear, what is kept, what the gate says; then it is healed,
 * and what was kept arrives, or a person decides.
 */
import type { DrillScene } from "../drill-scene.ts";
import type { PreparedUpload, SentUpload } from "../drill-upload.ts";
import type { Fault } from "../fault-proxy.ts";
import { atOnceMax } from "../flow-shares.ts";
import { judgeAnswers, judgeArrival, judgeOnce, timesTaken } from "../judge/judge-uploads.ts";
import { type PromisedAnswer, promisedAnswer, type ServiceFailure } from "../judge/promised-answer.ts";
import { pause, waitUntil } from "../wait-until.ts";

export interface ServiceFault {
  readonly fault: Fault;
  readonly met: ServiceFailure;
  /** What clients hear is judged under this heading. */
  readonly what: string;
  /** Whether the service takes what the gate tells it while the fault lasts. */
  readonly isTakenByService: boolean;
}

const UPLOADS = 2;
/** A first try again comes after at most a second: who is not tried until then is not tried by itself. */
const NOT_AGAIN_MS = 1500;
/** Beside the pauses between tries, which are at most twice as long as the fault has lasted. */
const ARRIVAL_MS = 8000;

/** Makes the fault, judges what comes of it, heals it, and judges what was kept. */
export async function playServiceFault(scene: DrillScene, played: ServiceFault): Promise<void> {
  const { proxy, sender, signal } = scene;
  const promised = promisedAnswer(scene.flow, played.met);
  const uploads = [];
  for (let index = 0; index < UPLOADS; index += 1) uploads.push(await sender.prepare());
  const failedAt = performance.now();
  await proxy.fail(played.fault);
  const before = proxy.handOvers.length;
  const sent = await scene.identified(await sendAll(scene, uploads));
  judgeAnswers(scene, played.what, sent, promised);
  if (promised.fate !== "again") await judgeTold(scene, before, played);
  await judgeReadiness(scene, played);
  const ids = sent.flatMap(({ uploadId }) => (uploadId === null ? [] : [uploadId]));
  await judgeKept(scene, sent, promised);
  if (promised.fate === "for-a-person") await pause(NOT_AGAIN_MS, signal);
  await proxy.heal();
  if (promised.fate === "again")
    await judgeArrival(scene, ids, 2 * (performance.now() - failedAt) + ARRIVAL_MS);
  judgeOnce(scene, ids, promised.fate === "again" && played.isTakenByService);
  if (promised.fate === "for-a-person") await decideByHand(scene, ids);
}

/** At once, where the flow's shares allow it. */
async function sendAll(
  { sender, flow }: DrillScene,
  uploads: readonly PreparedUpload[],
): Promise<SentUpload[]> {
  if (atOnceMax(flow) >= uploads.length) return Promise.all(uploads.map((each) => sender.send(each)));
  const sent: SentUpload[] = [];
  for (const each of uploads) sent.push(await sender.send(each));
  return sent;
}

/** What the service has of uploads that the client was not told to be safe. @param before so many had been handed over until then */
async function judgeTold(
  scene: DrillScene,
  before: number,
  { isTakenByService }: ServiceFault,
): Promise<void> {
  const taken = () => {
    const told = Map.groupBy(scene.proxy.handOvers.slice(before), ({ uploadId }) => uploadId);
    return [...told.values()].map(timesTaken);
  };
  const isEach = () => taken().filter((count) => count > 0).length === UPLOADS;
  // Its answers may be on their way still: the gate has given up waiting for them.
  if (isTakenByService) await waitUntil(() => (isEach() ? true : null), ARRIVAL_MS, scene.signal);
  const counts = taken().filter((count) => count > 0);
  const promised = isTakenByService
    ? "The service has each of them once, although its answer never came through: so the drill made it."
    : "The service has nothing of them.";
  const isRight = isTakenByService ? isEach() && counts.every((count) => count === 1) : counts.length === 0;
  scene.find("What the service has meanwhile", promised, isRight, `It has ${counts.length} of ${UPLOADS}.`);
}

async function judgeReadiness(scene: DrillScene, { fault }: ServiceFault): Promise<void> {
  const { gate, flow } = scene;
  const { status, parts } = await gate.readiness();
  const upstream = parts.get(`upstream ${flow.upstream}`);
  const isNamed = fault.kind !== "refuse" || upstream === false;
  const named = fault.kind === "refuse" ? ", and names the upstream as not well" : "";
  scene.find(
    "What the operator sees of the gate's health",
    `/health/ready stays 200${named}: the gate is still the right one to ask.`,
    status === 200 && isNamed && (await gate.isAlive()),
    `/health/ready is ${status}; the upstream is ${upstream === undefined ? "not named" : upstream ? "well" : "not well"}.`,
  );
}

/** Records, metrics and log tell the same as the answers. */
async function judgeKept(
  scene: DrillScene,
  sent: readonly SentUpload[],
  { fate, code }: PromisedAnswer,
): Promise<void> {
  const { gate } = scene;
  const states = [];
  for (const { uploadId } of sent) states.push(uploadId === null ? null : await gate.record(uploadId));
  const metrics = await gate.metrics();
  const waiting = metrics.get("sluicegate_deliveries_waiting") ?? 0;
  const said = [...new Set(states.map((record) => record?.state ?? "no record"))].join(", ");
  if (fate === "refused" || fate === "passed-on") {
    const counted = code === null ? 1 : sumOf(metrics, "sluicegate_refusals_total", code);
    const promised = `On record as rejected, no delivery waits${code === null ? "" : `, and \`sluicegate_refusals_total\` counts ${code}`}.`;
    // Who may not send is turned away before there is an upload to record.
    const isRecorded = states.every((record) => record === null || record.state === "rejected");
    const seen = `On record: ${said}. ${waiting} deliveries wait${code === null ? "" : `; ${counted} counted`}.`;
    scene.find(
      "What is kept and recorded meanwhile",
      promised,
      isRecorded && waiting === 0 && counted > 0,
      seen,
    );
    return;
  }
  const isByPerson = states.every((record) => record?.nextTryAtMs === null);
  const isRight =
    states.every((record) => record?.state === "undeliverable") && (fate === "again" || isByPerson);
  const words = fate === "again" ? "delivery kept, to be tried again" : "upload failed";
  const hasLogged = await gate.logs(words);
  const how = fate === "again" ? "with a next try" : "waiting for a person";
  scene.find(
    "What is kept and recorded meanwhile",
    `On record as undeliverable, ${how}; \`sluicegate_deliveries_waiting\` counts them; the log says \`${words}\`.`,
    isRight && waiting === sent.length && hasLogged,
    `On record: ${said}. ${waiting} of ${sent.length} deliveries wait; the log ${hasLogged ? "says so" : "does not say so"}.`,
  );
}

function sumOf(metrics: ReadonlyMap<string, number>, name: string, code: string): number {
  let sum = 0;
  for (const [key, value] of metrics)
    if (key.startsWith(`${name}{`) && key.includes(`"${code}"`)) sum += value;
  return sum;
}

/** As a person would who has asked the service: it has the upload. */
export async function decideByHand(scene: DrillScene, ids: readonly string[]): Promise<void> {
  const endIt = (id: string) => scene.gate.command("give-up", id, "--reason", "the service has it");
  const results = await Promise.all(ids.map(endIt));
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  scene.find(
    "A person decides of what is kept",
    "`sluicegate give-up ID` ends each of them, since the service has it.",
    failed.length === 0,
    failed.length === 0
      ? `${ids.length} ended by hand.`
      : `${failed.length} of ${ids.length} could not be ended: ${failed[0]?.out.trim() ?? ""}`,
  );
}
